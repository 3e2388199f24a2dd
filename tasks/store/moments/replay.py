"""The moments of one incident, computed anew from the entries of the audit log.

Entries say which moment came with them. Those of incidents that an older version opened say it
only in words, which are read as far as they are certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.figures import MOMENT_OF, TIMED, UNDONE_BY, Moment
from schemas.incident import Status
from tasks.base.storable import moment_text
from tasks.store.audit.chained import BEFORE
from tasks.store.moments.moments import microseconds


class Came(NamedTuple):
    """A moment: the time of its entry, as text, and whether the automation brought it about."""

    at: str
    by_machine: bool


_WORDS = "|".join(Status)
_STATUS = re.compile(
    rf"(?:acknowledged; |(?:given back|handed over ).*?; )?status: ({_WORDS}) → ({_WORDS})(?: \(|$)"
    rf"|came back [^;]+; status: (?P<ended>{_WORDS}) → (?P<back>{_WORDS});"
    # Before it stands what somebody wrote: only its end is ours.
    rf"|reopened: .*; status: (?P<over>{_WORDS}) → (?P<again>{_WORDS})$",
    re.DOTALL,
)
_RELAPSE = re.compile(r"relapse, occurrence \d+: ")
_TAKEN = re.compile(r"acknowledged(;|$)|handed over |reopened: ")
_PAGED = re.compile(r"paged .+ by ")
_CONTAINED = re.compile(
    r"isolated \S+, verified: |suspended .+, verified: "
    r"|rolled \S+ back from \S+ to \S+; healthy after "
    r"|deployed the hotfix (?!.*; which commit runs was not looked at).+; healthy after ",
    re.DOTALL,
)


class Replay:
    """Takes in the entries of one incident in their order.

    occurrences: the moments of each, without its detection, which the record has for the first.
    """

    def __init__(self) -> None:
        self.occurrences: list[dict[Moment, Came]] = [{}]
        self.is_drill = False
        self.team = ""
        self._by_words = True
        self._is_first = True

    def take(self, action: str, at: str, details: Mapping[str, Any], *, automated: bool) -> None:
        """One entry: what it says, when, and whether it was automatic."""
        if self._is_first:
            self._is_first = False
            self._by_words = details.get("moment") != Moment.DETECTED
            self.is_drill = details.get("drill") is True
            self.team = str(details.get("team", ""))
            return
        came = Came(at, automated)
        if isinstance(details.get("occurrence"), int) and _RELAPSE.match(action):
            self.occurrences.append({Moment.DETECTED: came})
            return
        now = self.occurrences[-1]
        said = details.get("moment")
        undone = details.get("undone", [])
        # What this version writes says its moment, or has none: its words may be anybody's.
        if said is None and not undone and self._by_words and BEFORE not in details:
            said, undone = _in_words(action, details)
        for each in undone:
            now.pop(Moment(each), None)
        if said is not None:
            now.setdefault(Moment(said), came)

    def rows(self, incident_id: str, document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows of the table of moments. document: the incident's, as it is now."""
        services = document["affectedServices"]
        first = moment_text(datetime.fromisoformat(document["detectedAt"]))
        for number, came in enumerate(self.occurrences, 1):
            at = {f"{each}_at": came[each].at if each in came else None for each in Moment}
            detected = datetime.fromisoformat(at["detected_at"] or first)
            took = {
                f"{each}_us": microseconds(detected, datetime.fromisoformat(came[each].at))
                if each in came
                else None
                for each in TIMED
            }
            by_machine = [each for each in came if came[each].by_machine]
            yield {
                **at,
                **took,
                "incident_id": incident_id,
                "occurrence": number,
                "detected_at": moment_text(detected),
                "weekday": detected.astimezone(UTC).weekday(),
                "by_machine": " ".join(sorted(set(by_machine) - {Moment.DETECTED})),
                "is_drill": int(self.is_drill),
                "severity": document["severity"],
                "type": document["type"],
                "service": services[0] if services else "",
                "team": self.team,
            }


def _in_words(action: str, details: Mapping[str, Any]) -> tuple[Moment | None, tuple[Moment, ...]]:
    """The moment that an entry of an older version brought, and those that it took back."""
    if "record" not in details:  # only noted beside the record: a late acknowledgement, a remark
        return None, ()
    if found := _STATUS.match(action):
        before, after = (Status(each) for each in found.groups() if each)
        if before.comes_after(after):
            taken = Moment.ACKNOWLEDGED if _TAKEN.match(action) else None
            return taken, UNDONE_BY[after]
        if after in MOMENT_OF:
            return MOMENT_OF[after], ()
    for words, moment in ((_TAKEN, Moment.ACKNOWLEDGED), (_PAGED, Moment.PAGED),
                          (_CONTAINED, Moment.CONTAINED)):  # fmt: skip
        if words.match(action):
            return moment, ()
    return None, ()
