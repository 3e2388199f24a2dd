"""The files of a release, outside the work tree, as far as they were asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from tasks.drift.files.read_settings_file import MOST_BYTES, read_bounded, refuse_large
from tasks.drift.release.checkout import Checkout, NotComparable
from tasks.drift.release.committed_tree import CommittedTree
from tasks.drift.release.neighbours import Stead, in_stead_of
from tasks.target.repository import TargetRepository


class Committed(NamedTuple):
    """The content of a committed file. name: the file that holds it, behind symbolic links."""

    name: str
    content: bytes


class ReleaseTree:
    """One release. home: the repository; stead: where the release's files are written."""

    def __init__(
        self, repository: TargetRepository, commit: str, stead: Stead, index: Path
    ) -> None:
        self.target = repository.target
        self.commit = commit
        self.home = home_of(repository)
        self.stead = stead
        self.tree = CommittedTree(repository, commit)
        self.checkout = Checkout(repository, self.tree, stead.repository, index)
        self._repository = repository

    def bring(self, *paths: str) -> None:
        """Write the files that the paths lead to, and the links on the way."""
        places = [self.tree.follow(path) for path in paths]
        self.checkout.write(link for place in places for link in place.links)
        ends = [place.path for place in places if place.path in self.tree.files]
        self.checkout.write(end for end in ends if end and not self._is_large(end))

    def make_folder(self, path: str) -> None:
        """Make the folder that a path leads to, empty, or link that of the work tree."""
        place = self.tree.follow(path)
        if place.path in self.tree.folders:
            self.checkout.write(place.links)
            (self.stead.repository / place.path).mkdir(parents=True, exist_ok=True)
        elif place.path is not None and place.path not in self.tree.files:
            self.lend(place.path)

    def problem_of(self, name: str) -> str | None:
        """Why a committed file is not there although it was wanted."""
        if name in self.tree.files and self._is_large(name):
            return f"it has {self.tree.files[name].size} bytes"
        return self.checkout.problems.get(name)

    def _is_large(self, name: str) -> bool:
        return self.tree.files[name].size > MOST_BYTES

    def lend(self, path: str) -> Path | None:
        """Link a file or folder of the work tree that is not committed; where it is, else None.

        A file that is tracked now, but was not in the release, is not there in the release.
        """
        present, here = self.home / path, self.stead.repository / path
        if not exists(present) or path in self._tracked_now:
            return None
        if not exists(here):
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(present)
        return present

    @cached_property
    def _tracked_now(self) -> frozenset[str]:
        return frozenset(self._repository.names("ls-files", "-z"))

    def read(self, path: str) -> Committed | None:
        """The content of a committed file, behind links; None when the release has none.

        Raises NotComparable when a link leads elsewhere or a filter fails, InvalidInput when it
        is too large.
        """
        place = self.tree.follow(path)
        if place.path is None:
            raise NotComparable(place.why)
        blob = self.tree.files.get(place.path)
        if blob is None:
            if place.links:
                raise NotComparable(
                    f"it is a symbolic link to {place.path}, which is not committed"
                )
            return None
        refuse_large(f"{path} of {self.commit[:12]}", blob.size)
        self.bring(path)
        if why := self.checkout.problems.get(place.path):
            raise NotComparable(why)
        content = read_bounded(self.stead.repository / place.path, None)
        return None if content is None else Committed(place.path, content)


@contextmanager
def release_tree(repository: TargetRepository, commit: str) -> Iterator[ReleaseTree]:
    """The release of a commit, until the block ends."""
    with (
        in_stead_of(home_of(repository)) as stead,
        tempfile.TemporaryDirectory(prefix="aeef-index-") as folder,
    ):
        yield ReleaseTree(repository, commit, stead, Path(folder) / "index")


def home_of(repository: TargetRepository) -> Path:
    """The absolute path of the repository as Compose makes it: links are not followed."""
    return Path(os.path.normpath(repository.path.absolute()))


def exists(path: Path) -> bool:
    """True when there is a file or a folder; False for what cannot be a path."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, for example
        return False
