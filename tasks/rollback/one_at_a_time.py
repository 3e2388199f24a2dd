"""One rollback of a target at a time: on this machine, and on all that share its Prefect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from schemas.settings import Settings, Target
from tasks.step import in_flow_run, log_line
from tasks.target.lock import target_lock

Turn = Callable[[Target, Settings], AbstractContextManager[str | None]]
_turn: Turn | None = None


def take_turns_by(turn: Turn) -> None:
    """Also hold this in a flow run; set by what runs flows: only that knows Prefect."""
    global _turn  # noqa: PLW0603 - one per process, as Prefect's own context is
    _turn = turn


@contextmanager
def one_rollback_at_a_time(target: Target, settings: Settings) -> Iterator[str | None]:
    """Wait until nobody else is rolling back this target; yield what is to be put on record.

    The lock in the repository covers this machine, including a rollback by hand without Prefect;
    it decides. A flow run also takes a limit in Prefect's server, which covers other machines and
    is shown in its UI: when Prefect cannot give it for a fault of its own, the rollback goes on.
    Raises TargetError when somebody else does not finish in time.
    """
    remark = None
    with ExitStack() as held:
        if _turn and in_flow_run() and not settings.prefect_embedded:
            remark = held.enter_context(_turn(target, settings))
        held.enter_context(target_lock(target, settings.home, waiting=log_line))
        yield remark
