"""The table of all levers as it was seen last, kept in AEEF_HOME: since when each is disarmed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from schemas.errors import InvalidInput
from schemas.held import held
from schemas.model import Model, UtcDatetime, utc_now
from schemas.settings import Settings, config_path
from tasks.armed.lever import Outcome, Tried
from tasks.base.model_file import ModelFile


class Row(Model):
    """One lever. since: when it came to this outcome. ever: it has been armed once."""

    lever: str
    outcome: Outcome
    detail: str
    since: UtcDatetime
    at: UtcDatetime
    ever: bool = False


class Table(Model):
    """All levers, as they were tried last."""

    at: UtcDatetime
    rows: tuple[Row, ...] = ()

    @property
    def headline(self) -> str:
        """`armed 14 of 15; not since 02:10: target shop`."""
        there = [row for row in self.rows if row.outcome is not Outcome.NOT_CONFIGURED]
        off = [row for row in there if row.outcome is Outcome.DISARMED]
        since = [f"not since {row.since:%Y-%m-%d %H:%M} UTC: {row.lever}" for row in off]
        return "; ".join([f"armed {len(there) - len(off)} of {len(there)}", *since])


class Turned(NamedTuple):
    """A lever that changed: what it was (None: never seen) and what it is."""

    tried: Tried
    before: Row | None
    row: Row


def read_table(home: Path) -> Table | None:
    """The table as it was kept last; None when there is none that can be read."""
    try:
        return _file(home).read()
    except InvalidInput:
        return None


def keep(found: Sequence[Tried], home: Path, *, all_of_them: bool) -> tuple[Table, list[Turned]]:
    """Keep what was found; the new table, and each lever that was tried with what it was before.

    all_of_them: every lever was tried, so that one which is not among them is gone.
    """
    with _file(home).lock():
        old = read_table(home)
        known = {row.lever: row for row in (old.rows if old else ())}
        now = utc_now()
        turned = [
            Turned(tried, known.get(tried.lever.name), _row(tried, known, now)) for tried in found
        ]
        new = {each.row.lever: each.row for each in turned}
        rows = new if all_of_them else {**known, **new}
        table = Table(at=now, rows=tuple(rows.values()))
        _file(home).write(table)
    return table, turned


def _row(tried: Tried, known: dict[str, Row], now: UtcDatetime) -> Row:
    before = known.get(tried.lever.name)
    is_same = before is not None and before.outcome is tried.outcome
    return Row(
        lever=tried.lever.name,
        outcome=tried.outcome,
        detail=tried.detail,
        since=before.since if before and is_same else now,
        at=now,
        ever=tried.outcome is Outcome.ARMED or (before is not None and before.ever),
    )


def lines_of(rows: Iterable[Row]) -> list[str]:
    """The rows for people."""
    return [
        f"{row.outcome:<15} {row.lever:<22} since {row.since:%Y-%m-%d %H:%M} UTC  {row.detail}"
        for row in rows
    ]


def settings_digest(settings: Settings) -> str:
    """A digest of everything that is set here: it differs when any setting does."""
    path = config_path()
    try:
        file = path.read_bytes() if path else b""
    except OSError:
        file = b""
    given = {**held(), **os.environ}  # our own processes hold them in memory only
    own = sorted(f"{name}={value}" for name, value in given.items() if name[:5] == "AEEF_")
    content = b"\0".join([file, *(each.encode(errors="replace") for each in own)])
    return sha256(content + str(settings.home).encode()).hexdigest()


def _file(home: Path) -> ModelFile[Table]:
    return ModelFile(home / "armed.json", Table)
