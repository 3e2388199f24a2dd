"""Writes files of a commit as `git checkout` would, into a folder beside the work tree.

With an index and a work tree of their own, git itself does everything that it does between its
store and a work tree, as that commit's `.gitattributes` say:
filters, line ends, encodings, `$Id$`.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from schemas.errors import InvalidInput, TargetError
from tasks.base.run_command import Finished, run_command
from tasks.drift.release.committed_tree import LINK, CommittedTree
from tasks.target.repository import TargetRepository

_TIMEOUT = 60.0
_FILTER_TIMEOUT = 30.0
_ALL_FILTERS = 120.0
"""Seconds for the filters of one assessment together."""
_AT_ONCE = 200
_OURS = (
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "core.fsmonitor=false",
    "-c", "core.splitIndex=false",
    "-c", "core.sparseCheckout=false",
)  # fmt: skip
"""A new index is complete, and tells nobody."""
_NO_FILTER = ("unspecified", "unset", "set", "")


class NotComparable(InvalidInput):
    """A part of the release that cannot be known here: it is told, but is no drift."""


class Checkout:
    """The files of a commit that have been written so far.

    place: their folder, which is git's work tree for them. problems: file → why it could not
    be written.
    """

    def __init__(
        self, repository: TargetRepository, tree: CommittedTree, place: Path, index: Path
    ) -> None:
        self.place = place
        self.problems: dict[str, str] = {}
        self._repository = repository
        self._tree = tree
        self._index = index
        self._written: set[str] = set()
        self._hangs: set[str] = set()
        self._spent = 0.0
        self._must("read-tree", "--no-sparse-checkout", tree.commit)
        self._write_plain([n for n in tree.files if n.rpartition("/")[2] == ".gitattributes"])
        self._filters = self._configured()

    def write(self, names: Iterable[str]) -> None:
        """Write committed files; those that are there already are left alone."""
        new = [name for name in dict.fromkeys(names) if name not in self._written]
        if not new:
            return
        self._written.update(new)
        filtered = self._filter_of(new)
        self._write_plain([name for name in new if name not in filtered])
        for name, driver in filtered.items():
            why = self._write_filtered(name, driver)
            if why:
                (self.place / name).unlink(missing_ok=True)
                self.problems[name] = f"it is stored through the filter '{driver[:60]}', {why}"

    def is_what_git_stores(self, name: str, present: Path) -> bool:
        """True when git would store this content as the commit has it: it sees no change then.

        What a checkout would write may differ even so: from a filter that adds the date, or since
        line ends were agreed on. No checkout would put that right, as git leaves such files alone.
        """
        stored = self._git("hash-object", f"--path={name}", str(present), timeout=_FILTER_TIMEOUT)
        return stored.problem is None and stored.output.strip() == self._tree.files[name].identity

    def is_stored_as(self, name: str, present: bytes) -> bool:
        """True when the content is, byte for byte, what git stores."""
        return self._repository.blob(self._tree.files[name].identity) == present

    def _write_plain(self, names: Sequence[str]) -> None:
        self._written.update(names)
        for start in range(0, len(names), _AT_ONCE):
            self._must("checkout-index", "--force", "--", *names[start : start + _AT_ONCE])

    def _write_filtered(self, name: str, driver: str) -> str | None:
        """Why the file could not be written; None when it is there."""
        if driver not in self._filters:
            return "which is not set up here"
        if driver in self._hangs or self._spent > _ALL_FILTERS:
            return "which takes too long"
        self._lend_scripts(self._filters[driver])
        # As if required: git would else write what it stores when the filter fails.
        required = ("-c", f"filter.{driver}.required=true") if self._filters[driver] else ()
        began = time.monotonic()
        done = self._git(
            "checkout-index", "--force", "--", name, options=required, timeout=_FILTER_TIMEOUT
        )
        self._spent += time.monotonic() - began
        if done.code is None:
            self._hangs.add(driver)
            return f"which did not finish within {_FILTER_TIMEOUT:g} s"
        return "which failed" if done.problem else None

    def _lend_scripts(self, command: str) -> None:
        """Git runs a filter at the top of the work tree: let it find a script that is there."""
        with suppress(ValueError):
            for word in shlex.split(command):
                script, here = self._repository.path / word, self.place / word
                if not word.startswith("/") and "/" in word and script.is_file():
                    here.parent.mkdir(parents=True, exist_ok=True)
                    with suppress(FileExistsError):
                        here.symlink_to(script)

    def _configured(self) -> dict[str, str]:
        """Filter → the command that writes its files; empty for one that only stores them."""
        asked = self._git("config", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process)$")
        found: dict[str, str] = {}
        for entry in asked.output.split("\0"):
            key, _, command = entry.partition("\n")
            driver, _, what = key.removeprefix("filter.").rpartition(".")
            if command:
                found[driver] = found.get(driver, "") if what == "clean" else command
        return found

    def _filter_of(self, names: Sequence[str]) -> dict[str, str]:
        """File → its filter, of those that have one."""
        regular = [name for name in names if self._tree.files[name].mode != LINK]
        found: dict[str, str] = {}
        for start in range(0, len(regular), _AT_ONCE):
            asked = regular[start : start + _AT_ONCE]
            values = self._must("check-attr", "-z", "--cached", "filter", "--", *asked)
            of_each = zip(asked, values.split("\0")[2::3], strict=True)
            found |= {name: value for name, value in of_each if value not in _NO_FILTER}
        return found

    def _must(self, *arguments: str) -> str:
        done = self._git(*arguments)
        if done.problem:
            raise TargetError("check out the release elsewhere", f"{done.problem}\n{done.errors}")
        return done.output

    def _git(
        self, *arguments: str, options: Sequence[str] = (), timeout: float = _TIMEOUT
    ) -> Finished:
        return run_command(
            ("git", *_OURS, *options, *arguments),
            cwd=self.place,
            timeout=timeout,
            env={
                "GIT_DIR": str(self._repository.git_dir),
                "GIT_WORK_TREE": str(self.place),
                "GIT_INDEX_FILE": str(self._index),
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_TERMINAL_PROMPT": "0",
            },
            errors_apart=True,
            called=f"git {arguments[0]}",
        )
