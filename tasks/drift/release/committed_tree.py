"""The files of a commit by their paths, and where its symbolic links lead."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import NamedTuple

from tasks.target.repository import TargetRepository

LINK = "120000"
"""The mode of a symbolic link."""
_MOST_LINKS = 40
"""As the kernel follows."""
_LONGEST_LINK = 4_096


class Blob(NamedTuple):
    """One committed file. size: in bytes, as git stores it."""

    mode: str
    identity: str
    size: int


class Place(NamedTuple):
    """Where a path of the commit leads.

    links: the symbolic links on the way, in the order in which they are followed.
    path: the path in the repository that they lead to, committed or not; None: it has none.
    why: why it has none, in words.
    """

    links: tuple[str, ...]
    path: str | None
    why: str = ""


class CommittedTree:
    """The tree of one commit, read once."""

    def __init__(self, repository: TargetRepository, commit: str) -> None:
        self.commit = commit
        self.files: dict[str, Blob] = {}
        self.submodules: set[str] = set()
        self._repository = repository
        self._texts: dict[str, str] = {}
        command = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        for line in repository.names(*command):
            facts, _, name = line.partition("\t")
            mode, kind, identity, size = facts.split()
            if kind == "blob":
                self.files[name] = Blob(mode, identity, int(size))
            else:
                self.submodules.add(name)
        self.folders = {
            str(folder) for name in self.files for folder in PurePosixPath(name).parents
        }

    def follow(self, path: str) -> Place:
        """Where a path leads when every symbolic link of the commit is followed."""
        waiting, done = path.split("/"), list[str]()
        links: list[str] = []
        while waiting:
            part = waiting.pop(0)
            if part == "..":
                if not done:
                    return self._outside(links, "../" + "/".join(waiting))
                done.pop()
            elif part not in ("", "."):
                done.append(part)
                name = "/".join(done)
                blob = self.files.get(name)
                if blob is None or blob.mode != LINK:
                    continue
                links.append(name)
                if len(links) > _MOST_LINKS or blob.size > _LONGEST_LINK:
                    return Place(tuple(links), None, "its symbolic links lead in a circle")
                there = self._text_of(blob)
                if there.startswith("/"):
                    return self._outside(links, "/".join([there, *waiting]))
                done.pop()
                waiting[:0] = there.split("/")
        return Place(tuple(links), "/".join(done) or ".")

    def _text_of(self, link: Blob) -> str:
        if link.identity not in self._texts:
            self._texts[link.identity] = os.fsdecode(self._repository.blob(link.identity))
        return self._texts[link.identity]

    def _outside(self, links: list[str], path: str) -> Place:
        place = os.path.normpath(self._repository.path / path)
        return Place(
            tuple(links), None, f"a symbolic link leads out of the repository, to {place[:200]}"
        )
