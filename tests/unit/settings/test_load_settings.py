"""Settings are read once, and again as soon as anything that they depend on has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.settings import load_settings

Env = pytest.MonkeyPatch


@pytest.fixture
def config(home: Path) -> Path:
    """`aeef.toml` in the working directory."""
    path = Path("aeef.toml").absolute()
    path.write_text("[intake]\nport = 1001\n")
    return path


def port() -> int:
    """What is set, as it is loaded now."""
    return load_settings().intake.port


def test_nothing_changed(config: Path) -> None:
    """Then it is the same object: reading takes longer than a page may."""
    assert load_settings() is load_settings()


def test_nothing_changed_without_a_file(home: Path) -> None:
    """The same with what the environment says alone."""
    assert load_settings() is load_settings()


def test_a_changed_file_is_seen(config: Path) -> None:
    """Written in place, and replaced by another as editors and Kubernetes do it."""
    found = [port()]
    config.write_text("[intake]\nport = 10002\n")
    found.append(port())
    other = config.with_name("new.toml")
    other.write_text("[intake]\nport = 10003\n")
    age = config.stat()
    os.utime(other, ns=(age.st_atime_ns, age.st_mtime_ns))
    other.replace(config)
    found.append(port())

    assert [1001, 10002, 10003] == found


def test_a_file_of_the_same_size_is_seen(config: Path) -> None:
    """Its modification time shows it."""
    found = [port()]
    config.write_text("[intake]\nport = 1002\n")
    os.utime(config, ns=(0, config.stat().st_mtime_ns + 1))
    found.append(port())

    assert [1001, 1002] == found


def test_a_file_that_comes_and_goes_is_seen(config: Path, home: Path) -> None:
    """Here, in AEEF_HOME, or nowhere."""
    config.unlink()
    found = [port()]
    config.write_text("[intake]\nport = 1001\n")
    found.append(port())
    config.unlink()
    found.append(port())

    assert [8180, 1001, 8180] == found


def test_a_changed_variable_is_seen(config: Path, monkeypatch: Env) -> None:
    """Set, changed, written in small letters, and taken away; an old value gives its object."""
    before = load_settings()
    found = []
    for value in ("2001", "2002"):
        monkeypatch.setenv("AEEF_INTAKE__PORT", value)
        found.append(port())
    monkeypatch.delenv("AEEF_INTAKE__PORT")
    monkeypatch.setenv("aeef_intake__port", "2003")
    found.append(port())
    monkeypatch.delenv("aeef_intake__port")

    assert [2001, 2002, 2003] == found
    assert before is load_settings()


def test_other_variables_change_nothing(config: Path, monkeypatch: Env) -> None:
    """What is not ours is not looked at."""
    before = load_settings()
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")

    assert before is load_settings()


def test_another_file_is_seen(config: Path, monkeypatch: Env, tmp_path: Path) -> None:
    """AEEF_CONFIG names one, then another of the same size, then none."""
    found = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.toml"
        path.write_text(f'public_url = "https://{name}"\n')
        monkeypatch.setenv("AEEF_CONFIG", str(path))
        found.append(load_settings().public_url)
    monkeypatch.delenv("AEEF_CONFIG")
    found.append(load_settings().public_url)

    assert ["https://one", "https://two", None] == found


def test_another_home_is_seen(home: Path, monkeypatch: Env, tmp_path: Path) -> None:
    """Of the user, where the store is when nothing is said."""
    found = []
    for name in ("someone", "another"):
        monkeypatch.setenv("HOME", str(tmp_path / name))
        found.append(load_settings().home)

    assert [tmp_path / "someone/.aeef", tmp_path / "another/.aeef"] == found


def test_another_working_directory_is_seen(home: Path, monkeypatch: Env, tmp_path: Path) -> None:
    """A relative AEEF_HOME is in the directory where we are now, not where we were."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("AEEF_HOME", "store")
    found = [load_settings().home]
    monkeypatch.chdir(tmp_path / "elsewhere")
    found.append(load_settings().home)

    assert [tmp_path / "store", tmp_path / "elsewhere/store"] == found


def test_a_run_that_goes_elsewhere_reads_nothing_again(
    config: Path, monkeypatch: Env, tmp_path: Path
) -> None:
    """The worker names home and file in full; its runs have directories of their own."""
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("AEEF_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("AEEF_CONFIG", str(config))
    before = load_settings()
    monkeypatch.chdir(tmp_path / "run")

    assert before is load_settings()


def test_an_error_is_not_remembered(config: Path) -> None:
    """A file that is put right within the same moment is read again."""
    config.write_text("[intake]\nport = 1x01\n")
    age = config.stat()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings()
    config.write_text("[intake]\nport = 1001\n")
    os.utime(config, ns=(age.st_atime_ns, age.st_mtime_ns))

    assert 1001 == port()


def test_an_error_is_told_each_time(config: Path, monkeypatch: Env) -> None:
    """Good settings before it do not hide it, and work again after it."""
    before = load_settings()
    for _ in range(2):
        monkeypatch.setenv("AEEF_INTAKE__PORT", "many")
        with pytest.raises(ConfigurationError, match=r"intake\.port"):
            load_settings()
    monkeypatch.delenv("AEEF_INTAKE__PORT")

    assert before is load_settings()
