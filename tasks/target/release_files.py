"""Reads the target's deployment history and provenance, and decides whether a release is proven."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from schemas.errors import InvalidInput, TargetError
from schemas.release import History, Provenance, same_commit, understand
from schemas.settings import Target
from schemas.validation import read_json, validate
from schemas.wording import some
from tasks.base.trim import one_line
from tasks.target.carry_records import saved_copy
from tasks.target.repository import TargetRepository

READ_HISTORY = "read history"
MOST_BYTES = 16_000_000
"""Of a record file; ten years of hourly deployments fit."""
_FEWEST = 4
"""Digits of a commit id by which a file's name is taken for one that somebody abbreviated."""
_LIKE_PASS = frozenset(
    ("pass", "passed", "passing", "success", "succeeded", "successful", "ok", "green", "true",
     "good", "healthy")
)  # fmt: skip


def read_history(target: Target) -> History:
    """The deployment history; empty when the target has no such file yet."""
    with TargetRepository(target) as repository:
        return find_history(repository) or History()


def find_history(repository: TargetRepository) -> History | None:
    """The deployment history; None when the target has no such file.

    Raises TargetError that names the file and what is wrong when it is no history at all.
    """
    target = repository.target
    content = _read(repository, target.history)
    return None if content is None else parse_history(target, content)[1].of(target.environment)


def parse_history(target: Target, content: bytes) -> tuple[dict[str, Any], History]:
    """The history as plain JSON data, unknown fields included, and what is understood of it."""
    try:
        data: dict[str, Any] = read_json(content, MOST_BYTES, keep_doubled=True)
        return data, understand(data)
    except (ValueError, RecursionError, InvalidInput) as error:
        raise wrong_history(target, str(error)) from error


def gates_of(repository: TargetRepository, commit: str) -> tuple[dict[str, str], list[str]]:
    """Every gate of the commit's provenance with its status, and why it proves nothing.

    The second is empty when the release is proven: every required gate is there, and every
    gate passed. Files named by an abbreviated commit count if that is unambiguous.
    """
    target = repository.target
    files = _provenance_files(repository, commit)
    if not files:
        wanted = f"{target.provenance}/{commit}.json"
        return {}, [f"it has no provenance record ({wanted})", *_misnamed(repository, commit)]
    if len(set(files.values())) > 1:
        return {}, [f"its provenance files contradict each other: {some(list(files))}"]
    name, content = next(iter(files.items()))
    try:
        data = read_json(content, MOST_BYTES)
        validate("provenance", data)
        record = Provenance.model_validate(data)
    except (ValueError, RecursionError, InvalidInput) as error:
        return {}, [f"{name} cannot be understood: {str(error)[:300]}"]
    gates = {gate: str(result.get("status")) for gate, result in record.stages.items()}
    if record.commit and not same_commit(record.commit, commit):
        return gates, [f"{name} is the record of another commit, {record.commit[:12]}"]
    failures = record.failures(target.required_gates)
    return gates, failures + ([f"{name}: {hint}"] if (hint := _odd_words(gates)) else [])


def _provenance_files(repository: TargetRepository, commit: str) -> dict[str, bytes]:
    """The commit's files: the one with its full id first, then abbreviations of it."""
    target = repository.target
    folder = Path(target.provenance)
    names = [
        path.name
        for path in sorted((target.repository / folder).glob(f"{commit[:7]}*.json"))
        if same_commit(path.stem, commit)
        and path.stem != commit
        and repository.find_commit(path.stem) == commit
    ]
    contents = {
        name: _read(repository, (folder / name).as_posix()) for name in (f"{commit}.json", *names)
    }
    return {name: content for name, content in contents.items() if content is not None}


def _misnamed(repository: TargetRepository, commit: str) -> list[str]:
    """A hint at a file that is perhaps meant to be this commit's, but is not named so."""
    folder = repository.target.provenance
    for path in sorted((repository.path / folder).glob("*")):
        name = path.name.lower()
        stem = name.partition(".")[0]
        if len(stem) >= _FEWEST and commit.startswith(stem) and path.name != f"{commit}.json":
            return [
                f"{folder}/{one_line(path.name)[:80]} lies there, but is not taken for it: its name"
                f" must be the full commit id in small letters, {commit[:12]}….json"
            ]
    return []


def _odd_words(gates: dict[str, str]) -> str | None:
    alike = {word for word in gates.values() if word.strip().lower() in _LIKE_PASS}
    words = sorted(alike - {"pass"})
    shown = ", ".join(repr(word[:40]) for word in words[:5])
    return f"only 'pass' counts, not {shown}" if words else None


def _read(repository: TargetRepository, name: str) -> bytes | None:
    """A record file, or the copy that a running or killed rollback has set aside."""
    while True:
        before = saved_copy(repository.aeef, name)
        try:
            content: bytes | None = _bounded(before or repository.path / name)
        except (FileNotFoundError, NotADirectoryError):
            content = None
        except OSError as error:
            raise TargetError(
                READ_HISTORY, f"{name} cannot be read: {error.strerror or error}"
            ) from error
        if saved_copy(repository.aeef, name) == before:
            return content


def _bounded(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would make us wait for ever
        raise OSError(0, "it is not a plain file")
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def wrong_history(target: Target, problem: str) -> TargetError:
    """The error when the history cannot be used."""
    return TargetError(READ_HISTORY, f"{target.history_path} cannot be used: {problem}")
