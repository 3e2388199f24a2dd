"""Anchors: heads of the audit chain, written to a file outside the database.

Somebody who can rewrite the whole chain in the database still cannot make it match these lines.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from schemas.errors import AuditBroken
from tasks.base.storable import moment_text

logger = logging.getLogger(__name__)

_LINE = re.compile(
    r'\{"seq":(?P<seq>\d+),"hash":"(?P<hash>[0-9a-f]{64})","at":"[^"]*","db":(?P<db>"[^\n]*")\}$'
)
_CUT_OFF = re.compile(r"\{[^}]*")


class Anchor(NamedTuple):
    """One line: at this time, the entry `seq` of the chain had this hash."""

    line: int
    seq: int
    hash: str


class Anchors:
    """The anchor file of one machine; lines of several processes may be in any order.

    Each line names its database, because one home may have used several.
    """

    def __init__(self, path: Path, database: str) -> None:
        self.path = path
        self._database = database

    def append(self, seq: int, chain_hash: str, at: datetime) -> None:
        """Append a head. A failure is only logged, as it must not stop an alert."""
        line = {"seq": seq, "hash": chain_hash, "at": moment_text(at), "db": self._database}
        text = json.dumps(line, separators=(",", ":")) + "\n"
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # One write, so that lines of several processes do not mix.
                os.write(file, text.encode())
            finally:
                os.close(file)
        except OSError as error:
            logger.warning(
                "audit anchor for entry %d could not be written to %s (%s): until this is "
                "repaired, a rewrite of the newest audit entries may go unnoticed",
                seq,
                self.path,
                error.strerror,
            )

    def read(self) -> Iterator[Anchor]:
        """The anchors of this database; none when there is no file.

        A line cut off by a crash is skipped, also when the next line follows it directly.
        Raises AuditBroken for any other invalid line.
        """
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return
        except OSError as error:
            raise AuditBroken(
                f"the audit anchors {self.path} cannot be read ({error.strerror}): "
                "it is unknown whether the chain was rewritten"
            ) from error
        for number, line in enumerate(text.split("\n"), 1):
            start = line.rfind('{"seq":')
            anchor = _LINE.match(line, start) if start >= 0 else None
            cut_off = line[:start] if anchor else line
            if cut_off and not _CUT_OFF.fullmatch(cut_off):
                raise AuditBroken(
                    f"line {number} of the audit anchors {self.path} is not an anchor: "
                    "the file was changed by something else than AEEF Runbooks"
                )
            if anchor and json.loads(anchor["db"]) == self._database:
                yield Anchor(number, int(anchor["seq"]), anchor["hash"])
