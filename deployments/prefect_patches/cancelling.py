"""Tells Prefect's engine that its run was cancelled: it then ends as Cancelled, not as Crashed.

Prefect has no public way. Without this the worker puts right afterwards what the engine says.
"""

from __future__ import annotations

from importlib import import_module


def apply() -> None:
    """Nothing is replaced."""


def say_cancelled() -> None:
    """Before the engine gets the signal that ends its run."""
    listener = import_module("prefect._internal.control_listener")
    listener._set_intent("cancel")  # noqa: SLF001
