"""What Prefect has of ours, in a few requests however much that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.responses import DeploymentResponse

from deployments.registry.catalog import DEPLOYED

T = TypeVar("T")


def every(read: Callable[..., list[T]], **filters: Any) -> list[T]:
    """Everything of a kind that Prefect has; it hands out a limited number at a time.

    read: a method of its client that takes `offset`.
    """
    found: list[T] = []
    while page := read(offset=len(found), **filters):
        found += page
    return found


def deployments_of_ours(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    """The deployments of our flows, by their full names."""
    ours = FlowFilter(name=FlowFilterName(any_=sorted({row.flow for row in DEPLOYED})))
    flows = {flow.id: flow.name for flow in every(client.read_flows, flow_filter=ours)}
    return {
        f"{flows[each.flow_id]}/{each.name}": each
        for each in every(client.read_deployments, flow_filter=ours)
        if each.flow_id in flows
    }
