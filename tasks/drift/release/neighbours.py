"""An empty folder with the same neighbours as the repository: paths that lead out keep meaning."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class Stead:
    """A folder in the repository's stead. root: what stands for `/`, repository: its stand-in."""

    def __init__(self, root: Path, repository: Path) -> None:
        self.root = root
        self.repository = repository

    def of(self, path: str) -> Path:
        """The stand-in of an absolute path."""
        return self.root / path.lstrip("/")

    def at_home(self, value: Any) -> Any:
        """The same data, with every stand-in's path replaced by the real one."""
        if isinstance(value, Mapping):
            return {self.at_home(name): self.at_home(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.at_home(each) for each in value]
        if isinstance(value, str):
            root = str(self.root)
            return value.replace(f"{root}/", "/").replace(root, "/")
        return value


@contextmanager
def in_stead_of(repository: Path) -> Iterator[Stead]:
    """A temporary folder for each folder above the repository, with links to all the others in it.

    So `../shared/app.env` is the real one from there, however the path came about, and what
    Compose makes of it is turned back by `at_home`. Ours to read only: nothing is written there.
    """
    with tempfile.TemporaryDirectory(prefix="aeef-drift-") as folder:
        root = here = Path(folder).resolve()
        there = Path(repository.anchor)
        for part in repository.parts[1:]:
            with (
                suppress(OSError),
                os.scandir(there) as neighbours,
            ):  # not every folder can be listed
                for each in neighbours:
                    if each.name != part:
                        (here / each.name).symlink_to(each.path)
            here, there = here / part, there / part
            here.mkdir()
        yield Stead(root, here)
