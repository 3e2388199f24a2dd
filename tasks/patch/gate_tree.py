"""The folder that gates run in: the hotfix, judged by files of the commit that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from schemas.errors import PatchError
from schemas.patch import PreparedPatch
from tasks.base.run_command import run_command
from tasks.patch.patch_tree import remove_tree, work_tree
from tasks.target.repository import TargetRepository

_NO_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    # Settings may come by variables, too.
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Without any settings git knows no filter that a tree could ask for, and no hook."""


@contextmanager
def gate_tree(
    repository: TargetRepository, patch: PreparedPatch, place: Path, *, apart: bool
) -> Iterator[Path]:
    """The hotfix, checked out into `place`, which is removed in the end.

    apart: for a sandbox; by git without any settings, so that the tree starts no program, and
    without a `.git`, which could name where secrets are. Git LFS is left out then.
    """
    if patch.commit is None:
        raise PatchError(f"there is no hotfix of {patch.target}")
    how = (
        _exported(repository, patch.commit, place)
        if apart
        else work_tree(repository, patch.commit, place)
    )
    with how as tree:
        for name in patch.taken_back:
            try:
                _take_back(repository, patch.base, tree, name)
            except OSError as error:
                raise PatchError(
                    f"the patch puts something else in the place of {name}, which the gates run"
                    f" ({error.strerror})"
                ) from error
        yield tree


def kept_from(tree: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the files that are there: the running commit has them."""
    return tuple(name for name in names if (tree / name).is_file())


@contextmanager
def _exported(repository: TargetRepository, commit: str, place: Path) -> Iterator[Path]:
    remove_tree(place)
    place.mkdir(mode=0o700, parents=True)
    try:
        with TemporaryDirectory(prefix="aeef-") as own:
            env = {
                **_NO_SETTINGS,
                "GIT_DIR": own,
                "GIT_WORK_TREE": str(place),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repository.objects),
            }
            for arguments in (
                ("init", "--quiet", "--template="),
                ("read-tree", commit),
                ("checkout-index", "--all", "--force"),
            ):
                done = run_command(
                    ("git", *arguments),
                    cwd=place,
                    timeout=repository.target.deploy_timeout,
                    env=env,
                    called=f"git {arguments[0]}",
                )
                if done.problem:
                    raise PatchError(f"{commit[:12]} could not be written for the gates: {done}")
        yield place
    finally:
        remove_tree(place)


def _take_back(repository: TargetRepository, base: str, tree: Path, name: str) -> None:
    """Make a file what it is in the commit that runs: also gone, when it is not there."""
    path = tree / name
    path.unlink(missing_ok=True)
    listed = repository.git("--literal-pathspecs", "ls-tree", "-z", base, "--", name)
    if not listed:
        return
    mode, _, blob = listed.partition("\t")[0].split(" ")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(repository.blob(blob))
    path.chmod(int(mode, 8) & 0o777)
