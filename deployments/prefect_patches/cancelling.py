"""Marks a run as cancelled in Prefect's engine: it then ends as Cancelled, not as Crashed.

Prefect has no public API for that. Without this the worker corrects the state afterwards.
"""

from __future__ import annotations

from importlib import import_module


def apply() -> None:
    """Nothing is replaced."""


def say_cancelled() -> None:
    """Mark the run as cancelled; call it before the engine gets the signal that ends the run."""
    listener = import_module("prefect._internal.control_listener")
    listener._set_intent("cancel")  # noqa: SLF001 - it has no public name
