"""Isolation and its undo: the order of the steps, and the effect of a failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.canned_steps import CannedSteps
from schemas.errors import InvalidInput, PermanentError, RunbookFailed
from schemas.incident import Status
from schemas.isolation import Isolation
from tasks.isolation.procedures import isolate, restore

KEEP, ISOLATE, STATUS = "preserve the service's state", "isolate the service", "change the status"
CHECK, RESTORE = "check the approval", "restore the service"
DONE = Isolation(target="shop", services=["web"])


@pytest.mark.proves("REQ-010-15")
def test_evidence_comes_first_then_the_isolation() -> None:
    """The status changes only where the isolation is all that there is to do."""
    do = CannedSteps({ISOLATE: DONE})

    assert DONE == isolate(do, "shop", ["web"])
    assert [KEEP, ISOLATE] == do.names
    assert isolate(do, "shop", ["web"], mitigates=True) is DONE
    assert (STATUS, (Status.MITIGATED, "the services are isolated")) == do.done[-1]


def test_without_evidence_it_is_isolated_all_the_same() -> None:
    """The failure is raised at the end, and the incident is mitigated."""
    do = CannedSteps({KEEP: PermanentError("evidence", "disk full"), ISOLATE: DONE})

    with pytest.raises(PermanentError, match="disk full"):
        isolate(do, "shop", [], mitigates=True)

    assert [KEEP, ISOLATE, STATUS] == do.names


def test_what_is_not_isolated_is_not_mitigated() -> None:
    """Both failures are reported."""
    broken = {KEEP: PermanentError("evidence", "disk full"), ISOLATE: PermanentError("D", "gone")}
    do = CannedSteps(broken)

    with pytest.raises(RunbookFailed, match="disk full; D: gone"):
        isolate(do, "shop", [], mitigates=True)

    assert STATUS not in do.names


def helped(calls: list[str]) -> Callable[[Callable[[], Isolation]], Isolation]:
    """A way to carry out a procedure that calls for help when it fails."""

    def carry_out(procedure: Callable[[], Isolation]) -> Isolation:
        try:
            return procedure()
        except PermanentError:
            calls.append("help")
            raise

    return carry_out


def test_a_refusal_to_restore_needs_no_help() -> None:
    """It ends before anything is done; a failure later is another thing."""
    calls: list[str] = []
    refused = CannedSteps({CHECK: InvalidInput("shop stays isolated")})
    failing = CannedSteps({CHECK: "Ada", RESTORE: PermanentError("D", "gone")})

    with pytest.raises(InvalidInput):
        restore(refused, "shop", [], "", helped(calls))
    assert ([CHECK], []) == (refused.names, calls)
    with pytest.raises(PermanentError):
        restore(failing, "shop", [], "Ada", helped(calls))
    assert ([CHECK, RESTORE], ["help"]) == (failing.names, calls)
    assert DONE == restore(CannedSteps({RESTORE: DONE}), "shop", [], "Ada", helped(calls))
