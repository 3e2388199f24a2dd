"""Figures are what anybody computes from an export; each counts exactly what it leads to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from documents import blocks_of
from fixtures.store import Clock
from schemas.figures import FIGURES, TIMED, By, Moment
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from schemas.settings import Settings
from schemas.validation import validate
from support import ROOT
from tasks.figures.figures import figures, members, question_of
from tasks.incident.export import exported_since
from tasks.incident.team import team_of
from tasks.store import Store

TEAMS = ("payments", "search", "")
AGES = timedelta(days=20)


@pytest.fixture
def lived(database: str, home: Path) -> Iterator[tuple[Store, Clock]]:
    """A store in which much has happened, at random and always the same."""
    home.mkdir(mode=0o700, exist_ok=True)
    clock, dice = Clock(), Random(15)  # noqa: S311 (nothing is kept secret by it)
    clock.advance(-AGES)
    store = Store(database, home / "audit.anchors", clock)
    for number in range(40):
        _live(store, clock, dice, number)
    yield store, clock
    store.close()


def _live(store: Store, clock: Clock, dice: Random, number: int) -> None:
    labels = {"team": team} if (team := dice.choice(TEAMS)) else {}
    labels |= {"drill": "true"} if dice.random() < 0.1 else {}
    alert = Alert(
        description=f"no {number}", service=f"s{number % 4}", labels=labels, detected_at=clock()
    )
    kind = dice.choice([IncidentType.DRIFT, IncidentType.UNKNOWN])
    severity = dice.choice(list(Severity))
    incident = store.open_or_attach(alert, kind, severity).incident.incident_id
    for moment in (Moment.PAGED, Moment.CONTAINED):
        clock.advance(timedelta(seconds=dice.expovariate(1 / 90)))
        if dice.random() < 0.8:
            by = dice.random() < 0.5
            store.record_action(incident, f"it {moment}", automated=by, actor="x", moment=moment)
    clock.advance(timedelta(minutes=dice.expovariate(1 / 30)))
    if dice.random() < 0.8:
        store.acknowledge(incident, actor="ann")
    clock.advance(timedelta(hours=dice.expovariate(1 / 3)))
    if dice.random() < 0.7:
        store.set_status(incident, Status.MITIGATED, actor="x")
        if dice.random() < 0.3:
            store.relapse(incident, "broken again", actor="x")
    if dice.random() < 0.6:
        store.lifecycle.resolve(incident, Disposition.FIXED, cause="it", actor="ann")
        if dice.random() < 0.3:
            store.lifecycle.reopen(incident, actor="ann", reason="it was not")


def _script() -> str:
    blocks = [each for each in blocks_of(ROOT / "docs" / "figures.md") if each.language == "python"]
    assert len(blocks) == 1
    return blocks[0].text


@pytest.mark.parametrize("drills", ["", "1"])
def test_a_script_computes_the_same_from_the_export(
    lived: tuple[Store, Clock], tmp_path: Path, drills: str
) -> None:
    """To the last digit, whatever they are grouped by; it is the one of docs/figures.md."""
    store, clock = lived
    settings, now = Settings(), clock()
    exports = list(exported_since(now - AGES, now, store, "ann", settings))
    for each in exports:
        validate("incident", each)
    lines = "".join(json.dumps(each) + "\n" for each in exports)
    (tmp_path / "recompute.py").write_text(_script())
    for by in By:
        given = {"by": by.value, "drills": drills, "since": (now - AGES).isoformat()}
        found = figures(question_of(given, now), store, settings).to_json()
        assert found["groups"]
        (tmp_path / "figures.json").write_text(json.dumps(found))
        done = subprocess.run(
            [sys.executable, "recompute.py", "figures.json"],
            cwd=tmp_path, input=lines, capture_output=True, text=True, check=True,
        )  # fmt: skip

        assert [json.loads(line) for line in done.stdout.splitlines()] == list(_rows(found))


def _rows(found: dict[str, Any]) -> Iterator[list[Any]]:
    for group in found["groups"]:
        for moment in TIMED:
            each = group["times"][moment]
            values = [each[name] for name in ("median", "p90", "mean") if name in each]
            kept = group["targets"].get(moment, {"met": 0, "missed": 0})
            known = [each["count"], each["byMachine"], *values, kept["met"], kept["missed"]]
            yield [group["name"], moment.value, *known]


def test_each_figure_leads_to_what_it_counts(lived: tuple[Store, Clock]) -> None:
    """As many occurrences as the figure says are in these incidents, and in no other."""
    store, clock = lived
    for by in By:
        question = question_of({"by": by.value, "since": (clock() - AGES).isoformat()}, clock())
        found = figures(question, store, Settings())
        for group, name in [*((each, each.name) for each in found.groups), (found.total, None)]:
            for figure in FIGURES:
                there = len(members(question, figure, name, store, Settings()))
                most = _count(group.to_json(), figure)
                assert (there > 0) == (most > 0)
                assert there <= most
            assert len(members(question, "all", name, store, Settings())) == group.incidents


def _count(group: dict[str, Any], figure: str) -> int:
    if figure in ("all", "relapses"):
        return int(group["occurrences" if figure == "all" else "relapses"])
    moment, _, outcome = figure.partition("-")
    part = group["targets"].get(moment, {}) if outcome else group["times"][moment]
    return int(part.get(outcome or "count", 0))


@pytest.mark.proves("IR-RESOLVE")
@pytest.mark.parametrize(
    ("severity", "within"),
    [
        (Severity.P1, timedelta(hours=24)),
        (Severity.P2, timedelta(hours=48)),
        (Severity.P3, timedelta(days=7)),
        (Severity.P4, timedelta(days=30)),
    ],
)
def test_what_is_not_resolved_in_time_is_named(
    store: Store, clock: Clock, severity: Severity, within: timedelta
) -> None:
    """Late, or not at all; what still has time is neither in time nor late."""
    minute = timedelta(minutes=1)

    def lived(name: str, age: timedelta, resolved_after: timedelta | None) -> UUID:
        clock.ahead = -age
        alert = Alert(description=name, service=name, detected_at=clock())
        found = store.open_or_attach(alert, IncidentType.DRIFT, severity).incident.incident_id
        if resolved_after is not None:
            clock.advance(resolved_after)
            store.lifecycle.resolve(found, Disposition.FIXED, cause="it", actor="ann")
        clock.ahead = timedelta()
        return found

    in_time = lived("in-time", 3 * within, within - minute)
    late = lived("late", 3 * within, within + minute)
    never = lived("never", within + minute, None)
    lived("has-time", within - minute, None)
    question = question_of({"by": "severity", "since": (clock() - 4 * within).isoformat()}, clock())

    def named(figure: str) -> set[UUID]:
        return set(members(question, figure, severity.value, store, Settings()))

    assert [{in_time}, {late, never}] == [named("resolved-met"), named("resolved-missed")]
    [group] = figures(question, store, Settings()).to_json()["groups"]
    kept = group["targets"]["resolved"]
    assert (1, 2) == (kept["met"], kept["missed"])


def test_a_target_may_have_a_team(home: Path) -> None:
    """An alert's own label comes first."""
    table: dict[str, Any] = {"name": "shop", "repository": ".", "services": ["cart"]}
    more = {"deploy_command": ["./d"], "required_gates": ["t"], "health": {"command": ["true"]}}
    settings = Settings(home=home, targets={"shop": {**table, **more, "team": "payments"}})

    assert team_of("cart", "", settings) == "payments"
    assert team_of("cart", "search", settings) == "search"
    assert team_of("other", "", settings) == ""


def test_what_is_asked_wrongly_is_named() -> None:
    """In the field's own name."""
    for given, said in (({"by": "moon"}, "by"), ({"since": "long"}, "since")):
        with pytest.raises(Exception, match=said):
            question_of(given, utc_now())
