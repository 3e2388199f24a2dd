"""Values that may be secret: they can be compared, but are never shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigurationError
from tasks.drift.hide_values import Hider


@pytest.fixture(scope="module")
def hider(tmp_path_factory: pytest.TempPathFactory) -> Hider:
    """With a salt of its own."""
    return Hider(tmp_path_factory.mktemp("home"))


@given(one=st.text(min_size=20), other=st.text(min_size=20))
def test_hashes_tell_values_apart_and_hold_nothing_of_them(
    hider: Hider, one: str, other: str
) -> None:
    """Equal exactly when the values are."""
    assert (one == other) == (hider.hidden("A", one) == hider.hidden("A", other))
    assert one not in hider.hidden("A", one)
    assert hider.hidden("A", one) != hider.hidden("B", one)


def test_the_salt_belongs_to_the_installation_and_its_owner(tmp_path: Path) -> None:
    """The same here after a restart, another elsewhere; readable by nobody else."""
    here, again, there = Hider(tmp_path / "a"), Hider(tmp_path / "a"), Hider(tmp_path / "b")

    assert here.hidden("A", "x") == again.hidden("A", "x")
    assert here.hidden("A", "x") != there.hidden("A", "x")
    assert 0o600 == (tmp_path / "a/drift.salt").stat().st_mode & 0o777
    assert ["drift.salt"] == [each.name for each in (tmp_path / "a").iterdir()]


def test_many_that_start_at_once_have_one_salt(tmp_path: Path) -> None:
    """Also in the very first moment of an installation."""
    with ThreadPoolExecutor(16) as pool:
        hashes = list(pool.map(lambda _: Hider(tmp_path).hidden("A", "x"), range(64)))

    assert 1 == len(set(hashes))


def test_a_salt_that_is_too_open_is_closed_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    """An empty salt would make hashes that anybody can compute."""
    Hider(tmp_path)
    salt = tmp_path / "drift.salt"
    salt.chmod(0o644)
    Hider(tmp_path)

    assert 0o600 == salt.stat().st_mode & 0o777
    salt.write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"drift\.salt is damaged"):
        Hider(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "serve --db-password=hunter22 -v",
        "serve --token hunter22",
        "env API_KEY=hunter22 serve",
        "psql postgres://me:hunter22@db/shop",
    ],
)
def test_secrets_on_a_command_line_are_hidden(tmp_path: Path, line: str) -> None:
    """The rest of the line stays readable; another password is another line."""
    hider = Hider(tmp_path)
    shown = hider.without_secrets("", line)

    assert "hunter22" not in shown
    assert line.split(maxsplit=1)[0] in shown
    assert shown != hider.without_secrets("", line.replace("hunter22", "hunter23"))
