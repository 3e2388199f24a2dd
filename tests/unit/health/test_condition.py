"""Whether the containers of a release are well, from what was seen of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.health import (
    Condition,
    ContainerState,
    not_well,
    restarted_lately,
    restarted_since,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR_AGO = NOW - timedelta(hours=1)


def container(**changes: Any) -> ContainerState:
    """A web server that has been running for an hour, with these changes."""
    running = {"id": "a1", "name": "shop-web-1", "service": "web", "status": "running",
               "started_at": HOUR_AGO, "policy": "always"}  # fmt: skip
    return ContainerState.model_validate(running | changes)


def seen(*containers: ContainerState, **wanted: int) -> Condition:
    """These containers, of services that should have so many."""
    return Condition(containers=containers, wanted=wanted or {"web": 1})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"health": "healthy"}, None),
        ({"health": "none"}, None),
        ({"restarts": 3}, None),
        ({"health": "starting"}, "service web runs, but its own healthcheck says 'starting'"),
        ({"health": "unhealthy"}, "service web runs, but its own healthcheck says 'unhealthy'"),
        (
            {"status": "restarting", "exit_code": 1, "restarts": 6, "last_lines": "no\nqueue"},
            "service web keeps ending with exit code 1, restarted 6 times (shop-web-1);"
            " the last it said:\nno\nqueue",
        ),
        ({"status": "exited", "exit_code": 137}, "service web ended with exit code 137"),
        ({"status": "exited", "policy": "no"}, None),
        ({"status": "exited", "policy": "on-failure"}, None),
        ({"status": "exited", "policy": "no", "exit_code": 1}, "ended with exit code 1"),
        ({"status": "exited"}, "ended with exit code 0, though it should run always"),
        ({"status": "exited", "policy": "unless-stopped"}, "though it should run always"),
        ({"status": "created", "policy": "no"}, "service web was not started"),
        ({"status": "paused"}, "service web is paused"),
        ({"status": "dead", "policy": "no"}, "service web ended with exit code 0"),
    ],
)
def test_one_container(changes: dict[str, Any], problem: str | None) -> None:
    """What runs, and what ended as it should, is well."""
    found = not_well(seen(container(**changes)))

    assert (found is None) == (problem is None)
    assert problem is None or problem in str(found)


def test_every_replica_counts() -> None:
    """One of three is not enough; three of two are; none is named as such."""
    first, second = container(), container(id="b2", name="shop-web-2")
    sick = container(id="c3", status="exited", exit_code=3)

    assert "service web has no container" == not_well(seen())
    assert "service web has 1 of 3 containers" == not_well(seen(first, web=3))
    assert "exit code 3" in str(not_well(seen(first, sick, web=2)))
    assert not_well(seen(first, second, sick, web=2)) is None
    assert not_well(seen(web=0)) is None


def test_what_is_not_seen_is_not_judged() -> None:
    """A target that is deployed by a command."""
    assert not_well(Condition(seen=False)) is None


def test_many_problems_stay_readable() -> None:
    """Three are named, and how many more there are."""
    problem = not_well(seen(**{f"s{number}": 1 for number in range(9)}))

    assert "s0 has no container" in str(problem)
    assert str(problem).endswith("; and 6 more")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, None),
        ({"health": "healthy"}, None),
        ({"status": "exited", "policy": "no"}, None),
        ({"restarts": 1, "last_lines": "oops"}, "service web was started again, restarted once"),
        ({"started_at": NOW}, "service web was started again"),
        ({"id": "b2"}, "service web got another container"),
    ],
)
def test_a_restart_between_two_looks_is_seen(changes: dict[str, Any], text: str | None) -> None:
    """By Docker or by somebody else, also when it runs at both looks."""
    found = restarted_since(seen(container()), seen(container(**changes)))

    assert (found is None) == (text is None)
    assert text is None or text in str(found)


def test_a_container_that_is_gone_is_seen() -> None:
    """Whoever removed it."""
    assert "lost a container" in str(restarted_since(seen(container()), seen()))


@pytest.mark.parametrize(
    ("changes", "lately"),
    [
        ({}, False),
        ({"started_at": NOW}, False),
        ({"started_at": NOW, "restarts": 1}, True),
        ({"started_at": NOW - timedelta(seconds=50), "restarts": 9}, True),
        ({"restarts": 9}, False),
        ({"started_at": None, "restarts": 9}, False),
    ],
)
def test_one_look_alone_sees_a_restart_of_the_last_minute(
    changes: dict[str, Any], lately: bool
) -> None:
    """A release that has just been deployed was not restarted; a crash of last week is over."""
    assert (restarted_lately(seen(container(**changes)), NOW) is not None) is lately


@given(
    st.sampled_from(["created", "running", "restarting", "exited", "paused", "dead", "removing"]),
    st.sampled_from([None, "none", "starting", "healthy", "unhealthy"]),
    st.sampled_from(["no", "always", "unless-stopped", "on-failure"]),
    st.integers(0, 255),
)
def test_nothing_is_well_that_neither_runs_nor_did_its_work(
    status: str, health: str | None, policy: str, code: int
) -> None:
    """In every combination."""
    state = container(status=status, health=health, policy=policy, exit_code=code)
    well = not_well(seen(state)) is None

    if status == "running":
        assert well is (health in (None, "none", "healthy"))
    else:
        assert well is (status == "exited" and code == 0 and policy in ("no", "on-failure"))
