"""Reads the target's deployment history and provenance, and decides whether a release is proven."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from schemas.errors import InvalidInput, TargetError
from schemas.release import History, Provenance, is_aeef_record, same_commit, understand
from schemas.release.aeef_record import commit_of, stages_of
from schemas.settings import Target
from schemas.validation import read_json, validate
from schemas.wording import some
from tasks.base.trim import one_line
from tasks.target.carry_records import saved_copy, saved_names
from tasks.target.repository import TargetRepository

READ_HISTORY = "read history"
MOST_BYTES = 16_000_000
"""Of a record file; ten years of hourly deployments fit."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
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
    gate passed. Files named by an abbreviated commit count if that is unambiguous; a record of
    AEEF's own tools counts by the commit that it names, whatever its file is called.
    """
    target = repository.target
    files = _provenance_files(repository, commit)
    if not files:
        return _by_content(repository, commit)
    if len(set(files.values())) > 1:
        return {}, [f"its provenance files contradict each other: {some(list(files))}"]
    name, content = next(iter(files.items()))
    try:
        record = _record(content)
    except (ValueError, RecursionError, InvalidInput) as error:
        return {}, [f"{name} cannot be understood: {str(error)[:300]}"]
    return _judged(record, name, commit, target.required_gates)


def _by_content(repository: TargetRepository, commit: str) -> tuple[dict[str, str], list[str]]:
    """As `gates_of`, from the records that name this commit as theirs; each has to prove it."""
    target = repository.target
    gates: dict[str, str] = {}
    unproven: list[str] = []
    found = 0
    for name, content in _named_otherwise(repository, commit):
        try:
            record = _aeef_record(content)
        except (ValueError, RecursionError) as error:
            unproven.append(f"{name} names it and cannot be understood: {str(error)[:300]}")
            continue
        if record and record.commit and same_commit(record.commit, commit):
            found += 1
            its_gates, its_failures = _judged(record, name, commit, target.required_gates)
            gates |= its_gates
            unproven += [f"{name}: {each}" for each in its_failures]
    if found:
        return gates, unproven
    wanted = f"{target.provenance}/{commit}.json"
    none = f"it has no provenance record ({wanted})"
    return {}, [none, *_misnamed(repository, commit), *unproven]


def commits_with_records(repository: TargetRepository) -> list[str]:
    """Every commit that a provenance file is named for, or that a record of AEEF's tools names."""
    named = [Path(name).stem for name in _record_names(repository)]
    known = [each for each in named if _COMMIT.fullmatch(each)]
    for _, content in _named_otherwise(repository):
        with suppress(ValueError, RecursionError):
            record = _aeef_record(content)
            known += [record.commit] if record and record.commit else []
    return list(dict.fromkeys(known))


def _named_otherwise(repository: TargetRepository, about: str = "") -> Iterator[tuple[str, bytes]]:
    """The provenance files that are named after no commit, but hold this text."""
    for name in _record_names(repository):
        if not _COMMIT.fullmatch(Path(name).stem):
            content = _read(repository, name)
            if content is not None and about.encode() in content:
                yield name, content


def _record_names(repository: TargetRepository) -> list[str]:
    """The files of the provenance folder, also those that a rollback has set aside."""
    folder = repository.target.provenance
    there = (repository.path / folder).glob("*.json")
    # A folder or a pipe is no record, and must not keep the others from being read.
    here = {f"{folder}/{path.name}" for path in there if path.is_file()}
    aside = {name for name in saved_names(repository.aeef) if name.startswith(f"{folder}/")}
    return sorted(here | aside)


def _record(content: bytes) -> Provenance:
    """The record in our shape. Raises ValueError, InvalidInput, RecursionError."""
    if aeef := _aeef_record(content):
        return aeef
    data = read_json(content, MOST_BYTES)
    validate("provenance", data)
    return Provenance.model_validate(data)


def _aeef_record(content: bytes) -> Provenance | None:
    """The record of AEEF's tools in our shape; None for another. Raises ValueError."""
    data = read_json(content, MOST_BYTES)
    if not is_aeef_record(data):
        return None
    return Provenance(commit=commit_of(data), stages=stages_of(data))


def _judged(
    record: Provenance, name: str, commit: str, required: tuple[str, ...]
) -> tuple[dict[str, str], list[str]]:
    gates = {gate: str(result.get("status")) for gate, result in record.stages.items()}
    if record.commit and not same_commit(record.commit, commit):
        return gates, [f"{name} is the record of another commit, {record.commit[:12]}"]
    failures = record.failures(required)
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
