"""Patches a commit of the target in git's object store, without touching any work tree.

Files are read from a commit and written as blobs through a separate index. So a dirty work tree
does not matter, no link is followed, and nothing outside the repository can be reached.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from git.exc import GitCommandError

from schemas.errors import PatchError
from schemas.model import UtcDatetime
from tasks.base.run_command import tail_of
from tasks.target.repository import TargetRepository

LARGEST_FILE = 500_000
"""Maximum bytes of a manifest; a larger one is not changed."""
LONGEST_PATH = 500
"""Maximum length of a path in a patch: file systems do not allow thousands of nested folders."""
AUTHOR = {"NAME": "AEEF Runbooks", "EMAIL": "aeef@localhost"}
_GIT_TIMEOUT = 120.0
_PLAIN = ("100644", "100755")


class Entry(NamedTuple):
    """A file of the tree: git's mode and the id of its content."""

    mode: str
    blob: str

    @property
    def is_plain(self) -> bool:
        """False for a symbolic link and a submodule."""
        return self.mode in _PLAIN


class PatchTree:
    """The tree of a future hotfix, in a separate index."""

    def __init__(self, repository: TargetRepository, base: str, env: Mapping[str, str]) -> None:
        self.repository = repository
        self.base = base
        self._env = env
        self.git("read-tree", base)

    def git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git on this index; return its output. Raises PatchError."""
        try:
            return self.repository.git(
                *arguments, timeout=_GIT_TIMEOUT, env={**self._env, **(env or {})}
            )
        except GitCommandError as error:
            said = tail_of(str(error.stderr)).strip().removeprefix("stderr: ").strip(" '")
            raise PatchError(f"git {arguments[0]}: {said}") from error

    def entries(self) -> dict[str, Entry]:
        """Every file, by its path."""
        found = {}
        for line in self.git("ls-files", "--stage", "-z").split("\0"):
            described, _, name = line.partition("\t")
            if name:
                mode, blob, _ = described.split(" ")
                found[name] = Entry(mode, blob)
        return found

    def read(self, entry: Entry) -> str:
        """A file's text, with its line ends. Raises PatchError if it is not text, or too large."""
        size = int(self.git("cat-file", "-s", entry.blob))
        if size > LARGEST_FILE:
            raise PatchError(f"it has {size} bytes, which is more than {LARGEST_FILE}")
        try:
            return self.repository.blob(entry.blob, self._env).decode("utf-8")
        except UnicodeDecodeError:
            raise PatchError("it is not UTF-8") from None

    def write(self, name: str, entry: Entry, content: bytes) -> None:
        """Replace a file's content."""
        with TemporaryDirectory(prefix="aeef-") as directory:
            path = Path(directory) / "content"
            path.write_bytes(content)
            blob = self.git("hash-object", "-w", "--no-filters", "--", str(path)).strip()
        self.git("update-index", "--cacheinfo", f"{entry.mode},{blob},{name}")

    def apply(self, patch: str) -> list[str]:
        """Apply a patch completely or not at all; return the changed files.

        Raises PatchError when it does not apply, or changes files that a patch may not change.
        """
        before = self.tree()
        with TemporaryDirectory(prefix="aeef-") as directory:
            path = Path(directory) / "supplied.patch"
            path.write_bytes(patch.encode("utf-8", "replace"))
            options = ("--cached", "--whitespace=nowarn")
            self.git("apply", "--check", *options, "--", str(path))
            self.git("apply", *options, "--", str(path))
        try:
            return self._allowed(before)
        except PatchError:
            self.git("read-tree", before)
            raise

    def tree(self) -> str:
        """The id of the current tree."""
        return self.git("write-tree").strip()

    def commit(self, message: str, at: UtcDatetime) -> str:
        """Commit the tree on the base; repeating it gives the same commit."""
        author = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in {**AUTHOR, "DATE": f"{int(at.timestamp())} +0000"}.items()
        }
        arguments = ("commit-tree", self.tree(), "-p", self.base, "-m", message)
        return self.git("-c", "commit.gpgSign=false", *arguments, env=author).strip()

    def diff(self) -> bytes:
        """The changes, as a patch."""
        options = ("--cached", "--patch", "--no-ext-diff", "--no-textconv", "--binary")
        text = self.git("diff-index", *options, self.base)
        return text.encode("utf-8", "surrogateescape") + b"\n"

    def _allowed(self, before: str) -> list[str]:
        names: list[str] = []
        fields = self.git("diff-index", "--cached", "--raw", "--no-renames", "-z", before)
        words = [word for word in fields.split("\0") if word]
        for described, name in zip(words[::2], words[1::2], strict=True):
            shown = name.encode("utf-8", "replace").decode()[:200]
            old, new = described[1:].split(" ")[:2]
            if not {old, new} <= {*_PLAIN, "000000"}:
                raise PatchError(f"the patch makes or changes a link or a submodule: {shown}")
            if ".git" in (part.lower() for part in Path(name).parts):
                raise PatchError(f"the patch touches git's own files: {shown}")
            if self.repository.is_record(name):
                raise PatchError(f"the patch touches the records of the releases: {shown}")
            if len(name) > LONGEST_PATH:
                raise PatchError(f"the patch has a path of over {LONGEST_PATH} characters: {shown}")
            names.append(shown)
        if not names:
            raise PatchError("the patch changes nothing")
        return names


@contextmanager
def patch_tree(
    repository: TargetRepository, base: str, *, dry_run: bool = False
) -> Iterator[PatchTree]:
    """The tree of a commit, for changing. dry_run: leave no objects in the repository either."""
    with TemporaryDirectory(prefix="aeef-") as directory:
        env = {"GIT_INDEX_FILE": f"{directory}/index", "GIT_TERMINAL_PROMPT": "0"}
        if dry_run:
            objects = repository.git("rev-parse", "--git-path", "objects")
            (Path(directory) / "objects").mkdir()
            env["GIT_OBJECT_DIRECTORY"] = f"{directory}/objects"
            env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(repository.path / objects)
        yield PatchTree(repository, base, env)


@contextmanager
def work_tree(repository: TargetRepository, commit: str, place: Path) -> Iterator[Path]:
    """A work tree of this commit, to run programs in; removes the remains of a killed one first."""
    _remove(repository, place)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    timeout = repository.target.deploy_timeout
    try:
        repository.git(
            "worktree", "add", "--quiet", "--detach", "--force", str(place), commit,
            timeout=timeout,
        )  # fmt: skip
    except GitCommandError as error:
        _remove(repository, place)
        said = tail_of(str(error.stderr)).strip().removeprefix("stderr: ").strip(" '")
        raise PatchError(f"no work tree of {commit[:12]} could be made: {said}") from error
    try:
        yield place
    finally:
        _remove(repository, place)


def remove_tree(place: Path) -> None:
    """Remove a folder, whatever a program in it made of the permissions."""
    with suppress(OSError):
        place.chmod(0o700)
    for folder, names, _ in os.walk(place):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)


def _remove(repository: TargetRepository, place: Path) -> None:
    remove_tree(place)
    with suppress(GitCommandError):  # it prunes missing work trees
        repository.git("worktree", "prune")
