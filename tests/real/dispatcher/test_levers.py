"""A change of the settings has the levers tried again: once for each change."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from deployments.dispatcher.levers import CHECK, LeverWatch
from schemas.settings import load_settings
from standins.prefect.api import Prefect


@pytest.fixture
def config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings' file."""
    home.mkdir(mode=0o700)
    monkeypatch.setenv("AEEF_HOME", str(home))
    return home / "aeef.toml"


def look() -> None:
    """One round of a dispatcher that has just been started."""
    LeverWatch(load_settings()).run()


def test_a_changed_setting_starts_a_check(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the first time, and also in the environment; nothing for the same settings."""
    with Prefect() as prefect, prefect.used():
        prefect.deployed.add(CHECK)
        started = []
        for change in (
            lambda: None,
            lambda: None,
            lambda: config.write_text("[drift]\nevery = 60\n"),
            lambda: None,
            lambda: monkeypatch.setenv("AEEF_DRIFT__EVERY", "90"),
            lambda: None,
        ):
            change()
            look()
            started.append(len(prefect.started))

    assert [1, 1, 2, 2, 3, 3] == started
    assert [] == prefect.violations


def test_it_is_asked_for_again_when_prefect_did_not_take_it(config: Path) -> None:
    """It is remembered only once the run is there."""
    with Prefect() as prefect:
        pass
    with prefect.used(), pytest.raises(httpx.HTTPError):
        look()
    with Prefect() as prefect, prefect.used():
        prefect.deployed.add(CHECK)
        look()

    assert 1 == len(prefect.started)
    assert not config.exists()


def test_it_can_be_turned_off(config: Path) -> None:
    """With no schedule nothing is tried by itself."""
    config.write_text("[armed]\nevery = 0\n")
    with Prefect() as prefect, prefect.used():
        look()

    assert [] == prefect.started
