"""A disk that is full: the reserve, and what is said."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tasks.store.database.disk import RESERVE_FILE, Reserve, in_words, is_full


def test_the_reserve_takes_its_space_really(tmp_path: Path) -> None:
    """Not a file with holes, which would give nothing back."""
    reserve = Reserve(tmp_path, 300_000)
    assert [True, True] == [reserve.ensure() for _ in range(2)]
    file = (tmp_path / RESERVE_FILE).stat()

    assert file.st_size == 300_000 <= file.st_blocks * 512
    assert 0 == file.st_mode & 0o077
    assert [True, False] == [reserve.release() for _ in range(2)]
    assert not (tmp_path / RESERVE_FILE).exists()


def test_one_that_was_cut_short_is_made_whole(tmp_path: Path) -> None:
    """By a crash while it was made."""
    (tmp_path / RESERVE_FILE).write_bytes(b"x")
    assert Reserve(tmp_path, 5000).ensure()

    assert 5000 == (tmp_path / RESERVE_FILE).stat().st_size


def test_none_is_made_where_there_is_no_space_or_none_is_wanted(tmp_path: Path) -> None:
    """It must not fill the disk itself."""
    assert not Reserve(tmp_path, 1 << 60).ensure()
    assert Reserve(tmp_path, 0).ensure()

    assert [] == list(tmp_path.iterdir())
    assert not Reserve(tmp_path / "nothing", 1000).ensure()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "could not keep evidence: the disk of /x/y is full: make space there"),
        (errno.EDQUOT, "could not keep evidence: the disk of /x/y is full: make space there"),
        (
            errno.EROFS,
            "could not keep evidence: /x/y is on a disk that can only be read: remount it",
        ),
        (errno.EACCES, None),
    ],
)
def test_it_is_said_which_disk_and_what_to_do(number: int, said: str | None) -> None:
    """And at which stage."""
    error = OSError(number, os.strerror(number), "/x/y")

    assert said == in_words(error, "keep evidence")
    assert (number in (errno.ENOSPC, errno.EDQUOT)) == is_full(error)
    assert "its name is not known" in (in_words(OSError(errno.ENOSPC, "x"), "write") or "")
