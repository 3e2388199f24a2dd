"""What the worker remembers of Prefect: asked for once, and never spoilt by who got it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
from prefect.client.schemas.objects import Flow

from deployments.prefect_patches.cached_reads import CACHE_SECONDS, ReadCache

FOREVER = 3600.0
FLOW, OTHER = uuid4(), uuid4()


class Client:
    """Reads like Prefect's, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, UUID]] = []
        self.broken = False

    async def read_flow(self, flow_id: UUID) -> Flow:
        """A flow."""
        self.asked.append(("flow", flow_id))
        if self.broken:
            raise ConnectionError("Prefect is away")
        return Flow(id=flow_id, name=f"answer {len(self.asked)}", tags=["aeef"], labels={})

    async def read_deployment(self, deployment_id: UUID) -> dict[str, Any]:
        """Something else with the same id."""
        self.asked.append(("deployment", deployment_id))
        return {"id": deployment_id, "pull_steps": [{"step": 1}]}


class Time:
    """The monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """Now."""
        return self.seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """What the memory takes for the time."""
    clock = Time()
    monkeypatch.setattr("deployments.prefect_patches.cached_reads.time", clock)
    return clock


@pytest.fixture
def client() -> Client:
    """A client that nobody has asked."""
    return Client()


def remembering(client: Client, seconds: float = FOREVER) -> ReadCache:
    """The memory through which it answers from now on."""
    memory = ReadCache(seconds)
    memory.serve(client, "read_flow", "read_deployment")
    return memory


def ask(method: Callable[[UUID], Awaitable[Any]], wanted: UUID) -> Any:
    """Ask, as the worker does."""

    async def asked() -> Any:
        return await method(wanted)

    return anyio.run(asked)


def test_it_asks_once(client: Client) -> None:
    """The second answer is the first."""
    remembering(client)
    answers = [ask(client.read_flow, FLOW) for _ in range(3)]

    assert ["answer 1"] * 3 == [each.name for each in answers]
    assert [("flow", FLOW)] == client.asked


def test_each_thing_is_cached_by_itself(client: Client) -> None:
    """Another id, and another kind with the same id, are other things."""
    remembering(client)
    for _ in range(2):
        answers = [
            ask(client.read_flow, FLOW),
            ask(client.read_flow, OTHER),
            ask(client.read_deployment, FLOW),
        ]

    assert [FLOW, OTHER, FLOW] == [answers[0].id, answers[1].id, answers[2]["id"]]
    assert [("flow", FLOW), ("flow", OTHER), ("deployment", FLOW)] == client.asked


def test_it_asks_again_after_its_time(client: Client, time: Time) -> None:
    """The time counts from the answer, not from the last time it was given."""
    memory = ReadCache()
    memory.serve(client, "read_flow")
    names = []
    for seconds in (0, CACHE_SECONDS - 1, 1, CACHE_SECONDS - 1, 1):
        time.seconds += seconds
        names.append(ask(client.read_flow, FLOW).name)

    assert ["answer 1", "answer 1", "answer 2", "answer 2", "answer 3"] == names


def test_it_asks_again_when_something_changed(client: Client) -> None:
    """Everything is forgotten at once."""
    memory = remembering(client)
    for _ in range(2):
        ask(client.read_flow, FLOW)
        ask(client.read_deployment, FLOW)
        memory.clear()

    assert 2 * [("flow", FLOW), ("deployment", FLOW)] == client.asked


def test_an_error_is_not_cached(client: Client) -> None:
    """It is raised, and the next asks again."""
    remembering(client)
    client.broken = True
    with pytest.raises(ConnectionError):
        ask(client.read_flow, FLOW)
    client.broken = False

    assert "answer 2" == ask(client.read_flow, FLOW).name


def test_an_outage_does_not_revive_an_old_answer(client: Client, time: Time) -> None:
    """What has had its time is not given out, also when Prefect does not answer."""
    remembering(client, seconds=5)
    ask(client.read_flow, FLOW)
    time.seconds += 5
    client.broken = True

    with pytest.raises(ConnectionError):
        ask(client.read_flow, FLOW)


def test_what_a_caller_changes_does_not_reach_the_next(client: Client) -> None:
    """Not even the first caller's changes, nor those deep inside."""
    remembering(client)
    for _ in range(2):
        flow = ask(client.read_flow, FLOW)
        flow.name = "changed"
        flow.tags.append("changed")
        ask(client.read_deployment, FLOW)["pull_steps"][0]["step"] = "changed"

    flow, deployment = ask(client.read_flow, FLOW), ask(client.read_deployment, FLOW)
    assert ("answer 1", ["aeef"]) == (flow.name, flow.tags)
    assert {"id": FLOW, "pull_steps": [{"step": 1}]} == deployment
    assert 2 == len(client.asked)


def test_other_methods_are_not_touched(client: Client) -> None:
    """What was not named is asked for every time."""
    ReadCache(FOREVER).serve(client, "read_deployment")
    for _ in range(2):
        ask(client.read_flow, FLOW)

    assert 2 * [("flow", FLOW)] == client.asked
