"""A small file that holds one model: whole or not there, for its owner only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from schemas.errors import InvalidInput
from schemas.model import Model
from tasks.base.file_lock import try_to_hold
from tasks.base.model_file import ModelFile


class Note(Model):
    """What the file holds."""

    first_word: str


@pytest.fixture
def file(tmp_path: Path) -> ModelFile[Note]:
    """In a folder that is not there yet."""
    return ModelFile(tmp_path / "notes" / "shop.json", Note)


def test_what_is_written_is_read_until_it_is_removed(file: ModelFile[Note]) -> None:
    """Nobody else may look into it; removing it twice is harmless."""
    assert file.read() is None
    file.write(Note(first_word="one"))
    file.write(Note(first_word="two"))

    assert Note(first_word="two") == file.read()
    assert '"firstWord": "two"' in file.path.read_text()
    assert 0o600 == stat.S_IMODE(file.path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(file.path.parent.stat().st_mode)
    file.remove()
    file.remove()
    assert file.read() is None


def test_what_is_over_stays_known(file: ModelFile[Note]) -> None:
    """Until the next one is over."""
    assert file.read_aside(".over") is None
    for word in ("one", "two"):
        file.write(Note(first_word=word))
        file.set_aside(".over")

    assert file.read() is None
    assert Note(first_word="two") == file.read_aside(".over")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"firstWord": 1}', '{"other": "x"}', "\xff"])
def test_what_is_no_such_file_is_named_and_left_alone(file: ModelFile[Note], content: str) -> None:
    """The error says which file; its content is not repeated."""
    file.path.parent.mkdir()
    file.path.write_text(content, "latin-1")

    with pytest.raises(InvalidInput, match=r"shop\.json cannot be read .*: look at it") as caught:
        file.read()

    assert "firstWord" not in str(caught.value)
    assert content == file.path.read_text("latin-1")


def test_one_change_at_a_time(file: ModelFile[Note]) -> None:
    """The lock is a file of its own: the other one is replaced."""
    lock = file.path.with_suffix(".lock")
    with file.lock(), lock.open() as other:
        assert not try_to_hold(other.fileno())
    with lock.open() as other:
        assert try_to_hold(other.fileno())
