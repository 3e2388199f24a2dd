"""Finds Docker Compose: v2 (`docker compose`), or docker-compose 1.x."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from schemas.errors import TargetError
from schemas.settings import Target
from tasks.base.run_command import run_command

Program = tuple[str, ...]
"""How Compose is called, word by word."""

_ANSWER_TIMEOUT = 60.0
_ANSWERED: dict[tuple[str | None, ...], str] = {}
"""What the programs that have answered said, which does not change."""


def find_compose(target: Target) -> Program:
    """The target's `compose_command`, else the first of the two that is installed.

    Raises TargetError when there is none.
    """
    configured = target.compose_command
    program = configured or ("docker", "compose")
    problem = _does_not_answer(program)
    if problem is None:
        return program
    if configured:
        raise TargetError(
            "find Docker Compose",
            f"{problem}; put right compose_command in [targets.{target.name}]",
        )
    if shutil.which("docker-compose"):
        return ("docker-compose",)
    raise TargetError(
        "find Docker Compose",
        "neither 'docker compose' nor 'docker-compose' is installed; install the"
        " docker-compose-plugin package",
    )


def is_old(program: Program) -> bool:
    """True for docker-compose 1.x."""
    _does_not_answer(program)
    return bool(re.search(r"version v?1\.", _ANSWERED.get(_place(program), "")))


def _does_not_answer(program: Program) -> str | None:
    """Why this program is not Compose, or None; cached for a program that has answered."""
    if _place(program) in _ANSWERED:
        return None
    asked = run_command((*program, "version"), cwd=Path.cwd(), timeout=_ANSWER_TIMEOUT)
    if asked.problem is None:
        _ANSWERED[_place(program)] = asked.output
        return None
    return str(asked)


def _place(program: Program) -> tuple[str | None, ...]:
    return (shutil.which(program[0]), *program[1:])
