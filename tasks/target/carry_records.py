"""Preserves the target's history and provenance files across a checkout, tracked or not.

Deployments write these files, so they may be tracked and modified, and an older commit may contain
older versions. They are first copied to `.git/aeef/records`, so that a kill loses nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from git.exc import GitCommandError
from pydantic import BaseModel

from schemas.settings import Target
from tasks.base.replace_file import replace_file
from tasks.target.lock import records_lock
from tasks.target.repository import TargetRepository


class _Manifest(BaseModel):
    """The files set aside: path → copy or link, and the two commits of the checkout."""

    commits: list[str]
    copies: dict[str, str] = {}
    links: dict[str, str] = {}


@contextmanager
def records_carried(
    repository: TargetRepository, commits: tuple[str, str], report: Callable[[str], None]
) -> Iterator[None]:
    """Inside the block, git may switch commits; afterwards the records are as before."""
    with records_lock(repository.target):
        finish_carrying(repository, report)
        _save(repository, [*commits])
        try:
            _make_way(repository, to_commit=commits[1])
            yield
        finally:
            _write_back(repository)


def finish_carrying(repository: TargetRepository, report: Callable[[str], None]) -> None:
    """Restore the files that a killed rollback set aside. The caller holds the records lock.

    A file that somebody else wrote since stays; then the copy is kept beside the journal.
    """
    saved = repository.aeef / "records"
    for half_done in ("records.new", "records.done"):
        shutil.rmtree(repository.aeef / half_done, ignore_errors=True)
    if not saved.exists():
        return
    manifest = _manifest(saved)
    for name, copy in manifest.copies.items():
        path = repository.path / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        ours = (saved / copy).read_bytes()
        if content != ours and not _is_committed(repository, name, manifest.commits):
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            kept = repository.aeef / "kept" / f"{moment}-{Path(name).name}"
            replace_file(kept, ours)
            replace_file(saved / copy, content)
            report(f"{name} was changed since a rollback was killed; its older copy is in {kept}")
    _write_back(repository)
    report("put back the history and provenance files that a killed rollback had set aside")


def saved_copy(aeef: Path, name: str) -> Path | None:
    """The copy of a record that a running or killed rollback has set aside; None if none has."""
    saved = aeef / "records"
    try:
        copy = _manifest(saved).copies.get(name)
    except FileNotFoundError:
        return None
    return saved / copy if copy else None


def saved_names(aeef: Path) -> list[str]:
    """The records that a running or killed rollback has set aside."""
    try:
        return list(_manifest(aeef / "records").copies)
    except FileNotFoundError:
        return []


def record_names(repository: TargetRepository) -> list[str]:
    """The record files in the work tree, as paths from its root."""
    target: Target = repository.target
    folder = repository.path / target.provenance
    # A suspended agent must not become active by an older registry.
    registry = [repository.path / target.agents.registry] if target.agents else []
    found = [target.history_path, *registry, *sorted(folder.glob("*.json"))]
    return [
        path.relative_to(repository.path).as_posix()
        for path in found
        if path.is_symlink() or path.is_file()
    ]


def _manifest(saved: Path) -> _Manifest:
    return _Manifest.model_validate_json((saved / "manifest.json").read_bytes())


def _save(repository: TargetRepository, commits: list[str]) -> None:
    new = repository.aeef / "records.new"
    new.mkdir(parents=True)
    manifest = _Manifest(commits=commits)
    for number, name in enumerate(record_names(repository)):
        path = repository.path / name
        if path.is_symlink():
            manifest.links[name] = str(path.readlink())
        else:
            shutil.copy2(path, new / str(number))
            with (new / str(number)).open("rb") as copy:
                os.fsync(copy.fileno())
            manifest.copies[name] = str(number)
    replace_file(new / "manifest.json", manifest.model_dump_json().encode())
    new.replace(repository.aeef / "records")


def _make_way(repository: TargetRepository, to_commit: str) -> None:
    """Undo or remove local versions of records that git would refuse to overwrite."""
    new = ("diff-tree", "-r", "-z", "--name-only", "--diff-filter=A", "HEAD", to_commit)
    status = repository.names("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no")
    changed = {line[3:] for line in status if repository.is_record(line[3:])}
    if changed:
        committed = {*_records_that(repository, "ls-tree", "-r", "-z", "--name-only", "HEAD")}
        repository.undo_changes(sorted(changed & committed))
        if added := sorted(changed - committed):
            literally = ("--literal-pathspecs", "rm", "--cached", "--quiet", "--force", "--")
            repository.git(*literally, *added)
    for name in _records_that(repository, *new):
        (repository.path / name).unlink(missing_ok=True)


def _write_back(repository: TargetRepository) -> None:
    saved = repository.aeef / "records"
    manifest = _manifest(saved)
    for name in {*record_names(repository)} - manifest.copies.keys() - manifest.links.keys():
        (repository.path / name).unlink()
    for name, link in manifest.links.items():
        path = repository.path / name
        if not path.is_symlink() or str(path.readlink()) != link:
            path.unlink(missing_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(link)
    for name, copy in manifest.copies.items():
        path = repository.path / name
        if path.is_symlink():
            path.unlink()
        content = (saved / copy).read_bytes()
        if not path.is_file() or path.read_bytes() != content:
            replace_file(path, content)
        shutil.copystat(saved / copy, path)
    # Removed atomically, so that nobody reads half of it.
    done = repository.aeef / "records.done"
    saved.replace(done)
    shutil.rmtree(done)


def _records_that(repository: TargetRepository, *command: str) -> list[str]:
    """The records among the file names in a git command's output."""
    target = repository.target
    registry = [target.agents.registry] if target.agents else []
    paths = (target.history, target.provenance, *registry)
    names = repository.names("--literal-pathspecs", *command, "--", *paths)
    return [name for name in names if repository.is_record(name)]


def _is_committed(repository: TargetRepository, name: str, commits: list[str]) -> bool:
    present = repository.git("hash-object", f"--path={name}", "--", str(repository.path / name))
    for commit in commits:
        try:
            if repository.git("rev-parse", "--verify", f"{commit}:{name}") == present:
                return True
        except GitCommandError:
            continue
    return False
