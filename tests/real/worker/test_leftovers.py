"""What a run may leave behind in its process, and what ends that process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import ROOT

PROBE = """
import logging, os, subprocess, sys, threading, time
from pathlib import Path
from deployments.worker.leftovers import ProcessState

first = ProcessState.now()
exec(sys.argv[1])
restored = first.restored(first)
print(restored, os.environ.get("LEFT"), Path.cwd(), os.umask(0) == first.umask, "left" in sys.path)
os._exit(0)
"""
CLEAN = "True None / True False"


def _after(what: str) -> str:
    """Whether a process is as it was after this, and what is left in it."""
    command = [sys.executable, "-c", PROBE, what]
    root = ROOT
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


@pytest.mark.parametrize(
    "what",
    [
        "pass",
        "os.environ['LEFT'] = 'yes'",
        "os.chdir('/tmp')",
        "os.umask(0o077)",
        "sys.path.append('left')",
        "open('/dev/null')",
        "subprocess.run(['true'])",
        "threading.Thread(target=time.sleep, args=(0.1,)).start()",
    ],
)
def test_what_can_be_put_back_is_put_back(what: str) -> None:
    """Variables, directory, umask and import path; a thread that has ended is no trace."""
    assert _after(what) == CLEAN


@pytest.mark.parametrize(
    "what",
    [
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "child = subprocess.Popen(['sleep', '1'])",
        "files = [open('/dev/null') for _ in range(30)]",
        "memory = bytearray(os.urandom(1)) * 150_000_000",
        "logging.root.addHandler(logging.NullHandler())",
    ],
)
def test_what_cannot_be_put_back_ends_the_process(what: str) -> None:
    """A thread or a program that goes on, files left open, memory, a handler of log lines."""
    assert _after(what).startswith("False")
