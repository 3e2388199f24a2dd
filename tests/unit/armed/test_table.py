"""The table says since when a lever is disarmed, and what was never armed."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.held import forget_held, hold_environment
from schemas.settings import load_settings
from tasks.armed.lever import Lever, Outcome, Tried
from tasks.armed.table import keep, lines_of, read_table, settings_digest


def tried(**outcomes: Outcome) -> list[Tried]:
    """What a try found of each lever."""
    return [
        Tried(Lever(name, lambda: ""), outcome, f"{name} {outcome}")
        for name, outcome in outcomes.items()
    ]


def test_since_is_when_it_changed(tmp_path: Path) -> None:
    """The same outcome again does not move it; the other one does."""
    first, _ = keep(tried(a=Outcome.ARMED, b=Outcome.DISARMED), tmp_path, all_of_them=True)
    same, _ = keep(tried(a=Outcome.ARMED, b=Outcome.DISARMED), tmp_path, all_of_them=True)
    other, turned = keep(tried(a=Outcome.DISARMED, b=Outcome.ARMED), tmp_path, all_of_them=True)

    assert [row.since for row in first.rows] == [row.since for row in same.rows]
    assert all(row.since > first.at for row in other.rows)
    assert [(each.before and each.before.outcome, each.row.ever) for each in turned] == [
        (Outcome.ARMED, True),
        (Outcome.DISARMED, True),
    ]
    assert read_table(tmp_path) == other


def test_the_headline_counts_what_is_configured(tmp_path: Path) -> None:
    """And names each that is disarmed, since when."""
    table, _ = keep(
        tried(a=Outcome.ARMED, b=Outcome.NOT_CONFIGURED, c=Outcome.DISARMED),
        tmp_path,
        all_of_them=True,
    )

    assert table.headline == f"armed 1 of 2; not since {table.at:%Y-%m-%d %H:%M} UTC: c"
    assert "c FAILED" in lines_of(table.rows)[2]


def test_one_that_is_tried_alone_leaves_the_others(tmp_path: Path) -> None:
    """Of all, one that is no longer there is gone."""
    keep(tried(a=Outcome.ARMED, b=Outcome.ARMED), tmp_path, all_of_them=True)
    alone, _ = keep(tried(b=Outcome.DISARMED), tmp_path, all_of_them=False)
    fewer, _ = keep(tried(b=Outcome.ARMED), tmp_path, all_of_them=True)

    assert [("a", "ok"), ("b", "FAILED")] == [(row.lever, row.outcome) for row in alone.rows]
    assert ["b"] == [row.lever for row in fewer.rows]


def test_a_table_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """It is written anew."""
    assert read_table(tmp_path) is None
    (tmp_path / "armed.json").write_text("{")
    assert read_table(tmp_path) is None
    keep(tried(a=Outcome.ARMED), tmp_path, all_of_them=True)
    assert read_table(tmp_path) is not None


def test_a_changed_setting_changes_the_digest(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file or in the environment; the same settings have the same one."""
    config = Path("aeef.toml")
    first = settings_digest(load_settings())
    config.write_text("[drift]\nevery = 60\n")
    second = settings_digest(load_settings())
    monkeypatch.setenv("AEEF_DRIFT__EVERY", "90")
    third = settings_digest(load_settings())
    hold_environment()
    try:
        in_memory = settings_digest(load_settings())
    finally:
        forget_held()

    assert len({first, second, third}) == 3
    assert third == in_memory
    assert str(home) not in third
