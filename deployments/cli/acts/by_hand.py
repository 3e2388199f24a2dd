"""What all procedures have in common that a command runs in this process, without Prefect."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TypeVar

import typer

from deployments.cli.terminal import plain
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.model import Model
from schemas.settings import Settings
from tasks.notify.page_by_hand import page_failure_by_hand
from tasks.store.sanitize import sanitized

R = TypeVar("R")


def carry_out(procedure: Callable[[], R], incident: Incident, what: str, settings: Settings) -> R:
    """Call the procedure; if it fails or is interrupted, page the on-call and raise the error.

    what: includes the person's name, for instance `rollback by ada`.
    """
    try:
        return procedure()
    except (Exception, KeyboardInterrupt) as error:
        why = str(error) if isinstance(error, AeefError) else type(error).__name__
        _page(incident, sanitized(f"{what} FAILED: {why}", settings), settings)
        raise


def show_progress() -> None:
    """Print what the steps log."""
    progress = logging.StreamHandler()
    progress.setFormatter(logging.Formatter("  %(message)s"))
    log = logging.getLogger("aeef")
    log.addHandler(progress)
    log.setLevel(logging.INFO)
    log.propagate = False


def show(found: Model, text: str, *, as_json: bool) -> None:
    """Print the result: as JSON, or as text."""
    typer.echo(json.dumps(found.to_json(), indent=2) if as_json else plain(text))


def _page(incident: Incident, reason: str, settings: Settings) -> None:
    """Page the on-call, once for the incident; when nobody can be reached, print that."""
    if problem := page_failure_by_hand(incident, reason, settings):
        typer.echo(plain(f"error: {problem}"), err=True)
