"""Parts of a procedure that must all be tried, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Callable

from schemas.errors import AeefError, RunbookFailed


def attempt_all(*parts: Callable[[], object]) -> None:
    """Do each part, in order, also after one has failed.

    Raises RunbookFailed that tells every failure; a single one as it is.
    """
    failures: list[Exception] = []
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001 - told at the end, after everything was tried
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise RunbookFailed("; ".join(_told(each) for each in failures)) from failures[0]


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
