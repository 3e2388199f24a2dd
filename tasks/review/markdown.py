"""The texts of a review as one Markdown file to edit, and back: exactly the same texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from schemas.errors import InvalidInput
from schemas.incident import Incident, hash_of_text
from schemas.review import Question, Review, normal_text, questions_of
from tasks.base.trim import one_line

_MARK = re.compile(r"<!-- review:([a-z-]+)(?: revision=(\d+) text=([0-9a-f]{16}))? -->")
_LOOKS_LIKE_OURS = re.compile(
    r"\\*(?:<!-- (?:review:|end of the review|From the record: )"
    r"|<{7} yours|>{7} written meanwhile by)"
)
_PROPOSED = "<!-- From the record: "
_MINE, _BETWEEN, _THEIRS = "<<<<<<< yours", "=======", ">>>>>>> written meanwhile by"
_END = "<!-- end of the review -->"
_FOR = re.compile(r"<!-- review of incident ([0-9a-f-]{36}) -->")


class Edited(NamedTuple):
    """The text of one question in a file. revision: which one its writer saw; 0: none.

    was: the beginning of the hash of that one; None: the file does not say, as somebody wrote
    it by hand.
    """

    text: str
    revision: int = 0
    was: str | None = None

    @property
    def is_changed(self) -> bool:
        """True when its writer changed it."""
        return self.was is None or _hash(self.text) != self.was


def as_markdown(review: Review, incident: Incident, mine: Mapping[str, str] | None = None) -> str:
    """A file to edit: each question with its text. The marks above the texts are not for people.

    mine: texts that were not saved, as somebody else wrote meanwhile: the file has both, and is
    refused until there is one of them.
    """
    begin = [
        f"<!-- review of incident {review.incident_id} -->",
        f"<!-- {_for_comment(incident.title)}: write below each heading. Lines like this one are",
        "     not part of a text; leave those that begin with 'review:' as they are. -->",
        "",
    ]
    parts = [_part(review, each, (mine or {}).get(each.name)) for each in questions_of(review.form)]
    return "\n".join([*begin, *parts, _END, ""])


def from_markdown(text: str, review: Review) -> dict[str, Edited]:
    """The texts of a file, by question. A question that is not in the file is not in the result.

    Raises InvalidInput when the file is another incident's, or names what there is not, twice the
    same, or has text outside of a question.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    _require_same_incident(lines, review)
    titles = {each.name: each for each in questions_of(review.form)}
    found: dict[str, Edited] = {}
    for mark, body in _sections(lines):
        name = mark[1]
        if name not in titles:
            raise InvalidInput(f"the file has '{name}', which this review does not ask")
        if name in found:
            raise InvalidInput(f"the file has '{name}' twice")
        if any(line.rstrip() == _MINE or line.startswith(_THEIRS) for line in body):
            raise InvalidInput(f"'{titles[name].title}' has two texts: make one of them")
        found[name] = Edited(_text_of(body, titles[name]), int(mark[2] or 0), mark[3])
    if not found:
        raise InvalidInput("the file has no question: `aeef review ID --edit` makes one")
    return found


def _part(review: Review, question: Question, mine: str | None) -> str:
    answer = review.texts.get(question.name)
    text = answer.text if answer else ""
    revision = answer.revision if answer else 0
    body = [_escaped(line) for line in text.split("\n")]
    if mine is not None:
        by = answer.actor if answer else "nobody"
        own = [_escaped(line) for line in mine.split("\n")]
        body = [_MINE, *own, _BETWEEN, *body, f"{_THEIRS} {by}"]
    lines = [
        f"<!-- review:{question.name} revision={revision} text={_hash(text)} -->",
        f"## {question.title}",
        _asks(question),
        *_proposed(review, question),
        "",
        *body,
        "",
    ]
    return "\n".join(lines)


def _asks(question: Question) -> str:
    asks = question.asks
    if question.choices:
        asks += f" One of: {', '.join(question.choices)}."
    if not question.is_required:
        asks += " May stay empty."
    return f"<!-- {asks} -->"


def _proposed(review: Review, question: Question) -> list[str]:
    """What the record says of it, as long as nobody has written anything."""
    found = review.facts.sections.get(question.name) if review.facts else None
    if review.text(question.name) or not isinstance(found, list):
        return []
    said = (each.get("text") for each in found if isinstance(each, dict))
    return [f"{_PROPOSED}{_for_comment(one_line(str(text)))} -->" for text in said if text]


def _sections(lines: list[str]) -> list[tuple[re.Match[str], list[str]]]:
    found: list[tuple[re.Match[str], list[str]]] = []
    in_comment = False
    for line in lines:
        mark = _MARK.fullmatch(line.rstrip())
        if mark is not None:
            found.append((mark, []))
        elif line.rstrip() == _END:
            break
        elif found:
            found[-1][1].append(line)
        else:
            in_comment = _require_comment(line, in_comment=in_comment)
    return found


def _require_comment(line: str, *, in_comment: bool) -> bool:
    """Before the first question there is nothing but comments."""
    if not in_comment and line.strip() and not line.startswith(("<!--", "# ")):
        raise InvalidInput(f"the file has text before the first question: {line[:60]!a}")
    if line.startswith("<!--") or in_comment:
        return "-->" not in line
    return False


def _text_of(body: list[str], question: Question) -> str:
    """The lines of a question without its heading and what it asks."""
    lines = list(body)
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and lines[0].rstrip() == f"## {question.title}":
        lines.pop(0)
    if lines and lines[0].rstrip() == _asks(question):
        lines.pop(0)
    while lines and lines[0].startswith(_PROPOSED) and lines[0].rstrip().endswith("-->"):
        lines.pop(0)
    return normal_text("\n".join(_unescaped(line) for line in lines))


def _escaped(line: str) -> str:
    """A line that would be read as one of ours gets a backslash, and what has one another."""
    return f"\\{line}" if _LOOKS_LIKE_OURS.match(line) else line


def _unescaped(line: str) -> str:
    return line[1:] if line.startswith("\\") and _LOOKS_LIKE_OURS.match(line) else line


def _require_same_incident(lines: list[str], review: Review) -> None:
    named = _FOR.fullmatch(lines[0].rstrip()) if lines else None
    if named and named[1] != str(review.incident_id):
        raise InvalidInput(
            f"the file is the review of incident {named[1]}, not of {review.incident_id}"
        )


def _hash(text: str) -> str:
    return hash_of_text(text)[:16]


def _for_comment(text: str) -> str:
    return text.replace("--", "- -")
