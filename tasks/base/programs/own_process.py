"""Keeps other programs of the same user out of this process: its memory, environment, files.

Linux only: elsewhere nothing is done, and `aeef doctor` says so. Root reads everything anyway.
"""

from __future__ import annotations

import ctypes
import sys

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4
"""https://man7.org/linux/man-pages/man2/prctl.2.html"""


def close_to_others() -> bool:
    """Make `/proc/PID/environ`, `fd` and `mem` of this process unreadable, and attaching to it.

    Children that are forked inherit it; a program that is executed starts open. True when it is so.
    """
    return _prctl(_PR_SET_DUMPABLE, 0) == 0 and is_closed()


def is_closed() -> bool:
    """True when no other program of this user can look into this process."""
    return _prctl(_PR_GET_DUMPABLE, 0) == 0


def _prctl(option: int, value: int) -> int:
    if sys.platform != "linux":
        return -1
    return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0))
