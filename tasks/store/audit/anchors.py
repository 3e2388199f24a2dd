"""Anchors: heads of the audit chain, written to a file outside the database.

Somebody who can rewrite the whole chain in the database still cannot make it match these lines.
And the database knows how many lines each machine has written: so the file cannot vanish either.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from schemas.errors import AeefError, AuditBroken
from tasks.base.storable import moment_text
from tasks.store.audit.expected import Line

logger = logging.getLogger(__name__)

_LINE = re.compile(
    r'\{"seq":(?P<seq>\d+),"hash":"(?P<hash>[0-9a-f]{64})","at":"[^"]*","db":(?P<db>"[^\n]*?")'
    r'(?:,"n":(?P<number>\d+))?\}$'
)
_CUT_OFF = re.compile(r"\{[^}]*")
_TAIL = 4096
"""Bytes at the end of the file in which the last lines are looked for."""
MOST_UNWRITTEN = 10_000


class Anchor(NamedTuple):
    """One line: at this time, the entry `seq` of the chain had this hash.

    number: which of its database's lines it is; those of earlier versions are counted.
    """

    line: int
    seq: int
    hash: str
    number: int
    is_older: bool


class Anchors:
    """The anchor file of one machine; lines of several processes may be in any order.

    Each line names its database, because one home may have used several.
    """

    def __init__(self, path: Path, database: str) -> None:
        self.path = path
        self.label = database
        # Not made up and kept in a file: who deletes the anchors would delete that as well.
        self.machine = f"{socket.gethostname()}:{path.parent}"
        self._unwritten: list[bytes] = []
        self._lock = threading.Lock()

    def append(
        self,
        line: Line,
        chain_hash: str,
        at: datetime,
        before: Sequence[Line] = (),
        hash_of: Callable[[int], str | None] = lambda _seq: None,
    ) -> None:
        """Append a head. A failure is only logged, as it must not stop an alert.

        before: the last lines that there should be. Those that a killed process did not get to
        write are written again; hash_of: the hash of an entry, for that.
        """
        with self._lock:
            is_behind = bool(self._unwritten)  # then those before are its own, and not lost
            self._unwritten.append(self._text(line, chain_hash, at))
            try:
                for each in [] if is_behind else self._lost(before):
                    if (known := hash_of(each.seq)) is not None:
                        self._unwritten.append(self._text(each, known, at))
                self._write()
            except AeefError as error:  # of `hash_of`: the next change writes what is missing
                logger.warning("anchors before entry %d are not looked for: %s", line.seq, error)
            except OSError as error:
                del self._unwritten[:-MOST_UNWRITTEN]
                logger.warning(
                    "audit anchor for entry %d could not be written to %s (%s): until this is "
                    "repaired, a rewrite of the newest audit entries may go unnoticed",
                    line.seq,
                    self.path,
                    error.strerror,
                )

    def _write(self) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write, so that lines of several processes do not mix.
            content = b"".join(self._unwritten)
            written = os.write(file, content)
            if written < len(content):  # all is written again, once there is space
                raise OSError(None, "No space left on device")
        finally:
            os.close(file)
        self._unwritten.clear()

    def _text(self, line: Line, chain_hash: str, at: datetime) -> bytes:
        values = {
            "seq": line.seq,
            "hash": chain_hash,
            "at": moment_text(at),
            "db": self.label,
            "n": line.number,
        }
        return (json.dumps(values, separators=(",", ":")) + "\n").encode()

    def _lost(self, before: Sequence[Line]) -> list[Line]:
        """Which of these are not among the last lines of the file."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL))
                tail = file.read().decode(errors="replace")
        except FileNotFoundError:
            return list(before)
        ours = f'"db":{json.dumps(self.label)},"n":'
        return [each for each in before if f"{ours}{each.number}}}" not in tail]

    def newest_number(self) -> int:
        """The highest number of a line; lines of earlier versions count too."""
        try:
            return max((anchor.number for anchor in self.read()), default=0)
        except AuditBroken:  # verifying reports it; an alert must not wait for that
            return 0

    def read(
        self, content: bytes | None = None, lines: int = 0, older: int = 0
    ) -> Iterator[Anchor]:
        """The anchors of this database; none when there is no file.

        A line cut off by a crash is skipped, also when the next line follows it directly.
        content: a part of the file; lines, older: how many lines there are before it, and how many
        of them are this database's and by a version that did not number them.
        Raises AuditBroken for any other invalid line.
        """
        text = (self.content() if content is None else content).decode("utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), lines + 1):
            start = line.rfind('{"seq":')
            anchor = _LINE.match(line, start) if start >= 0 else None
            cut_off = line[:start] if anchor else line
            if cut_off and not _CUT_OFF.fullmatch(cut_off):
                raise AuditBroken(
                    f"line {number} of the audit anchors {self.path} is not an anchor: "
                    "the file was changed by something else than AEEF Runbooks"
                )
            if anchor and json.loads(anchor["db"]) == self.label:
                older += anchor["number"] is None
                own = int(anchor["number"] or older)
                is_older = anchor["number"] is None
                yield Anchor(number, int(anchor["seq"]), anchor["hash"], own, is_older)

    def content(self, offset: int = 0) -> bytes:
        """The file from this byte on; empty when there is no file."""
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise AuditBroken(
                f"the audit anchors {self.path} cannot be read ({error.strerror}): "
                "it is unknown whether the chain was rewritten"
            ) from error
