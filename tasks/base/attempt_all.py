"""Runs all parts of a procedure, even when some fail."""

from __future__ import annotations

from collections.abc import Callable

from schemas.errors import AeefError, RunbookFailed


def attempt_all(*parts: Callable[[], object]) -> None:
    """Do each part, in order, even after one has failed.

    Raises a single failure as it is; several as one RunbookFailed that lists them.
    """
    failures: list[Exception] = []
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001 - raised after everything was tried
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise RunbookFailed("; ".join(_in_words(each) for each in failures)) from failures[0]


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
