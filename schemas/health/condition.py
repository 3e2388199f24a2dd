"""What the containers of a release do, and whether that is well: pure rules over what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

LATELY = timedelta(seconds=60)
"""For a single look: Docker waits up to a minute between two starts of what keeps crashing."""
_MOST_NAMED = 3


class ContainerState(BaseModel):
    """One container, as Docker describes it.

    exit_code: of its last end. out_of_memory: it was killed for its memory.
    restarts: how often Docker started it again. policy: its restart policy.
    health: what its own healthcheck says; None without one.
    last_lines: the end of its output, or of its healthcheck's, where it is in trouble.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    service: str
    status: str
    exit_code: int = 0
    out_of_memory: bool = False
    restarts: int = 0
    started_at: datetime | None = None
    policy: str = "no"
    health: str | None = None
    last_lines: str = ""

    @property
    def did_its_work(self) -> bool:
        """True for what ended as intended, such as a migration."""
        once = self.policy in ("", "no", "on-failure")
        return self.status == "exited" and self.exit_code == 0 and once

    @property
    def is_well(self) -> bool:
        """True when it runs, and its own healthcheck agrees; or when it did its work."""
        runs = self.status == "running" and self.health in (None, "none", "healthy")
        return runs or self.did_its_work

    @property
    def ended(self) -> str:
        """How it ended, to continue "it ended with"."""
        return f"exit code {self.exit_code}{' (out of memory)' if self.out_of_memory else ''}"

    def __str__(self) -> str:
        lines = f"; the last it said:\n{self.last_lines}" if self.last_lines else ""
        return f"service {self.service} {self._does()} ({self.name}){lines}"

    def _does(self) -> str:
        again = f", restarted {_times(self.restarts)}" if self.restarts else ""
        if self.status == "restarting":
            return f"keeps ending with {self.ended}{again}"
        if self.status in ("exited", "dead"):
            should = ", though it should run always" if self.exit_code == 0 else ""
            return f"ended with {self.ended}{should}{again}"
        if self.status == "created":
            return "was not started"
        if self.status == "running" and not self.is_well:
            return f"runs, but its own healthcheck says '{self.health}'{again}"
        return f"is {self.status}{again}"


class Condition(BaseModel):
    """The containers of a target at one moment. wanted: service → how many it should have.

    seen: False for a target whose processes cannot be looked at: one deployed by a command.
    """

    model_config = ConfigDict(frozen=True)

    containers: tuple[ContainerState, ...] = ()
    wanted: Mapping[str, int] = {}
    seen: bool = True


def not_well(now: Condition) -> str | None:
    """What is wrong at this moment, worst first, each service in a sentence; None: nothing."""
    return _joined(list(_troubles(now)))


def restarted_since(before: Condition, now: Condition) -> str | None:
    """Which containers were started again, replaced or removed between two looks."""
    was = {each.id: each for each in before.containers}
    found = []
    for each in now.containers:
        earlier = was.pop(each.id, None)
        if earlier is None:
            found.append(f"service {each.service} got another container ({each.name})")
        elif (each.restarts, each.started_at) != (earlier.restarts, earlier.started_at):
            found.append(_restarted(each))
    found += [f"service {each.service} lost a container ({each.name})" for each in was.values()]
    return _joined(found)


def restarted_lately(now: Condition, at: datetime) -> str | None:
    """Which containers Docker has just started again after a crash: for one look alone."""
    return _joined(
        [
            _restarted(each)
            for each in now.containers
            if each.restarts and each.started_at and each.started_at > at - LATELY
        ]
    )


def _troubles(now: Condition) -> Iterator[str]:
    for service, wanted in sorted(now.wanted.items()):
        mine = [each for each in now.containers if each.service == service]
        well = [each for each in mine if each.is_well]
        if len(well) >= wanted and not any(each.status == "restarting" for each in mine):
            continue
        sick = sorted((each for each in mine if not each.is_well), key=_least_bad)
        if sick:
            yield str(sick[0])
        elif not mine:
            yield f"service {service} has no container"
        else:
            yield f"service {service} has {len(mine)} of {wanted} containers"


def _least_bad(container: ContainerState) -> bool:
    """Sorts a healthcheck that has not spoken yet behind what is really wrong."""
    return container.status == "running" and container.health == "starting"


def _restarted(container: ContainerState) -> str:
    lines = f"; the last it said:\n{container.last_lines}" if container.last_lines else ""
    ended = f" after {container.ended}" if container.exit_code else ""
    return (
        f"service {container.service} was started again{ended}, restarted"
        f" {_times(container.restarts)} in all ({container.name}){lines}"
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _joined(found: list[str]) -> str | None:
    more = len(found) - _MOST_NAMED
    return "; ".join([*found[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]) or None
