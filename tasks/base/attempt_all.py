"""Runs all parts of a procedure, even when some fail."""

from __future__ import annotations

from collections.abc import Callable

from schemas.errors import AeefError, RunbookFailed, Withheld


def attempt_all(*parts: Callable[[], object]) -> None:
    """Do each part, in order, even after one has failed.

    Raises a single failure as it is; several as one RunbookFailed that lists them. What was only
    withheld, with nobody needed for it, is no failure: it is raised when nothing else is.
    """
    failures: list[Exception] = []
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001 - raised after everything was tried
            failures.append(error)
    withheld = [each for each in failures if isinstance(each, Withheld)]
    if withheld and len(withheld) == len(failures):
        raise Withheld(
            "; ".join(dict.fromkeys(map(str, withheld))),
            needs_person=any(each.needs_person for each in withheld),
        )
    failures = [each for each in failures if not isinstance(each, Withheld) or each.needs_person]
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise RunbookFailed("; ".join(_in_words(each) for each in failures)) from failures[0]


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
