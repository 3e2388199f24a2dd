"""The review as whoever asks for it takes it away; who did is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.errors import InvalidInput
from schemas.links import links_for
from schemas.settings import Settings
from tasks.incident.export import note_reading
from tasks.review.document import Taken, document_of
from tasks.review.export_html import as_html
from tasks.review.export_markdown import as_report
from tasks.review.export_pdf import as_pdf
from tasks.review.shown import shown_review
from tasks.store import Store


class Kind(NamedTuple):
    """One kind of export. ending: of its file's name."""

    name: str
    ending: str
    media_type: str
    made: Callable[[Mapping[str, Any]], bytes]


KINDS = (
    Kind("Markdown", "md", "text/markdown; charset=utf-8", lambda each: as_report(each).encode()),
    Kind("HTML", "html", "text/html; charset=utf-8", lambda each: as_html(each).encode()),
    Kind("PDF", "pdf", "application/pdf", as_pdf),
)
BY_ENDING = {each.ending: each for each in KINDS}


class File(NamedTuple):
    """A file to take away."""

    name: str
    media_type: str
    content: bytes


def exported_review(
    incident_id: str, ending: str, store: Store, settings: Settings, *, actor: str
) -> File:
    """The review as this kind of file, `md`, `html` or `pdf`; that it was read is on record.

    actor: who takes it, as on record. Raises InvalidInput for another kind, NotPossibleNow when
    there is no review yet, TemporaryError when a PDF could not be made.
    """
    kind = BY_ENDING.get(ending)
    if kind is None:
        raise InvalidInput(f"export: one of {', '.join(BY_ENDING)}, not {ending[:20]!a}")
    seen = shown_review(incident_id, store)
    seq, digest = store.audit_head()
    url = links_for(seen.incident, settings).incident
    taken = Taken(by=actor, at=seen.now, url=url, seq=seq, digest=digest)
    content = kind.made(document_of(seen, taken))
    note_reading(seen.incident.incident_id, f"the review as {kind.name}", store, actor)
    return File(f"review-{seen.incident.number}.{kind.ending}", kind.media_type, content)
