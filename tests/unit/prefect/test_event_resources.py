"""The worker passes a run what Prefect would have answered, checked with Prefect's own code.

These tests are meant to fail when a new Prefect keeps these things in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import anyio
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import Flow, FlowRun, WorkPool, WorkQueue
from prefect.client.schemas.responses import DeploymentResponse
from prefect.context import FlowRunContext
from prefect.events import related
from prefect.events.schemas.events import RelatedResource
from pydantic import TypeAdapter

from deployments.prefect_patches.event_resources import Related, related_to, send_less_for_events

T = TypeVar("T")

QUEUE_ID = uuid4()
POOL = WorkPool(name="aeef", type="aeef-warm", default_queue_id=QUEUE_ID)
QUEUE = WorkQueue(id=QUEUE_ID, name="default", work_pool_id=POOL.id)
FLOW = Flow(id=uuid4(), name="security", tags=["of the flow"], labels={})
DEPLOYMENT = DeploymentResponse(
    id=uuid4(),
    name="security",
    flow_id=FLOW.id,
    tags=["aeef", "of the deployment"],
    labels={},
    work_queue_id=QUEUE.id,
    work_pool_name=POOL.name,
)


class Prefect:
    """Answers what Prefect's client asks for with the real objects, and keeps what was asked."""

    def __init__(self, deployment: DeploymentResponse = DEPLOYMENT) -> None:
        self.deployment = deployment
        self.asked: list[Any] = []

    async def read_flow(self, flow_id: UUID) -> Flow:
        """The flow."""
        return self._answer(flow_id, FLOW.id, FLOW)

    async def read_deployment(self, deployment_id: UUID) -> DeploymentResponse:
        """The deployment."""
        return self._answer(deployment_id, DEPLOYMENT.id, self.deployment)

    async def read_work_queue(self, queue_id: UUID) -> WorkQueue:
        """The queue."""
        return self._answer(queue_id, QUEUE.id, QUEUE)

    async def read_work_pool(self, name: str) -> WorkPool:
        """The pool."""
        return self._answer(name, POOL.name, POOL)

    def _answer(self, asked: object, known: object, answer: T) -> T:
        assert known == asked
        self.asked.append(asked)
        return answer


class NeverAsked:
    """Raises whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        async def refuse(wanted: object) -> None:
            raise AssertionError(f"{name} was asked for {wanted}")

        return refuse


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """Empty the cache before and after each test."""
    related.RESOURCE_CACHE.clear()
    yield
    related.RESOURCE_CACHE.clear()


def a_run(**more: Any) -> FlowRun:
    """A run of the deployment, as the worker gets it."""
    known = {
        "flow_id": FLOW.id,
        "name": "brave-otter",
        "tags": ["of the run"],
        "deployment_id": DEPLOYMENT.id,
        "work_queue_id": QUEUE.id,
        "work_queue_name": QUEUE.name,
        "work_pool_name": POOL.name,
    }
    return FlowRun(**{**known, **more})


def told(known: list[Related]) -> None:
    """Pass it to the events, through the pipe from which a run's process reads it."""
    many = TypeAdapter(list[Related])
    send_less_for_events(many.validate_json(many.dump_json(known)))


in_a_run: Callable[..., FlowRunContext] = FlowRunContext.model_construct
"""The context of a run, without the engine that is usually in it."""


def related_by(client: object, run: FlowRun) -> list[RelatedResource]:
    """What Prefect's own code names beside an event of the run."""

    async def found() -> list[RelatedResource]:
        with in_a_run(flow_run=run):
            return await related.related_resources_from_run_context(cast("PrefectClient", client))

    return anyio.run(found)


def test_prefect_itself_asks_for_all_of_them() -> None:
    """Otherwise the other tests would prove nothing."""
    prefect = Prefect()
    resources = related_by(prefect, a_run())

    assert {FLOW.id, DEPLOYMENT.id, QUEUE.id, POOL.name} == set(prefect.asked)
    assert {
        "flow-run": "brave-otter",
        "flow": "security",
        "deployment": "security",
        "work-queue": "default",
        "work-pool": "aeef",
    } == {each.role: each.name for each in resources if each.role != "tag"}


def test_what_is_told_is_what_prefect_would_have_answered() -> None:
    """Ids, names, roles, tags and all the rest; nothing is asked for."""
    run = a_run()
    asked = related_by(Prefect(), run)
    related.RESOURCE_CACHE.clear()
    told(related_to(run, FLOW, DEPLOYMENT, POOL))

    assert asked == related_by(NeverAsked(), run)
    assert 9 == len(asked)


def test_the_version_of_a_deployment_is_told_too() -> None:
    """Prefect Cloud has versions and branches, and they are in the events."""
    version = {"type": "git", "version": "abc1234", "branch": "main"}
    versioned = DeploymentResponse.model_validate(
        {
            **DEPLOYMENT.model_dump(),
            "branch": "main",
            "base": uuid4(),
            "root": uuid4(),
            "version_id": uuid4(),
            "version_info": version,
        }
    )
    run = a_run()
    asked = related_by(Prefect(versioned), run)
    related.RESOURCE_CACHE.clear()
    told(related_to(run, FLOW, versioned, POOL))

    assert asked == related_by(NeverAsked(), run)
    assert "abc1234" in str(asked)


def test_a_run_without_a_deployment() -> None:
    """It has no deployment and no queue to be named."""
    run = a_run(deployment_id=None, work_queue_id=None, work_queue_name=None)
    asked = related_by(Prefect(), run)
    related.RESOURCE_CACHE.clear()
    told(related_to(run, FLOW, None, POOL))

    assert asked == related_by(NeverAsked(), run)


def test_what_the_worker_does_not_know_is_asked_for() -> None:
    """Only the missing flow is asked for."""
    run, prefect = a_run(), Prefect()
    asked = related_by(Prefect(), run)
    related.RESOURCE_CACHE.clear()
    told(related_to(run, None, DEPLOYMENT, POOL))

    assert asked == related_by(prefect, run)
    assert [FLOW.id] == prefect.asked


def test_a_queue_whose_name_is_not_known_is_asked_for() -> None:
    """Prefect does not always return it with the run."""
    run, prefect = a_run(work_queue_name=None), Prefect()
    asked = related_by(Prefect(), run)
    related.RESOURCE_CACHE.clear()
    told(related_to(run, FLOW, DEPLOYMENT, POOL))

    assert asked == related_by(prefect, run)
    assert [QUEUE.id] == prefect.asked
