"""Verifies a bundle of evidence of AEEF Runbooks. Needs Python 3.9 or newer, and nothing else.

    python3 verify.py BUNDLE.zip [--fingerprint SHA256] [--json]

Two verdicts. INTEGRITY: all that is in it is as it was signed, and fits the hash chain.
COMPLETENESS: all that belongs in it is there. Exit code 0: both hold; 1: integrity does not;
2: completeness does not; 3: neither does. Use a copy of this script that you trust: one in a
forged bundle says what its forger wants.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from typing import Any

from tasks.evidence.script.disposed import Disposal, Disposals, Kept
from tasks.evidence.script.ed25519 import is_signed
from tasks.evidence.script.incident import IncidentInBundle, sha256
from tasks.evidence.script.layout import is_laid_out_as_written

FORMAT = "aeef-evidence-1"
MANIFEST, SIGNATURE, KEY = "AEEF-EVIDENCE.json", "AEEF-EVIDENCE.sig", "public-key.pem"
SHOWN = 40


class Bundle:
    """One bundle, and what is wrong with it: `broken` its integrity, `missing` its completeness."""

    def __init__(self, path: str, fingerprint: str = "") -> None:
        self.broken: list[str] = []
        self.missing: list[str] = []
        self.notes: list[str] = []
        self.manifest: dict[str, Any] = {}
        self.entries = 0
        self.fingerprint = ""
        self.wanted = fingerprint.lower().replace("sha256:", "").replace(":", "").strip()
        try:
            with zipfile.ZipFile(path) as self._zip:
                self._verify(path)
        except Exception as error:  # noqa: BLE001 - whatever was done to it, there is a verdict
            said = f"{path} cannot be read ({type(error).__name__}: {error})"
            self.broken.append(f"{said}: it was cut off or changed, or it is no bundle")
            self.missing.append(f"{said}: what is missing is not known")

    def _verify(self, path: str) -> None:
        members = self._zip.infolist()
        names = [each.filename for each in members]
        if not is_laid_out_as_written(path, members):
            self.broken.append("the zip itself (headers, order, what lies between) was changed")
        self.manifest = json.loads(self._signed(names))
        if self.manifest["format"] != FORMAT:
            raise ValueError(
                f"its format is {self.manifest['format']}, and this script reads {FORMAT}"
            )
        listed = self.manifest["files"]
        for name in sorted({*names} - {*listed, MANIFEST, SIGNATURE}):
            self.broken.append(f"{name} was added: nobody signed for it")
        for name in sorted(each for each in {*names} if names.count(each) > 1):
            self.broken.append(f"{name} is there twice")
        for name, its in listed.items():
            if name not in names:
                self.missing.append(f"{name} is missing")
            elif self._hash_of(name) != its["sha256"]:
                self.broken.append(f"{name} was changed")
        segment = {each["seq"]: each for each in self._lines("chain/segment.jsonl")}
        self._verify_segment(segment)
        kept = {}
        for each in self.manifest["incidents"]:
            its = IncidentInBundle(self.manifest, each, self._content)
            its.verify(segment)
            self.broken += its.broken
            self.missing += its.missing
            self.notes += its.notes
            self.entries += len(its.entries)
            kept[each["number"]] = its.entries
        lines = self._lines("chain/disposed.jsonl")
        made_at = self.manifest["madeAt"]
        gone = Disposals(lines, segment, Kept(kept, made_at), made_at)
        self.broken += gone.broken
        self._verify_selection(gone.found)

    def _signed(self, names: list[str]) -> bytes:
        """The manifest, when its signature was verified."""
        content = self._zip.read(MANIFEST)
        pem = self._zip.read(KEY).decode("ascii", "replace") if KEY in names else ""
        der = base64.b64decode("".join(pem.strip().splitlines()[1:-1]))
        self.fingerprint = sha256(der)
        signature = self._zip.read(SIGNATURE) if SIGNATURE in names else b""
        if not is_signed(der[-32:], signature, content):
            self.broken.append(
                f"{MANIFEST} does not fit its signature: it, {SIGNATURE} or {KEY} was changed"
            )
        if self.wanted and self.wanted != self.fingerprint:
            self.broken.append(
                f"it is signed by key {self.fingerprint}, which is not the one you trust"
            )
        return content

    def _hash_of(self, name: str) -> str | None:
        digest = hashlib.sha256()
        try:
            with self._zip.open(name) as file:
                for piece in iter(lambda: file.read(1 << 20), b""):
                    digest.update(piece)
        except Exception:  # noqa: BLE001 - a byte of a header may change how it is read
            return None
        return digest.hexdigest()

    def _content(self, name: str) -> bytes:
        """A file's bytes; none when it is missing or cannot be read: that was said already."""
        try:
            return self._zip.read(name)
        except Exception:  # noqa: BLE001 - as above
            return b""

    def _lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self._content(name).splitlines()]

    def _verify_segment(self, segment: dict[int, Any]) -> None:
        """No line is missing, each follows the one before, and anchors noted the same."""
        its = self.manifest["segment"]
        gone = [seq for seq in range(its["first"], its["last"] + 1) if seq not in segment]
        if gone and its["whole"]:
            self.missing.append(f"the chain's line {gone[0]} is missing ({len(gone)} in all)")
        for seq, line in segment.items():
            before = segment.get(seq - 1)
            if before is not None and before["hash"] != line["prevHash"]:
                self.broken.append(f"the chain's line {seq} does not follow line {seq - 1}")
        for anchor in self._lines("chain/anchors.jsonl"):
            noted = segment.get(anchor["seq"])
            if noted is not None and noted["hash"] != anchor["hash"]:
                self.broken.append(
                    f"{anchor['place']} noted another hash of entry {anchor['seq']}: "
                    "the chain was rewritten"
                )

    def _verify_selection(self, gone: dict[int, Disposal]) -> None:
        """Incidents are numbered as they are opened: in a period, none is left out between."""
        numbers = sorted(each["number"] for each in self.manifest["incidents"] if each["number"])
        if not self.manifest["asked"].get("from") or not numbers:
            return
        for number in sorted({*range(numbers[0], numbers[-1])} - {*numbers}):
            of, its = f"incident #{number}", gone.get(number)
            if its is None:
                self.missing.append(f"{of}, of the same period, is missing")
            elif its.why_not:
                self.missing.append(
                    f"{of}, of the same period, is missing: entry {its.seq} says that it was "
                    f"disposed of, but {its.why_not}"
                )
            else:
                self.notes.append(
                    f"{of} is no longer kept: entry {its.seq} disposed of it, when it was old "
                    "enough. That it was over and under no legal hold, these files alone do not "
                    "prove; `aeef audit verify` there compares more"
                )

    def code(self) -> int:
        """The exit code."""
        return (1 if self.broken else 0) + (2 if self.missing else 0)

    def as_json(self) -> dict[str, Any]:
        """The same as data."""
        return {
            "integrity": not self.broken,
            "completeness": not self.missing,
            "broken": self.broken,
            "missing": self.missing,
            "notes": sorted({*self.notes}),
            "fingerprint": self.fingerprint,
            "keyIsTrusted": self.wanted == self.fingerprint,
        }

    def words(self) -> list[str]:
        """Both verdicts, and why."""
        its = self.manifest
        lines = []
        if its:
            lines.append(
                f"bundle {its.get('id')}, made {its.get('madeAt')} by {its.get('madeBy')} on "
                f"{its.get('machine')}: {len(its.get('incidents', []))} incidents, "
                f"{self.entries} entries, {len(its.get('files', {}))} files"
            )
        intact = "INTACT: all is as it was signed and as the chain has it"
        lines.append(f"integrity: {'BROKEN' if self.broken else intact}")
        lines += _some(self.broken)
        whole = "COMPLETE: no entry, file or incident is missing up to this export"
        lines.append(f"completeness: {'INCOMPLETE' if self.missing else whole}")
        lines += _some(self.missing)
        lines += [f"note: {each}" for each in sorted({*self.notes})[:SHOWN]]
        if self.wanted == self.fingerprint:
            lines.append(f"signed by the key that you trust: {self.fingerprint}")
        else:
            lines.append(
                f"signed by key {self.fingerprint or 'unknown'}: whose it is, is NOT proven; "
                "compare it with what `aeef evidence key` prints there, or give --fingerprint"
            )
        # A forged bundle may name things that move a terminal's cursor.
        return ["".join(c if c.isprintable() else "?" for c in line) for line in lines]


def _some(problems: list[str]) -> list[str]:
    more = [f"  and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return [f"  {each}" for each in problems[:SHOWN]] + more


def main() -> int:
    """Verify the bundle that is named; started as `python3 BUNDLE.zip`, that one."""
    parser = argparse.ArgumentParser(description="Verifies a bundle of evidence.")
    own = [sys.argv[0]] if zipfile.is_zipfile(sys.argv[0]) else None
    parser.add_argument("bundle", nargs="?" if own else 1, default=own)
    parser.add_argument("--fingerprint", default="", help="SHA-256 of the key that you trust")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    path = given.bundle if isinstance(given.bundle, str) else given.bundle[0]
    bundle = Bundle(path, given.fingerprint)
    text = json.dumps(bundle.as_json(), indent=2) if given.json else "\n".join(bundle.words())
    sys.stdout.write(f"{text}\n")
    return bundle.code()


if __name__ == "__main__":
    sys.exit(main())
