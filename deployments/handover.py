"""Hands our settings to a process of ours that is started, past its environment.

Anybody of the same user could read the environment that a process begins with. So it begins without
them, closes itself to others, asks for them through its standard input, and then becomes the
module that it was started for: `python -P -m deployments.handover MODULE ARGUMENTS`.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress

from schemas.held import held, hold, hold_environment
from tasks.base.programs.environment import is_private
from tasks.base.programs.own_process import close_to_others

START = (sys.executable, "-P", "-m", "deployments.handover")
"""Before the module's name. -P: the current folder may have a package `flows` of its own."""
_HOME = "AEEF_HOME"
"""Stays in the environment: by it a process is known as ours."""
_CLOSED = b"closed"


class Handover:
    """Our end of it. environment: what the new process begins with, without any setting."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        given = {**held(), **environment}
        self.environment = {
            name: value for name, value in given.items() if name == _HOME or not is_private(name)
        }
        self._settings = {name: value for name, value in given.items() if is_private(name)}
        self._ours, self._theirs = socket.socketpair()

    @property
    def stdin(self) -> int:
        """What the new process gets as its input."""
        return self._theirs.fileno()

    def begin(self) -> None:
        """Once the process is started: answer it when it asks, without keeping anybody waiting."""
        self._theirs.close()
        threading.Thread(target=self._answer, daemon=True, name="handover").start()

    def _answer(self) -> None:
        with self._ours, suppress(OSError):  # it has ended: whoever started it sees that
            if self._ours.recv(len(_CLOSED)) == _CLOSED:
                self._ours.sendall(json.dumps(self._settings).encode())


def keep_to_ourselves() -> None:
    """For a process that a person starts: closed to others, and its children get no settings."""
    close_to_others()
    hold_environment()


def look_seldom_for_garbage() -> None:
    """For what comes next: thousands of imported objects stay for good, and none is garbage.

    To look for it again and again, as Python does by default, takes a fifth of the time in which
    a process of ours starts, and at its end a quarter of what a command takes altogether
    (docs/performance.md). Cycles of garbage wait a little longer, and at the end for the system.
    """
    gc.set_threshold(50_000, 20, 50)
    atexit.register(gc.freeze)  # after whatever else is registered: the first comes last


def take_over() -> None:
    """The new process's end. Exits when nobody hands anything over."""
    close_to_others()
    settings = b""
    with suppress(OSError), socket.socket(fileno=os.dup(0)) as giver:
        giver.sendall(_CLOSED)
        with giver.makefile("rb") as answer:
            settings = answer.read()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        hold(json.loads(settings))
    except ValueError:
        sys.exit("whoever started this process has ended, and handed no settings over")


def main() -> None:
    """Take the settings over, then run the module that the arguments name."""
    look_seldom_for_garbage()
    take_over()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
