"""What a checkout would lose: each local change in words, and files that git does not look at."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from git.exc import GitCommandError

from tasks.target.repository import TargetRepository

_FILES = ("100644", "100755")
_MOST_COMPARED = 200
"""Files whose content is compared, to say more of them; the others are just called changed."""
_MOST_BYTES = 1_000_000
_REGULAR, _LINK, _SUBMODULE = "10", "120000", "160000"


class Change(NamedTuple):
    """A file that is changed or in the way. what: how, where that is not plain to see."""

    name: str
    what: str = ""
    mode_only: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.what}" if self.what else self.name


def local_changes(repository: TargetRepository) -> list[Change]:
    """Every change of a tracked file, except in the records."""
    changed = set(repository.local_changes())
    if not changed:
        return []
    found = {}
    for number, (old, new, name) in enumerate(_raw(repository, "diff-index", "HEAD")):
        if name in changed:
            found[name] = _described(repository, old, new, name, number < _MOST_COMPARED)
    return [found.get(name, Change(name)) for name in sorted(changed)]


def hidden_changes(repository: TargetRepository, commit: str) -> list[Change]:
    """Files that the commit changes, and that are changed here where git was told not to look."""
    written = {name for _, _, name in _raw(repository, "diff-tree", "-r", "HEAD", commit)}
    found = []
    for line in repository.names("ls-files", "-v", "-z"):
        flag, name = line[0], line[2:]
        if name not in written or not (flag.islower() or flag == "S"):
            continue
        if repository.is_record(name) or not (repository.path / name).is_file():
            continue
        if not _same_content(repository, name):
            how = "skip-worktree" if flag == "S" else "assume-unchanged"
            found.append(Change(name, f"changed, though git is told not to look ({how})"))
    return found


def in_the_way(repository: TargetRepository, commit: str) -> list[Change]:
    """What is not tracked and stands where the checkout would write, ignored or not."""
    found: dict[str, Change] = {}
    command = ("--diff-filter=A", "-r", "HEAD", commit)
    for _, _, name in _raw(repository, "diff-tree", *command):
        if repository.is_record(name):
            continue
        for place in (*reversed(Path(name).parents[:-1]), Path(name)):
            path = repository.path / place
            if not (path.exists() or path.is_symlink()):
                break
            whole = place == Path(name)
            if path.is_dir() and not path.is_symlink():
                if whole and _untracked(repository, str(place)):
                    found[str(place)] = Change(str(place), "a folder with files that git lacks")
                continue
            if whole or not _tracked(repository, str(place)):
                found[str(place)] = Change(str(place), _kind(repository, str(place)))
            break
    return list(found.values())


def _raw(repository: TargetRepository, command: str, *more: str) -> list[tuple[str, str, str]]:
    """Old mode, new mode and name of each difference."""
    lines = repository.names(command, "--raw", "--no-renames", "-z", *more)
    lines = [line for line in lines if line]
    facts = [line.split() for line in lines[::2]]
    return [
        (fact[0].removeprefix(":"), fact[1], name)
        for fact, name in zip(facts, lines[1::2], strict=True)
    ]


def _described(
    repository: TargetRepository, old: str, new: str, name: str, compare: bool
) -> Change:
    if _SUBMODULE in (old, new):
        return Change(name, "a submodule with another commit or changes of its own")
    path = repository.path / name
    if path.is_symlink() != (old == _LINK) and (path.exists() or path.is_symlink()):
        was, now = ("a link", "a file") if old == _LINK else ("a file", "a link")
        return Change(name, f"{now} now, committed as {was}")
    if not compare or not path.is_file() or not old.startswith(_REGULAR):
        return Change(name)
    if old != new and {old, new} <= set(_FILES) and _same_content(repository, name, "HEAD"):
        return Change(name, f"only its mode ({old} → {new})", mode_only=True)
    if old == new and _same_lines(repository, name):
        return Change(name, "only its line ends")
    return Change(name)


def _same_content(repository: TargetRepository, name: str, version: str = "") -> bool:
    """True when the file is, as git would store it, that version (by default the index's)."""
    try:
        blob = repository.git("rev-parse", "--verify", f"{version}:{name}")
        path = str(repository.path / name)
        return blob == repository.git("hash-object", f"--path={name}", "--", path)
    except GitCommandError:
        return False


def _same_lines(repository: TargetRepository, name: str) -> bool:
    path = repository.path / name
    try:
        if path.stat().st_size > _MOST_BYTES:
            return False
        committed = repository.blob(repository.git("rev-parse", "--verify", f"HEAD:{name}"))
    except (GitCommandError, OSError):
        return False
    present = path.read_bytes()
    return (
        committed != present
        and committed.split() == present.split()
        and (committed.replace(b"\r\n", b"\n") == present.replace(b"\r\n", b"\n"))
    )


def _tracked(repository: TargetRepository, name: str) -> bool:
    return bool(repository.names("--literal-pathspecs", "ls-files", "-z", "--", name))


def _untracked(repository: TargetRepository, name: str) -> bool:
    return bool(repository.names("--literal-pathspecs", "ls-files", "-o", "-z", "--", name))


def _kind(repository: TargetRepository, name: str) -> str:
    try:
        repository.git("check-ignore", "--quiet", "--", name)
    except GitCommandError:
        return "not tracked by git"
    return "ignored by git"
