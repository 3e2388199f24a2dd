"""A review as one Markdown file to read: what people wrote is quoted, all else stands literally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.base.markdown import literal


def as_report(document: Mapping[str, Any]) -> str:
    """The file. document: of `document_of`. To edit a review: `markdown.py`."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {literal(document['title'])}\n"
    if document["restricted"]:
        yield f"**{literal(document['restricted'])}**\n"
    yield f"{literal(document['state'])}\n"
    if document["missing"]:
        yield f"**Still missing:** {literal('; '.join(document['missing']))}.\n"
    yield from (f"- {each['name']}: {literal(each['value'])}" for each in document["about"])
    yield "\n## Review\n"
    for each in document["questions"]:
        yield f"### {literal(each['title'])}\n"
        yield f"_{literal(each['asks'])}_\n"
        yield f"{_quoted(each['text'])}\n"
        if each["by"]:
            yield f"Written by {literal(each['by'])}\n"
    yield "## Corrective actions\n"
    for each in document["actions"]:
        about = literal(each["stands"])
        yield f"- **{literal(each['name'])}**: {literal(each['text'])} ({about})"
    yield "" if document["actions"] else "None.\n"
    yield from _facts(document)
    yield f"---\n\n{literal(document['taken'])}\n\n<{document['url']}>"


def _quoted(text: str) -> str:
    """As its writer wrote it, in a quotation: no heading or comment of theirs gets out of that.

    Else a text could bring sections of its own, of facts that "nobody typed", or hide what follows.
    """
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _facts(document: Mapping[str, Any]) -> Iterator[str]:
    if not document["facts"]:
        return
    yield "## From the record\n"
    yield f"Read {literal(document['read'])}; nobody typed this.\n"
    for part in document["facts"]:
        yield f"### {literal(part['title'])}\n"
        for line in part["lines"]:
            said = (line["at"], line["text"], line["by"])
            where = f" [{literal(line['entry'] or 'more')}](<{line['url']}>)" if line["url"] else ""
            yield f"- {literal(' '.join(filter(None, said)))}{where}"
        yield ""
