"""Opens a target's quality reports safely, and finds the files that they name."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath

from git.exc import GitCommandError
from pydantic import ValidationError

from schemas.errors import InvalidInput
from tasks.base.trim import one_line, trim
from tasks.target.repository import TargetRepository

MOST_BYTES = 32_000_000
"""A larger report is refused: reading it would fill the worker's memory."""
MOST_VALUES = 8_000_000
LONGEST_NAME = 200
_DRIVE = re.compile(r"\A[A-Za-z]:[\\/]")


def shown(name: str) -> str:
    """An untrusted name as one short line, for an error or a record."""
    return trim(one_line(name), LONGEST_NAME)


def read_report(root: Path, name: str) -> bytes:
    """A report in the work tree.

    Raises InvalidInput when it is missing, too large, not a regular file, or outside the
    repository, also by a symbolic link.
    """
    top = root.resolve()
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(top) or path.is_relative_to(top / ".git"):
            raise InvalidInput(f"report {shown(name)} leads out of {root}: it is not read")
        # Opening a named pipe must not block until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of symbolic links
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput(f"report {shown(name)} in {root} cannot be read: {reason}") from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise InvalidInput(f"report {shown(name)} in {root} is not a plain file")
    with os.fdopen(descriptor, "rb") as file:
        _refuse_large(name, facts.st_size)
        content = file.read(MOST_BYTES + 1)
    _refuse_large(name, len(content))
    return content


def report_at(repository: TargetRepository, commit: str, name: str) -> bytes | None:
    """A report in a commit; None when it is not tracked there.

    Raises InvalidInput when it is too large.
    """
    try:
        listed = repository.git("--literal-pathspecs", "ls-tree", "-z", "-l", commit, "--", name)
    except GitCommandError:
        return None
    mode, kind, identity, size = (listed.split("\t")[0].split() + [""] * 4)[:4]
    if kind != "blob" or not mode.startswith("100"):
        return None
    _refuse_large(name, int(size))
    return repository.blob(identity)


def _refuse_large(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise InvalidInput(
            f"report {shown(name)} has {size} bytes; at most {MOST_BYTES} are read: split it"
        )


def refuse_many_values(name: str, content: bytes) -> None:
    """Raise InvalidInput for JSON that would fill the worker's memory when parsed."""
    if content.count(b",") > MOST_VALUES:
        raise wrong(name, f"it has more than {MOST_VALUES} values: split it")


def wrong(name: str, problem: str) -> InvalidInput:
    """The error for an invalid report."""
    return InvalidInput(f"report {shown(name)} cannot be understood: {trim(problem, 400)}")


def fields_of(error: ValidationError) -> str:
    """The first wrong fields of a report, without their values."""
    return "; ".join(
        f"{shown('.'.join(str(part) for part in each['loc'])) or 'report'}: {shown(each['msg'])}"
        for each in error.errors(include_input=False, include_url=False, include_context=False)[:3]
    )


class TrackedFiles:
    """The files of a commit. Names in reports are looked up here, and never opened."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for name in self._names:
            self._by_name[name.rpartition("/")[2]].append(name)

    def find(self, name: str, roots: Iterable[str] = ()) -> str | None:
        """The file that a report names; None when there is none, or several match.

        roots: the folders that the name is relative to, on the machine that made the report: as
        much of their end is used as gives a file of the repository.
        """
        name = _DRIVE.sub("/", name, count=1)  # absolute, too, on the machine that measured
        parts = _parts(name)
        if parts is None or parts[-1] not in self._by_name:
            return None
        starts = [()] if name.startswith("/") else [start for r in roots if (start := _parts(r))]
        for start in (*starts, ()):
            whole = (*start, *parts)
            for cut in range(len(start) + (len(parts) if name.startswith("/") else 1)):
                candidate = "/".join(whole[cut:])
                if candidate in self._names:
                    return candidate
        tail = "/" + "/".join(parts)
        ends = [each for each in self._by_name[parts[-1]] if each.endswith(tail)]
        return ends[0] if len(ends) == 1 else None


def tracked_files(repository: TargetRepository, commit: str) -> TrackedFiles:
    """The files of a commit, except those with non-UTF-8 names, which no report can name."""
    names = repository.names("ls-tree", "-r", "-z", "--name-only", commit)
    return TrackedFiles(name for name in names if _is_text(name))


@lru_cache(maxsize=1024)
def _parts(name: str) -> tuple[str, ...] | None:
    """The parts of a path; None when it has `..`, or is not a path."""
    if len(name) > 4 * LONGEST_NAME or "\0" in name:
        return None
    parts = tuple(part for part in PurePosixPath(name.replace("\\", "/")).parts if part != "/")
    return parts if parts and ".." not in parts else None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
