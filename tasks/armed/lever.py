"""One lever: what may have to work at night, and how it is tried harmlessly by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import NamedTuple

from schemas.errors import AeefError
from schemas.incident import Severity
from tasks.base.within import within

SECONDS = 20.0
"""A lever that has not answered by then would be too late in an incident, too."""


class Outcome(StrEnum):
    """What became of a lever."""

    ARMED = "ok"
    DISARMED = "FAILED"
    NOT_CONFIGURED = "not configured"


class NotConfigured(Exception):
    """Nothing is configured that could work; the text says what to set."""


class Disarmed(AeefError):
    """The lever would not work now; the text says why, and what to do."""


class Lever(NamedTuple):
    """Something that must work in an incident.

    check: tries it and changes nothing; returns what was seen. Raises AeefError with the remedy,
    or NotConfigured. service: whose it is. severity: of the incident when it is disarmed.
    from_the_start: it is armed on every new installation, so it need not have been seen so.
    """

    name: str
    check: Callable[[], str]
    service: str = "aeef-runbooks"
    seconds: float = SECONDS
    severity: Severity = Severity.P3
    from_the_start: bool = False


class Tried(NamedTuple):
    """What a try found; `detail` says what to do when it is not armed."""

    lever: Lever
    outcome: Outcome
    detail: str


def try_levers(levers: Sequence[Lever]) -> list[Tried]:
    """Try all of them side by side; in the given order."""
    if not levers:
        return []
    with ThreadPoolExecutor(len(levers), thread_name_prefix="lever") as pool:
        return list(pool.map(_try, levers))


def _try(lever: Lever) -> Tried:
    try:
        return Tried(lever, Outcome.ARMED, within(lever.seconds, lever.check))
    except NotConfigured as missing:
        return Tried(lever, Outcome.NOT_CONFIGURED, str(missing))
    except TimeoutError:
        said = f"it was not seen to work within {lever.seconds:g} s: what it needs hangs"
        return Tried(lever, Outcome.DISARMED, said)
    except AeefError as error:
        return Tried(lever, Outcome.DISARMED, str(error))
    except Exception as error:  # noqa: BLE001 - an error must not hide the other levers
        return Tried(lever, Outcome.DISARMED, f"cannot be tried: {type(error).__name__}")
