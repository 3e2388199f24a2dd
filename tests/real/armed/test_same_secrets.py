"""Two machines of one store: whose masking key and salt differ is told so, and works on."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from fixtures.cli import Aeef
from fixtures.intake import StartIntake
from schemas.model import utc_now
from schemas.settings import Settings
from support import wait_until
from tasks.armed.alike import alike_of, differences
from tasks.armed.installation import secrets_alike
from tasks.armed.lever import Disarmed
from tasks.base.salt import SALT_FILE, salt_of
from tasks.store import Store, open_store
from tasks.store.database.database import Database
from tasks.store.database.tables import fingerprints

Machine = Callable[..., Settings]


@pytest.fixture
def machine(database: str, tmp_path: Path) -> Iterator[Machine]:
    """Makes the settings of a machine with an AEEF_HOME of its own, for one store."""
    made: list[Settings] = []

    def make(name: str, **values: object) -> Settings:
        own = {"home": tmp_path / name, "database_url": database, **values}
        made.append(Settings.model_validate(own))
        made[-1].home.mkdir(mode=0o700, exist_ok=True)
        return made[-1]

    Path(database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    yield make
    for each in made:
        open_store(each).close()


def again(settings: Settings) -> Store:
    """The store as a process that starts now opens it."""
    open_store(settings).close()
    return open_store(settings)


def test_another_masking_key_is_told(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    """At its start and by its lever, with where the right one is; a copy of it is the remedy."""
    first, second = machine("first"), machine("second")
    assert {} == again(first).foreign_secrets()
    with caplog.at_level(logging.WARNING, "aeef.store"):
        again(second)

    assert f"{first.home}, or set AEEF_MASKING__KEY" in caplog.text
    with pytest.raises(Disarmed, match=r"copy masking\.key"):
        secrets_alike(second)
    assert "are those that the store knows" in secrets_alike(first)

    shutil.copy(first.home / "masking.key", second.home / "masking.key")
    assert {} == again(second).foreign_secrets()


def test_a_running_process_is_judged_by_the_key_that_it_masks_with(machine: Machine) -> None:
    """A copied file is of use after a restart only."""
    first, second = machine("first"), machine("second")
    again(first)
    running = again(second)
    shutil.copy(first.home / "masking.key", second.home / "masking.key")

    assert ["masking.key"] == list(running.foreign_secrets())


def test_a_key_in_the_settings_is_compared_too(machine: Machine) -> None:
    """One key for all machines, whatever their files hold."""
    masking = {"key": "0123456789abcdef"}
    first, second = machine("first", masking=masking), machine("second", masking=masking)
    again(first)

    assert {} == again(second).foreign_secrets()
    assert not (second.home / "masking.key").exists()


def test_who_masks_nothing_has_no_key_to_compare(machine: Machine) -> None:
    """Neither as the first nor as another."""
    plain = machine("plain", masking={"enabled": False})
    again(plain)
    again(machine("first"))

    assert {} == again(plain).foreign_secrets()
    assert {} == again(machine("first")).foreign_secrets()


def test_another_salt_is_told_once_there_is_one(machine: Machine) -> None:
    """An intake's machine hashes nothing; AEEF_DRIFT__SALT makes all alike."""
    masking = {"key": "0123456789abcdef"}
    first, second = machine("first", masking=masking), machine("second", masking=masking)
    salt_of(first.home)
    again(first)
    assert {} == again(second).foreign_secrets()

    salt_of(second.home)
    again(second)
    with pytest.raises(Disarmed, match="AEEF_DRIFT__SALT") as told:
        secrets_alike(second)
    assert str(first.home) in str(told.value)


def test_the_salt_of_the_settings_is_the_one_in_use(machine: Machine) -> None:
    """It takes the place of the file's, which its owner only reads."""
    salt = "a salt of thirty-two characters."
    home = machine("first").home
    salt_of(home)
    again(machine("first", drift={"salt": salt}))

    assert salt.encode() == salt_of(home)
    assert 0o600 == (home / SALT_FILE).stat().st_mode & 0o777


def test_the_store_has_no_secret(machine: Machine, database: str) -> None:
    """Only their fingerprints."""
    settings = machine("first", drift={"salt": "a salt of thirty-two characters."})
    again(settings)
    key = (settings.home / "masking.key").read_text().strip()
    opened = Database(database)
    with opened.read() as connection:
        rows = connection.execute(select(fingerprints)).all()
    opened.close()

    assert {"masking.key", SALT_FILE} == {row.name for row in rows}
    assert not any(secret in str(rows) for secret in (key, "a salt of"))


def test_a_new_key_can_be_accepted(aeef: Aeef, home: Path) -> None:
    """After a loss or a rotation: with who and why, on record."""
    assert 0 == aeef("audit", "list").code
    (home / "masking.key").unlink()
    assert "another secret" in str(again(Settings(home=home)).foreign_secrets())

    assert 0 == aeef("audit", "accept-secrets", "--reason", "the disk was lost").code
    assert {} == again(Settings(home=home)).foreign_secrets()
    assert "the disk was lost" in aeef("audit", "list").out


def test_what_another_machine_runs_is_in_the_store(machine: Machine) -> None:
    """As its process reported last; who says nothing is not compared."""
    masking = {"key": "0123456789abcdef"}
    here = machine("first", masking=masking)
    there = machine("second", masking=masking, relapse={"within": 5})
    store = again(here)
    store.report_process("dispatcher second", [], alike_of(there))
    store.report_process("an older one", [])

    said = differences(alike_of(here), store.processes(), utc_now())
    assert ["dispatcher second runs with other settings: [relapse]"] == said


def test_an_intake_that_masks_otherwise_pages_and_says_so(
    start_intake: StartIntake, home: Path
) -> None:
    """A warning of `/health`, and `/ready` fails."""
    other = Settings.model_validate({"home": home, "masking": {"key": "0123456789abcdef"}})
    again(other).close()
    intake = start_intake()
    wait_until(lambda: "masking.key" in intake.client.get("/health").text)

    health = intake.client.get("/health")
    assert (200, []) == (health.status_code, health.json()["problems"])
    assert any("AEEF_MASKING__KEY" in each for each in health.json()["warnings"])
    ready = intake.client.get("/ready")
    assert 503 == ready.status_code
    assert any("AEEF_MASKING__KEY" in each for each in ready.json()["problems"])
    assert intake.report()
