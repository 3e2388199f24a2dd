"""What a request to Prefect does, in words: which button of the UI sends it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

API = "/api/"
READING = frozenset(
    {
        *("filter", "count", "paginate", "history", "lateness", "counts", "validate"),
        *("next-runs", "count-deployments", "count-task-runs", "concurrency_status"),
    }
)
"""Last words of the paths where Prefect's API reads by POST."""
NOUNS = {
    "flow_runs": "run",
    "task_runs": "step",
    "deployments": "deployment",
    "automations": "automation",
    "flows": "flow",
    "work_pools": "work pool",
    "work_queues": "queue",
    "concurrency_limits": "concurrency limit",
    "block_documents": "block",
    "variables": "variable",
    "artifacts": "artifact",
    "events": "event",
}
STATES = {"CANCELLING": "Cancel", "CANCELLED": "Cancel", "PAUSED": "Suspend"}
BY_VERB = {
    "resume": "Resume",
    "create_flow_run": "Start a run",
    "pause_deployment": "Pause the schedules",
    "resume_deployment": "Resume the schedules",
    "bulk_delete": "Delete",
}
BY_METHOD = {"POST": "Create", "PUT": "Change", "PATCH": "Change", "DELETE": "Delete"}
ON_AND_OFF = {"automations": "enabled", "schedules": "active", "deployments": "paused"}
MOST_FIELDS, LONGEST_NAME = 20, 40


class Act(NamedTuple):
    """One request that changes something.

    collection, ident: what is changed, as Prefect's paths name it. many: all that a filter finds.
    does: as the UI says it. fields: the names of what was sent, never the values.
    """

    collection: str
    ident: str
    many: bool
    does: str
    fields: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What is changed, in words."""
        return NOUNS.get(self.collection, self.collection.replace("_", " ").rstrip("s"))


def is_reading(method: str, path: str) -> bool:
    """True for a request that changes nothing, although it is a POST."""
    words = path.removeprefix(API).strip("/").split("/")
    by = words[-2:-1] == ["count-by"]
    return method == "POST" and (words[0] == "ui" or words[-1] in READING or by)


def act_of(method: str, path: str, body: bytes) -> Act:
    """What a request does."""
    words = [word for word in path.removeprefix(API).strip("/").split("/") if word]
    if words[:1] == ["v2"]:
        words = words[1:]
    sent = json_object(body)
    collection = words[0] if words else "/"
    is_many = len(words) > 1 and words[1].startswith("bulk")
    ident = words[1] if len(words) > 1 and not is_many else ""
    fields = tuple(sorted(name[:LONGEST_NAME] for name in sent)[:MOST_FIELDS])
    return Act(collection, ident, is_many, _does(method, words, sent), fields)


def json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body; an empty one for anything else."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _does(method: str, words: list[str], sent: Mapping[str, Any]) -> str:
    verb = words[-1] if words else ""
    if verb in ("set_state", "bulk_set_state"):
        return _state(sent.get("state"))
    if method == "POST" and verb in BY_VERB:
        return BY_VERB[verb]
    does = BY_METHOD.get(method, method)
    if "schedules" in words:
        return f"{_switched(does, 'schedules', sent)} a schedule"
    if words[2:]:  # a part of it, or a verb that is not in the list
        return f"{does} {words[2][:LONGEST_NAME]}" if method != "POST" else verb[:LONGEST_NAME]
    return _switched(does, words[0] if words else "", sent)


def _switched(does: str, collection: str, sent: Mapping[str, Any]) -> str:
    """`Switch off` and `Switch on`, when nothing else is changed."""
    field = ON_AND_OFF.get(collection)
    if does != "Change" or field is None or set(sent) != {field}:
        return does
    is_on = bool(sent[field]) is not (field == "paused")
    return "Switch on" if is_on else "Switch off"


def _state(state: Any) -> str:
    given = state if isinstance(state, dict) else {}
    kind, name = str(given.get("type", "")).upper(), str(given.get("name", ""))
    if kind == "SCHEDULED":
        return "Retry" if name == "AwaitingRetry" else "Schedule"
    return STATES.get(kind, f"Set the state {kind[:LONGEST_NAME]}")
