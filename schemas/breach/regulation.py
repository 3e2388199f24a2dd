"""Regulatory clocks: which notification is due when, to whom, and with what in it.

The regimes are data (`regimes.toml`), each with its legal basis and the day as of which it was
read; an organisation adds its own or changes one in `[breach.regime.NAME]`. The results prepare
a notification: counsel decides whether there is a duty to notify, and by when.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import (
    Field,
    model_validator,
)

from schemas.breach.conditions import (
    LATEST_SUBMITTED,
    STARTS,
    Condition,
    Facts,
    Limit,
    Name,
    Text,
    _Data,
)
from schemas.errors import ConfigurationError
from schemas.model import Model, UtcDatetime

DATA = Path(__file__).parent / "regimes.toml"


class Stage(_Data):
    """One notification that a regime requires, due at the earliest of its limits."""

    name: Name
    addressee: Text
    content: tuple[Text, ...] = Field(min_length=1)
    limits: tuple[Limit, ...] = Field(min_length=1)
    when: Condition | None = None
    unless: str = ""
    note: str = ""


class Regime(_Data):
    """A law or contract that requires notifications; `Stage.content` has the drafts' headings."""

    name: Text
    legal_basis: Text
    as_of: date
    deadlines: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [stage.name for stage in self.deadlines]
        if len(set(names)) != len(names):
            raise ValueError("two deadlines have the same name")
        for limit in (limit for stage in self.deadlines for limit in stage.limits):
            if limit.after not in STARTS and limit.after.partition(":")[2] not in names:
                raise ValueError(f"'{limit.after}' names no deadline of this regime")
        return self


class Deadline(Model):
    """One stage's deadline, computed from the known timestamps and facts.

    due_at: None before it starts, and when it is due without undue delay (`at_once`).
    needs: unknown timestamps and facts that would change it.
    applies: False when a known fact says that nothing is due.
    """

    regime: str
    name: str
    title: str
    addressee: str
    legal_basis: str
    as_of: date
    content: tuple[str, ...]
    starts_from: str
    started_at: UtcDatetime | None = None
    due_at: UtcDatetime | None = None
    at_once: bool = False
    applies: bool = True
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """`gdpr-33/notification`."""
        return f"{self.regime}/{self.name}"

    @property
    def due_text(self) -> str:
        """When it is due, in words."""
        if not self.applies:
            return "does not apply"
        if self.due_at is not None:
            at_once = " at the latest, and without undue delay" if self.at_once else ""
            return f"{self.due_at:%Y-%m-%d %H:%M:%S} UTC{at_once}"
        if self.at_once:
            return "without undue delay: now"
        return f"not started: needs {', '.join(map(plain, self.needs))}"


def deadlines(
    regimes: Mapping[str, Regime],
    timestamps: Mapping[str, datetime],
    facts: Facts,
    holidays: Iterable[date] = (),
) -> list[Deadline]:
    """Every deadline of the regimes, in order, including those that have not started.

    timestamps: those of `STARTS`, and `submitted:REGIME/DEADLINE`, `latest-submitted:REGIME/…`.
    holidays: non-business days besides the US federal holidays.
    """
    off = frozenset(holidays)
    return [
        _deadline(name, regime, stage, timestamps, facts, off)
        for name, regime in regimes.items()
        for stage in regime.deadlines
    ]


def _deadline(
    name: str,
    regime: Regime,
    stage: Stage,
    timestamps: Mapping[str, datetime],
    facts: Facts,
    holidays: frozenset[date],
) -> Deadline:
    needs: list[str] = []
    notes = [text for text in (stage.note, stage.unless and f"unless {stage.unless}") if text]
    applies = stage.when.holds(facts) if stage.when else True
    if stage.when and applies is None:
        needs.append(stage.when.fact)
        notes.append(f"only {stage.when.text}: not known, so it is taken to apply")
    started: list[tuple[datetime, datetime | None]] = []
    for limit in stage.limits:
        holds = limit.when.holds(facts) if limit.when else True
        if not holds:
            if holds is None and limit.when:
                needs.append(limit.when.fact)
                notes.append(f"{limit.length} {limit.when.text}: not known")
            continue
        start = timestamps.get(_timestamp(limit.after, name))
        if start is None:
            needs.append(limit.after)
            continue
        started.append((start, limit.due(start, holidays)))
    timed = [(due, start) for start, due in started if due is not None]
    due_at, started_at = min(timed) if timed else (None, started[0][0] if started else None)
    return Deadline(
        regime=name,
        name=stage.name,
        title=regime.name,
        addressee=stage.addressee,
        legal_basis=regime.legal_basis,
        as_of=regime.as_of,
        content=stage.content,
        starts_from="; ".join(_said(limit) for limit in stage.limits),
        started_at=started_at,
        due_at=due_at,
        at_once=any(due is None for _start, due in started),
        applies=applies is not False,
        needs=tuple(dict.fromkeys(needs)),
        notes=tuple(notes),
    )


def plain(start: str) -> str:
    """What starts a clock, in words."""
    kind, colon, stage = start.partition(":")
    latest = "latest " if f"{kind}:" == LATEST_SUBMITTED else ""
    return f"the {latest}submission of {stage}" if colon else start


def _said(limit: Limit) -> str:
    when = f" ({limit.when.text})" if limit.when else ""
    return f"{limit.length} from {plain(limit.after)}{when}"


def _timestamp(after: str, regime: str) -> str:
    kind, colon, stage = after.partition(":")
    return f"{kind}:{regime}/{stage}" if colon else after


@cache
def known_regimes() -> Mapping[str, Regime]:
    """The regimes that ship with AEEF Runbooks, by id."""
    tables = tomllib.loads(DATA.read_text("utf-8"))
    return {name: Regime.model_validate(table) for name, table in tables.items()}


def chosen_regimes(
    wanted: Iterable[str], own: Mapping[str, Regime] | None = None
) -> dict[str, Regime]:
    """These regimes, in this order; the organisation's own take precedence.

    Raises ConfigurationError that names an unknown one.
    """
    every: dict[str, Any] = {**known_regimes(), **(own or {})}
    chosen = {}
    for name in wanted:
        if name not in every:
            raise ConfigurationError(
                f"[breach] regimes: there is no regime '{name}'; known are {', '.join(every)}"
            )
        chosen[name] = every[name]
    return chosen
