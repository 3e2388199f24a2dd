"""Stand-in for the few calls of Prefect's API that are made outside a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from prefect.events.schemas.events import Event
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import TypeAdapter, ValidationError

from standins.server import Received, Reply
from standins.standin import StandIn

_events = TypeAdapter(list[Event])


class Prefect(StandIn):
    """Keeps events, artifacts and new runs; knows the runs that it is given, with their state."""

    section = "prefect"
    base_path = "/api"

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.batches: list[list[str]] = []
        self.refuses: set[str] = set()
        self.artifacts: list[dict[str, Any]] = []
        self.deployed = {"emergency-patch/prepare"}
        self.started: list[dict[str, Any]] = []
        self.runs: dict[UUID, tuple[str, dict[str, Any]]] = {}
        self.more: dict[UUID, dict[str, Any]] = {}
        self.state_of: dict[UUID, dict[str, Any]] = {}
        self.states_before: dict[UUID, list[dict[str, Any]]] = {}
        self.steps: list[dict[str, Any]] = []
        self.heartbeats: list[str] = []
        self.online: dict[str, bool] = {}
        self.slot_is_taken = False
        self.set_states: list[tuple[UUID, dict[str, Any]]] = []

    def credentials(self) -> dict[str, str]:
        """None: it is on the loopback."""
        return {}

    @contextmanager
    def used(self) -> Iterator[None]:
        """In this context Prefect's client uses this server."""
        with temporary_settings({PREFECT_API_URL: self.url}):
            yield

    def answer(self, request: Received) -> Reply:
        """Accept events, and return flow runs."""
        match request.method, request.path.removeprefix(self.base_path).split("/")[1:]:
            case "GET", ["csrf-token"]:
                return Reply(422, {"detail": "CSRF protection is disabled."})
            case "POST", ["events"]:
                return self._take(request)
            case "POST", ["flow_runs", "filter"]:
                wanted = request.json["flow_runs"]
                found = [each for each, run in self.runs.items() if _is_wanted(each, run, wanted)]
                return Reply(200, [self._run(run_id) for run_id in found])
            case "GET", ["flow_runs", run_id]:
                known = UUID(run_id) in self.runs
                return Reply(200, self._run(UUID(run_id))) if known else Reply(404, {})
            case "POST", ["flow_runs", run_id, "set_state"]:
                return self._set_state(UUID(run_id), request.json["state"])
        return self._say(request) or self._make(request)

    def _run(self, run_id: UUID) -> dict[str, Any]:
        made = _run(run_id, *self.runs[run_id])
        # The same state has the same id each time that it is read.
        state = {"id": str(uuid5(run_id, made["state_type"])), **self.state_of.get(run_id, {})}
        return {**made, "state": {**made["state"], **state}, **self.more.get(run_id, {})}

    def _set_state(self, run_id: UUID, state: dict[str, Any]) -> Reply:
        self.set_states.append((run_id, state))
        self.runs[run_id] = state["type"], self.runs[run_id][1]
        self.state_of[run_id] = {key: state.get(key) for key in ("name", "message")}
        now = datetime.now(UTC).isoformat()
        self.state_of[run_id] |= {"id": str(uuid4()), "timestamp": now}
        details = {"type": "accept_details"}
        return Reply(
            201, {"state": self._run(run_id)["state"], "status": "ACCEPT", "details": details}
        )

    def _say(self, request: Received) -> Reply | None:
        """What it knows of a run beside its state."""
        match request.method, request.path.removeprefix(self.base_path).split("/")[1:]:
            case "GET", ["flow_run_states", ""]:
                run_id = UUID(request.query["flow_run_id"])
                return Reply(200, self.states_before.get(run_id, []))
            case "POST", ["task_runs", "filter"]:
                return Reply(200, self.steps)
            case "POST", ["events", "filter"]:
                events = [{"occurred": each} for each in self.heartbeats]
                return Reply(200, {"events": events, "total": len(events), "next_page": None})
            case "POST", ["work_pools", _, "workers", "filter"]:
                return Reply(200, [_worker(*each) for each in self.online.items()])
        return self._slot(request)

    def _slot(self, request: Received) -> Reply | None:
        """Take or give back the only slot of a limit."""
        if request.path.endswith("/decrement-with-lease"):
            self.slot_is_taken = False
            return Reply(204)
        if not request.path.endswith("/increment-with-lease"):
            return None
        if self.slot_is_taken:
            return Reply(423, {}, {"Retry-After": "30"})
        self.slot_is_taken = True
        limit = {"id": str(uuid4()), "name": request.json["names"][0], "limit": 1}
        return Reply(200, {"lease_id": str(uuid4()), "limits": [limit]})

    def _make(self, request: Received) -> Reply:
        """Make an artifact, or a run of a deployment."""
        made = {"id": str(uuid4()), "flow_id": str(uuid4()), "name": "made"}
        match request.method, request.path.removeprefix(self.base_path).split("/")[1:]:
            case "POST", ["artifacts", ""]:
                self.artifacts.append(request.json)
                return Reply(201, {**request.json, "id": made["id"]})
            case "GET", ["deployments", "name", flow, name] if f"{flow}/{name}" in self.deployed:
                return Reply(200, made)
            case "POST", ["deployments", _, "create_flow_run"]:
                self.started.append(request.json)
                return Reply(201, made)
        return Reply(404, {"detail": self.violated(f"{request.method} {request.path}")})

    def _take(self, request: Received) -> Reply:
        try:
            _events.validate_json(request.body)
        except ValidationError as error:
            return Reply(422, {"detail": self.violated(str(error))})
        self.batches.append([event["id"] for event in request.json])
        if self.refuses & {event["id"] for event in request.json}:
            return Reply(422, {"detail": "no"})
        self.events += request.json
        return Reply(204)


def _is_wanted(run_id: UUID, run: tuple[str, Any], wanted: dict[str, Any]) -> bool:
    state = (wanted.get("state") or {}).get("type") or {}
    ids = (wanted.get("id") or {}).get("any_")
    if ids is not None and str(run_id) not in ids:
        return False
    if state.get("any_") is not None and run[0] not in state["any_"]:
        return False
    return run[0] not in (state.get("not_any_") or ())


def _worker(name: str, is_online: bool) -> dict[str, Any]:
    moment = "2026-11-24T00:00:00Z"
    return {
        "id": str(uuid4()),
        "created": moment,
        "updated": moment,
        "name": name,
        "work_pool_id": str(uuid4()),
        "last_heartbeat_time": moment,
        "status": "ONLINE" if is_online else "OFFLINE",
    }


def _run(run_id: UUID, state: str, parameters: dict[str, Any]) -> dict[str, Any]:
    moment = "2026-11-24T00:00:00Z"
    return {
        "id": str(run_id),
        "flow_id": str(run_id),
        "name": "a run",
        "created": moment,
        "updated": moment,
        "parameters": parameters,
        "state": {"type": state, "name": state.title(), "timestamp": moment},
        "state_type": state,
    }
