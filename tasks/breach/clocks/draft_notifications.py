"""Drafts every notification that a breach may require, for counsel: known and missing facts.

The drafts are in `AEEF_HOME/notifications/<incident id>/`, readable by their owner only. An
unedited draft is replaced when facts change; one that a person edited stays, and the new one
gets the next number.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from uuid import UUID

from schemas.breach import Clock
from schemas.errors import InvalidInput
from schemas.incident import Incident
from schemas.model import Model
from schemas.settings import Settings
from tasks.base.home import make_home
from tasks.base.replace_file import replace_file
from tasks.breach.breach_facts import clocks_for, situation
from tasks.breach.clocks.draft_content import KnownFacts, answer, cell, missing
from tasks.case import Case
from tasks.incident.artifacts import markdown_artifact
from tasks.incident.evidence import private_directory
from tasks.step import step

SEAL = re.compile(r"<!-- unedited: ([0-9a-f]{64}) -->\n\Z")
"""The last line of a draft: the hash of all before it, which shows whether it was edited."""
MOST_VERSIONS = 1_000


class Drafts(Model):
    """The newest versions of the drafts; `changed`: how many were just written."""

    directory: str
    files: dict[str, str]
    changed: int = 0

    def __str__(self) -> str:
        if not self.files:
            return "drafted no notification: no regime asks for one"
        return (
            f"drafted {len(self.files)} notifications for counsel ({self.changed} new or changed),"
            f" not legal advice, in {self.directory}: {', '.join(self.files.values())}"
        )


@step("draft the notifications", says=str, timeout=300)
def draft_notifications(case: Case) -> Drafts:
    """Write a Markdown draft for each notification not yet made. Safe to repeat."""
    incident = case.incident
    drafts = write_drafts(incident, case.settings)
    for key, name in drafts.files.items():
        markdown_artifact(
            key=f"draft-{re.sub('[^a-z0-9]+', '-', key)}-{incident.incident_id}",
            markdown=(Path(drafts.directory) / name).read_text("utf-8"),
            description=f"Draft for counsel, not legal advice: {key}",
        )
    return drafts


def write_drafts(incident: Incident, settings: Settings) -> Drafts:
    """Write new and changed drafts; return the newest version of each."""
    directory = settings.home / "notifications" / str(UUID(str(incident.incident_id)))
    case = KnownFacts(
        incident=incident,
        situation=situation(incident, settings),
        organisation=settings.breach.organisation,
        data=_data_of(incident, settings),
    )
    files, changed = {}, 0
    clocks = [clock for clock in clocks_for(incident, settings) if clock.is_open]
    if clocks:
        make_home(settings.home)
        private_directory(directory.parent)
        private_directory(directory)
    for clock in clocks:
        stem = clock.key.replace("/", "-")
        files[clock.key], is_new = _write(directory, stem, draft_of(case, clock))
        changed += is_new
    return Drafts(directory=str(directory), files=files, changed=changed)


def draft_of(case: KnownFacts, clock: Clock) -> str:
    """One draft as Markdown."""
    deadline = clock.deadline
    organisation = case.organisation
    authority = cell(organisation.authorities.get(deadline.regime, ""))
    addressee = f"{authority} ({deadline.addressee})" if authority else deadline.addressee
    lines = [
        f"# {deadline.title}: {deadline.name}",
        "",
        "**DRAFT FOR COUNSEL, NOT LEGAL ADVICE.** What is marked MISSING was not known.",
        "",
        f"- To: {addressee}",
        f"- From: {cell(organisation.name or '') or missing('name of the organisation')}",
        f"- Incident: {case.incident.incident_id}",
        f"- Due: {deadline.due_text} ({deadline.starts_from})",
        f"- Legal basis: {deadline.legal_basis} (as of {deadline.as_of})",
        *(f"- Note: {note}" for note in deadline.notes),
    ]
    for heading in deadline.content:
        lines += ["", f"## {heading}", "", answer(heading, case, clock)]
    return "\n".join(lines) + "\n"


def is_unedited(text: str) -> bool:
    """True when nobody has edited the draft."""
    seal = SEAL.search(text)
    return seal is not None and seal[1] == _hash(text[: seal.start()])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(directory: Path, stem: str, text: str) -> tuple[str, bool]:
    """The name of the newest version, and whether it was just written."""
    sealed = f"{text}\n<!-- unedited: {_hash(text + chr(10))} -->\n"
    versions = [f"{stem}.md", *(f"{stem}-{number}.md" for number in range(2, MOST_VERSIONS))]
    newest = None
    for name in versions:
        path = directory / name
        if path.is_symlink():
            raise InvalidInput(f"{path} must be a file, and no link to one")
        if not path.exists():
            free = name
            break
        newest = path
    else:
        raise InvalidInput(f"{directory} has too many versions of {stem}: remove old ones")
    if newest is not None:
        before = newest.read_text("utf-8", errors="replace")
        if before == sealed:
            return newest.name, False
        if is_unedited(before):
            free = newest.name
    replace_file(directory / free, sealed.encode(), mode=0o600)
    return free, True


def _data_of(incident: Incident, settings: Settings) -> tuple[str, ...]:
    kinds: dict[str, None] = {}
    for service in incident.affected_services:
        target = settings.target_of(service)
        if target and target.breach:
            kinds |= dict.fromkeys(target.breach.data)
    return tuple(kinds)
