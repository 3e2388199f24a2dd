"""Reads the target's deployment history and provenance, and decides whether a release is proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.errors import InvalidInput, TargetError
from schemas.release import History, Provenance, same_commit
from schemas.settings import Target
from schemas.validation import validate
from tasks.target.carry_records import saved_copy
from tasks.target.repository import TargetRepository

READ_HISTORY = "read history"


def read_history(target: Target) -> History:
    """The deployment history; empty when the target has no such file yet."""
    with TargetRepository(target) as repository:
        return find_history(repository) or History()


def find_history(repository: TargetRepository) -> History | None:
    """The deployment history; None when the target has no such file.

    Raises TargetError that names the file and the field when it is invalid.
    """
    target = repository.target
    content = _read(repository, target.history)
    if content is None:
        return None
    data = parse_history(target, content)
    try:
        return History.model_validate(data).of(target.environment)
    except ValidationError as error:
        raise _wrong(target, "; ".join(_fields(error))) from error


def parse_history(target: Target, content: bytes) -> dict[str, Any]:
    """The history as plain JSON data, validated by its schema; unknown fields included."""
    try:
        data: dict[str, Any] = json.loads(content)
        validate("history", data)
    except (ValueError, RecursionError, InvalidInput) as error:
        raise _wrong(target, str(error)) from error
    return data


def gates_of(repository: TargetRepository, commit: str) -> tuple[dict[str, str], list[str]]:
    """Every gate of the commit's provenance with its status, and why it proves nothing.

    The second is empty when the release is proven: every required gate is there, and every
    gate passed. Files named by an abbreviated commit count if that is unambiguous.
    """
    target = repository.target
    found = _provenance_file(repository, commit)
    if found is None:
        wanted = f"{target.provenance}/{commit}.json"
        return {}, [f"it has no provenance record ({wanted})"]
    name, content = found
    try:
        data = json.loads(content)
        validate("provenance", data)
        record = Provenance.model_validate(data)
    except (ValueError, RecursionError, InvalidInput) as error:
        return {}, [f"{name} cannot be understood: {str(error)[:300]}"]
    gates = {gate: str(result.get("status")) for gate, result in record.stages.items()}
    if record.commit and not same_commit(record.commit, commit):
        return gates, [f"{name} is the record of another commit, {record.commit[:12]}"]
    return gates, record.failures(target.required_gates)


def _provenance_file(repository: TargetRepository, commit: str) -> tuple[str, bytes] | None:
    target = repository.target
    folder = Path(target.provenance)
    content = _read(repository, (folder / f"{commit}.json").as_posix())
    if content is not None:
        return f"{commit}.json", content
    for path in sorted((target.repository / folder).glob(f"{commit[:7]}*.json")):
        if same_commit(path.stem, commit) and repository.find_commit(path.stem) == commit:
            content = _read(repository, (folder / path.name).as_posix())
            if content is not None:
                return path.name, content
    return None


def _read(repository: TargetRepository, name: str) -> bytes | None:
    """A record file, or the copy that a running or killed rollback has set aside."""
    while True:
        before = saved_copy(repository.aeef, name)
        try:
            content: bytes | None = (before or repository.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            content = None
        except OSError as error:
            raise TargetError(
                READ_HISTORY, f"{name} cannot be read: {error.strerror or error}"
            ) from error
        if saved_copy(repository.aeef, name) == before:
            return content


def _wrong(target: Target, problem: str) -> TargetError:
    return TargetError(READ_HISTORY, f"{target.history_path} cannot be used: {problem}")


def _fields(error: ValidationError) -> list[str]:
    return [
        f"$.{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
        for detail in error.errors()
    ]
