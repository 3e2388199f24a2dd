"""One incident of a bundle: its entries against the chain, the rest against its entries."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from tasks.evidence.script.learned import problems_of_actions, problems_of_review

FIRST = {"seq": 0, "hash": "0" * 64}


def sha256(content: bytes) -> str:
    """In hex."""
    return hashlib.sha256(content).hexdigest()


def canonical(data: Any) -> bytes:
    """The bytes of which AEEF takes the hash."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


class IncidentInBundle:
    """What is wrong with one incident: `broken` its integrity, `missing` its completeness."""

    def __init__(self, manifest: dict[str, Any], its: dict[str, Any], read: Callable[[str], bytes]):
        """read: the content of a file of the bundle; empty when it is not there."""
        self.broken: list[str] = []
        self.missing: list[str] = []
        self.notes: list[str] = []
        self._manifest, self._id = manifest, str(its["id"])
        self._name = f"incident #{its['number']} ({self._id})"
        self._read = read
        self.entries = [json.loads(line) for line in self.content("entries.jsonl").splitlines()]

    def content(self, name: str) -> bytes:
        """A file of this incident."""
        return self._read(f"incidents/{self._id}/{name}")

    def verify(self, segment: dict[int, Any]) -> None:
        """Compare all. segment: the lines of the chain, by their numbers."""
        before: Any = FIRST
        for entry in self.entries:
            self._verify_entry(entry, before, segment)
            before = {"seq": entry["seq"], "hash": entry["hash"]}
        own = str(uuid.uuid5(uuid.UUID(self._manifest["id"]), self._id))
        if own not in [entry["entryId"] for entry in self.entries]:
            self.missing.append(
                f"{self._name}: the entry that puts this export on record is missing: "
                "what came last may be, too"
            )
        self._verify_record()
        self._verify_approvals()
        self._verify_what_was_learned()
        self._verify_evidence()

    def _verify_entry(self, entry: Any, before: Any, segment: dict[int, Any]) -> None:
        seq = entry["seq"]
        body = {name: entry[name] for name in entry if name != "hash"}
        if sha256(canonical(body)) != entry["hash"] or entry["incidentId"] != self._id:
            self.broken.append(f"{self._name}: entry {seq} does not fit its own hash")
        line = segment.get(seq)
        if line is None:
            self.missing.append(f"{self._name}: the chain's line of entry {seq} is missing")
        elif (line["hash"], line["prevHash"]) != (entry["hash"], entry["prevHash"]):
            self.broken.append(f"{self._name}: entry {seq} is not the one that the chain has there")
        named = entry["details"].get("before")
        if named is None:
            self.notes.append(
                f"{self._name}: entry {seq} is of an earlier version of AEEF: that none is missing "
                "before it cannot be proven by these files alone"
            )
        elif named != before:
            missing = f"entry {named['seq']}" if named["seq"] else "nothing"
            self.missing.append(
                f"{self._name}: before entry {seq} comes {missing}, but here it is "
                f"{'entry ' + str(before['seq']) if before['seq'] else 'nothing'}"
            )

    def _verify_record(self) -> None:
        record, alert = self.content("record.json"), self.content("alert.json")
        sealing = [entry for entry in self.entries if "record" in entry["details"]]
        if not (record and sealing):
            self.missing.append(f"{self._name}: its record, or every entry about it, is missing")
            return
        if sealing[-1]["details"]["record"] != sha256(record):
            self.broken.append(
                f"{self._name}: record.json is not as entry {sealing[-1]['seq']} left it"
            )
        if alert and sha256(alert) not in [entry["details"].get("alert") for entry in self.entries]:
            self.broken.append(f"{self._name}: alert.json is not the alert that opened it")
        there = [[each["action"], each["actor"]] for each in json.loads(record)["actionsTaken"]]
        said = [[entry["action"], entry["actor"]] for entry in sealing]
        if len(there) != len(said):
            self.missing.append(
                f"{self._name}: the record has {len(there)} actions, and {len(said)} entries say so"
            )
        elif there != said:
            self.broken.append(f"{self._name}: an action in record.json is not as its entry has it")

    def _verify_approvals(self) -> None:
        """Each is one that entries speak of, and what was shown is what they vouch for."""
        vouched = {
            entry["details"]["approval"]: entry["details"].get("shown")
            for entry in self.entries
            if "approval" in entry["details"]
        }
        there = {each["id"]: each for each in json.loads(self.content("approvals.json") or b"[]")}
        for its in sorted({*vouched} - {*there}):
            self.missing.append(f"{self._name}: approval {its} is missing")
        for its, each in there.items():
            if vouched.get(its) != sha256(each["question"]["shown"].encode()):
                self.broken.append(
                    f"{self._name}: approval {its} is not one that an entry vouches for"
                )

    def _verify_what_was_learned(self) -> None:
        review = json.loads(self.content("review.json") or b"null")
        actions = json.loads(self.content("corrective-actions.json") or b"[]")
        for broken, missing in (
            problems_of_review(self.entries, review),
            problems_of_actions(self.entries, actions),
        ):
            self.broken += [f"{self._name}: {each}" for each in broken]
            self.missing += [f"{self._name}: {each}" for each in missing]

    def _verify_evidence(self) -> None:
        seals = {}
        for entry in self.entries:
            its = entry["details"].get("evidence")
            if its:
                seals[its["machine"]] = (entry["seq"], its["lines"], its["sha256"])
        lines = self.content("evidence/manifest.jsonl").splitlines(keepends=True)
        for machine, (seq, count, sealed) in sorted(seals.items()):
            if machine not in self._manifest["evidenceOf"]:
                self.missing.append(
                    f"{self._name}: its evidence on {machine} is NOT in this bundle"
                )
            elif len(lines) < count:
                self.missing.append(
                    f"{self._name}: entry {seq} vouches for {count} files of evidence, and "
                    f"{len(lines)} are listed"
                )
            elif sha256(b"".join(lines[:count])) != sealed:
                self.broken.append(
                    f"{self._name}: its evidence is not what entry {seq} vouches for"
                )
        before = hashlib.sha256()
        for number, line in enumerate(lines, 1):
            its = json.loads(line)
            if its["previous"] != before.hexdigest():
                self.broken.append(f"{self._name}: line {number} about evidence does not follow")
            before.update(line)
            self._verify_file(its)

    def _verify_file(self, its: Any) -> None:
        name = f"incidents/{self._id}/evidence/{its['file']}"
        listed = self._manifest["files"].get(name)
        if listed is None:
            why = self._manifest["leftOut"].get(name)
            if why:
                self.notes.append(f"{name} was left out: {why}; its SHA-256 is {its['sha256']}")
            else:
                self.missing.append(f"{name} is missing")
        elif listed["sha256"] != its["sha256"]:
            self.broken.append(f"{name} is not what was kept")
