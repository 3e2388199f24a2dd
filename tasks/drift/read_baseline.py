"""Reads the expected state from the last known good release in git, without a checkout."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import yaml

from schemas.errors import InvalidInput, NoProvenRelease
from schemas.release import Deployment, same_commit
from schemas.settings import Target
from tasks.deploy.compose_command import ComposeCommand
from tasks.drift.compose_settings import ComposeFile
from tasks.drift.read_settings_file import MOST_BYTES, read_bounded, refuse_large
from tasks.target.release_files import find_history, gates_of
from tasks.target.repository import TargetRepository

_MOST_FILES = 200
_LINK = "120000"


class LastKnownGood(NamedTuple):
    """The release to compare with. newer: a later deployment that is not (yet) healthy.

    replicas: how many containers its services had, where that was not one.
    """

    commit: str
    images: Mapping[str, str]
    newer: Deployment | None
    replicas: Mapping[str, int] = {}


class _Blob(NamedTuple):
    mode: str
    identity: str
    size: int


def last_known_good(repository: TargetRepository) -> LastKnownGood | None:
    """The newest healthy and proven release of the history; None when none is healthy.

    Raises NoProvenRelease when the healthy ones are not proven, TargetError for an invalid
    history.
    """
    history = find_history(repository)
    candidates = history.candidates(None) if history else []
    skipped = []
    for candidate in candidates:
        commit = repository.find_commit(candidate.commit)
        unproven = (
            gates_of(repository, commit)[1] if commit else [f"it is not in {repository.path}"]
        )
        if not commit or unproven:
            skipped.append(f"{candidate.commit[:12]}: {'; '.join(unproven)}")
            continue
        assert history is not None
        newest = history.newest_first()[0]
        images, seen = history.seen_of(commit)
        newer = None if same_commit(newest.commit, commit) else newest
        return LastKnownGood(commit, images, newer, seen.replicas if seen else {})
    if skipped:
        raise NoProvenRelease(
            "choose baseline", f"no healthy release is proven good: {' | '.join(skipped)}"
        )
    return None


def read_compose(repository: TargetRepository, commit: str, home: Path) -> ComposeFile:
    """The compose file of a commit as Compose renders it, in a temporary folder.

    Raises TargetError when Compose refuses it, InvalidInput when it is missing.
    """
    target = repository.target
    project = ComposeCommand(target, home).project()
    with tempfile.TemporaryDirectory(prefix="aeef-drift-") as folder:
        place = Path(folder).resolve()
        _check_out_small_files(repository, commit, place)
        there = target.model_copy(update={"repository": place})
        config = ComposeCommand(there, home).config(project)
        return ComposeFile(config, project, (str(place), str(repository.path.resolve())))


def read_committed(repository: TargetRepository, commit: str, path: str) -> bytes | None:
    """The content of a file in a commit; None when it does not exist.

    Raises InvalidInput for a symbolic link or a file that is too large.
    """
    blob = _tree(repository, commit, path).get(path)
    if blob is None:
        return None
    if blob.mode == _LINK:
        raise InvalidInput(f"{path} is a symbolic link in {commit[:12]}; name the file itself")
    refuse_large(f"{path} of {commit[:12]}", blob.size)
    return repository.blob(blob.identity)


def _tree(repository: TargetRepository, commit: str, *paths: str) -> dict[str, _Blob]:
    """The files of a commit, or only the named ones."""
    found = {}
    command = ("--literal-pathspecs", "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--")
    for line in repository.names(*command, *paths):
        facts, _, name = line.partition("\t")
        mode, kind, identity, size = facts.split()
        if kind == "blob":
            found[name] = _Blob(mode, identity, int(size))
    return found


def _check_out_small_files(repository: TargetRepository, commit: str, place: Path) -> None:
    """Check out what Compose reads: YAML beside and below the compose file, and files it names.

    Files with secrets are often not committed: they are taken from the work tree.
    """
    tree = _tree(repository, commit)
    main = PurePosixPath(str(repository.target.compose_file)).as_posix()
    if main not in tree or tree[main].size > MOST_BYTES:
        raise InvalidInput(f"{commit[:12]} has no compose file {main}, or a very large one")
    folder = PurePosixPath(main).parent
    for name in tree:  # Compose requires its build folders to exist
        (place / name).parent.mkdir(parents=True, exist_ok=True)
    beside = [
        name
        for name in tree
        if PurePosixPath(name).is_relative_to(folder) and name.endswith((".yml", ".yaml"))
    ]
    mentioned = (folder / word for word in (".env", *_words(repository.blob(tree[main].identity))))
    names = dict.fromkeys([main, *beside[:_MOST_FILES], *(_plain(path) for path in mentioned)])
    for name in names:
        if not name:
            continue
        blob = tree.get(name)
        if blob is None:
            content = _from_work_tree(repository.path, name)
        elif blob.size > MOST_BYTES or blob.mode == _LINK:
            continue
        else:
            content = repository.blob(blob.identity)
        if content is not None:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)


def _words(content: bytes) -> Iterator[str]:
    """Every text in a YAML file that may be a path."""
    try:
        for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            word = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if 0 < len(word) < 256 and "\0" not in word and not word.startswith("/"):
                yield word
    except yaml.YAMLError:
        return  # Compose will report what is wrong


def _plain(path: PurePosixPath) -> str:
    """A path in the repository without `..`; empty when it leads outside."""
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return ""
    return "/".join(parts)


def _from_work_tree(repository: Path, name: str) -> bytes | None:
    path = repository / name
    try:
        return read_bounded(path, repository) if path.is_file() else None
    except (InvalidInput, OSError):
        return None


def read_target_baseline(target: Target) -> LastKnownGood | None:
    """`last_known_good` for a target."""
    with TargetRepository(target) as repository:
        return last_known_good(repository)
