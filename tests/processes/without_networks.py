"""Becomes a browser that does not hear of networks: `python without_networks.py PROGRAM ARGUMENTS`.

Chromium drops what it is loading, also from this machine itself, when a network of the machine
comes or goes (net::ERR_NETWORK_CHANGED), as those of other tests' containers do all the time. It
has no switch for that. It hears of them by a netlink socket: it gets none, and does without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

_SOCKET_CALL = {"x86_64": 41, "aarch64": 198}.get(platform.machine())
"""The number of the system call `socket`."""
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _FIRST_ARGUMENT = 0, 16
"""Where they are in what a filter is given (seccomp(2), `struct seccomp_data`)."""
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _BY_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse_netlink(call: int) -> None:
    """From now on, for this process and all that it starts. Raises OSError."""
    steps = (
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_IF_EQUAL, 0, 3, call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_IF_EQUAL, 0, 1, socket.AF_NETLINK),
        (_RETURN, 0, 0, _REFUSE | errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    )
    program = _Program(len(steps), b"".join(struct.pack("HBBI", *step) for step in steps))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SET_SECCOMP, _BY_FILTER, ctypes.byref(program), 0, 0),
    ):
        if prctl(*arguments):
            raise OSError(ctypes.get_errno(), "no filter for system calls can be set")


if __name__ == "__main__":
    if _SOCKET_CALL is not None:
        refuse_netlink(_SOCKET_CALL)
    os.execv(sys.argv[1], sys.argv[1:])
