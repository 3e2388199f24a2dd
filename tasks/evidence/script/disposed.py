"""Incidents of the period that are no longer kept: whether what is left of them shows why."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.retention.allowed import why_not_allowed
from tasks.evidence.script.incident import canonical, sha256


class Disposal(NamedTuple):
    """The entry that lists an incident, and why it is not believed; empty: it is."""

    seq: int
    why_not: str


class Kept:
    """What the entries of the incidents that are here show of others: their order and times."""

    def __init__(self, incidents: Mapping[int, list[Any]], made_at: str) -> None:
        """incidents: their entries, by their numbers. made_at: what is later had a wrong clock."""
        self._began = sorted((n, some[0]["seq"]) for n, some in incidents.items() if n and some)
        self._until: list[tuple[int, str]] = [(0, "")]
        entries = [each for some in incidents.values() for each in some]
        for each in sorted(entries, key=lambda each: int(each["seq"])):
            if each["timestamp"] <= made_at:
                latest = max(self._until[-1][1], each["timestamp"])
                self._until.append((each["seq"], latest))

    def is_between(self, number: int, first: int) -> bool:
        """True when an incident of this number may have begun with this entry."""
        place = bisect_left(self._began, (number, 0))
        before, after = self._began[:place][-1:], self._began[place:][:1]
        return all(seq < first for _, seq in before) and all(seq > first for _, seq in after)

    def latest_before(self, seq: int) -> str:
        """The latest time of an entry before this one; empty: there is none."""
        return self._until[bisect_left(self._until, (seq, "")) - 1][1]


class Disposals:
    """What entries list as disposed of: `found`, by the incidents' numbers."""

    def __init__(
        self, lines: list[Any], segment: Mapping[int, Any], kept: Kept, made_at: str
    ) -> None:
        """lines: entries in full, and what is left of those that lost their content."""
        self.broken: list[str] = []
        self.found: dict[int, Disposal] = {}
        self._kept, self._made_at = kept, made_at
        there = [each for each in lines if self._is_of_the_chain(each, segment)]
        self._left: dict[str, list[Any]] = {}
        for each in there:
            if "details" not in each:
                self._left.setdefault(each["incidentId"], []).append(each)
        entries = [each for each in there if "details" in each and each["incidentId"] is None]
        self._holds = [each for each in entries if "hold" in each["details"]]
        for entry in entries:
            for said in entry["details"].get("disposed", []):
                self.found[said["number"]] = Disposal(entry["seq"], self._why_not(said, entry))

    def _is_of_the_chain(self, each: Any, segment: Mapping[int, Any]) -> bool:
        line, body = segment.get(each["seq"]), {k: v for k, v in each.items() if k != "hash"}
        fits = line is not None and all(line[name] == each[name] for name in ("hash", "prevHash"))
        if not fits or ("details" in each and sha256(canonical(body)) != each["hash"]):
            self.broken.append(f"entry {each['seq']}, about disposals, is not the chain's")
            return False
        return True

    def _why_not(self, said: Any, entry: Any) -> str:
        first, last = said["first"], entry["seq"]
        left = [e for e in self._left.get(said["incidentId"], []) if first <= e["seq"] < last]
        names = ("seq", "entryId", "incidentId", "timestamp", "prevHash", "hash")
        digest = sha256(b"".join(canonical([each[name] for name in names]) for each in left))
        if not left or (len(left), digest) != (said["entries"], said["digest"]):
            return "what is left of its entries is not what that lists"
        if not self._kept.is_between(said["number"], first):
            return "what that lists was not opened where its number stands"
        if hold := self._hold_on(said["incidentId"], last):
            return f"legal hold {hold} stood on it"
        # The time of an entry without its content fits no hash; what was there before it does.
        opened = max(left[0]["timestamp"], self._kept.latest_before(first))
        return why_not_allowed(said, opened, entry["timestamp"], self._made_at)

    def _hold_on(self, incident: str, seq: int) -> int:
        """The number of a hold that stood on it before this entry; 0: none."""
        standing: dict[int, bool] = {}
        for each in self._holds:
            number, action = each["details"]["hold"], each["action"]
            covers = f"legal hold {number} of incident {incident}"
            if each["seq"] < seq and action.startswith((f"{covers}:", f"{covers} released")):
                standing[number] = action.startswith(f"{covers}:")
        return next((number for number, stands in standing.items() if stands), 0)
