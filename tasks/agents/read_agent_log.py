"""Reads an agents' audit log and its rotated neighbours line by line, however large they are."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from schemas.errors import InvalidInput
from schemas.settings import Target
from tasks.target.open_file import inside, open_file

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_LINE = 1 << 20
"""Bytes. The tools write less than 2 kB; a longer line is malformed."""
LARGEST_UNPACKED = 20 << 30
"""Bytes that one log may unpack to: stops decompression bombs."""
MOST_FILES = 500
"""Files per log, rotated ones included: all are open at once; a process may open 1,024."""
_BUFFER = 1 << 20
_ROTATED = re.compile(r"[.-][0-9]{1,8}(?:\.gz)?")
"""What logrotate appends: `.1`, `.2.gz`, `-20260131`, `-20260131.gz`."""
_TRIES = 5


class Line(NamedTuple):
    """One line, numbered from 1; `whole` is False when it was too long to be read."""

    number: int
    content: bytes
    whole: bool


class LogSource:
    """One open log file, read up to its size when it was opened."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.name = path.name
        self.size = os.fstat(file.fileno()).st_size
        self.problem: str | None = None
        self._raw = _Hashing(file, self.size)
        self._is_packed = path.suffix == ".gz"

    @property
    def bytes_read(self) -> int:
        """Bytes read of the file as stored on disk."""
        return self._raw.count

    @property
    def sha256(self) -> str:
        """The hash of the file as stored on disk, after all lines were read."""
        return self._raw.sha256.hexdigest()

    def lines(self) -> Iterator[Line]:
        """Every line. Stops at data that cannot be unpacked, and sets `problem`."""
        buffered = io.BufferedReader(self._raw, _BUFFER)
        file: io.BufferedIOBase = gzip.GzipFile(fileobj=buffered) if self._is_packed else buffered
        try:
            yield from self._lines(file)
        except (OSError, EOFError, zlib.error) as error:
            self.problem = f"{self.name} is damaged: {type(error).__name__}: {error}"
        while buffered.read(_BUFFER):  # the hash covers the whole file
            pass

    def _lines(self, file: io.BufferedIOBase) -> Iterator[Line]:
        number = unpacked = 0
        while content := file.readline(LONGEST_LINE):
            number += 1
            unpacked += len(content)
            whole = content.endswith(b"\n") or len(content) < LONGEST_LINE
            yield Line(number, content, whole)
            while not whole and (rest := file.readline(LONGEST_LINE)):
                unpacked += len(rest)
                whole = rest.endswith(b"\n") or self._is_too_much(unpacked)
            if self._is_too_much(unpacked):
                return

    def _is_too_much(self, unpacked: int) -> bool:
        if unpacked <= LARGEST_UNPACKED:
            return False
        self.problem = f"{self.name} is not read beyond {LARGEST_UNPACKED} bytes"
        return True


@contextmanager
def open_logs(target: Target, name: str) -> Iterator[tuple[list[LogSource], list[str]]]:
    """The log and its rotated files, all opened before any is read; and what could not be opened.

    So a rotation in between, which renames files, does not matter.
    """
    path = inside_folder(target, name)
    with ExitStack() as stack:
        for _ in range(_TRIES):
            before = _listed(path)
            newest = list(before)[-MOST_FILES:]
            files, problems = _open(path.parent, newest, stack)
            if _listed(path) == before:
                break
            stack.pop_all().close()  # just rotated: some files may be missing or listed twice
        else:
            problems.append(f"{name} is being rotated all the time: files may be missing")
        if left := len(before) - len(newest):
            problems.append(
                f"{left} older files of {name} are not read: only the newest {MOST_FILES} are"
            )
        yield [LogSource(path.parent / each, file) for each, file in files], problems


def inside_folder(target: Target, name: str) -> Path:
    """The path of a log. Raises InvalidInput when its folder leads through a link."""
    return inside(target, str(Path(name).parent / "any")).with_name(Path(name).name)


def _listed(path: Path) -> dict[str, int]:
    """File names with their inodes, oldest first."""
    try:
        with os.scandir(path.parent) as entries:
            found = {
                entry.name: entry.inode()
                for entry in entries
                if entry.name == path.name
                or (
                    entry.name.startswith(path.name)
                    and _ROTATED.fullmatch(entry.name.removeprefix(path.name))
                )
            }
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return dict(sorted(found.items(), key=lambda item: _age(item[0], path.name), reverse=True))


def _age(name: str, log: str) -> tuple[bool, int]:
    """Sort key: dated files by date, numbered ones by number, the current log last."""
    suffix = name.removeprefix(log).removesuffix(".gz")
    if not suffix:
        return False, -(10**9)
    number = int(suffix[1:])
    return True, -number if number > 10**6 else number


def _open(
    folder: Path, names: Iterable[str], stack: ExitStack
) -> tuple[list[tuple[str, BinaryIO]], list[str]]:
    files, problems = [], []
    for name in names:
        try:
            files.append((name, stack.enter_context(open_file(folder / name))))
        except FileNotFoundError:
            continue  # just renamed: the names are compared again
        except InvalidInput as error:
            problems.append(str(error))
        except OSError as error:
            why = "it is a symbolic link" if (folder / name).is_symlink() else error.strerror
            problems.append(f"{folder / name} is not read: {why}")
    return files, problems


class _Hashing(io.RawIOBase):
    """The first `size` bytes of a file, hashed as they are read."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        self.sha256 = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        content = self._file.read(min(len(view), self._left))
        view[: len(content)] = content
        self.sha256.update(content)
        self._left -= len(content)
        self.count += len(content)
        return len(content)
