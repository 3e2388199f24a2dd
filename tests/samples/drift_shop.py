"""A target whose one configured file is compared, and its store."""

from __future__ import annotations

import json
from pathlib import Path

from samples.targets import commit, new_repository, prove, write_history, write_json
from schemas.incident import Incident
from schemas.settings import Health, Settings, Target, TargetDrift
from tasks.drift.follow_drift import drift_key, follow_drift, look_for_drift
from tasks.store import Store, open_store

BASELINE = {"log": "info", "limit": 5}


class Shop:
    """A target whose one configured file is compared, and its store."""

    def __init__(self, directory: Path) -> None:
        path = new_repository(directory / "shop")
        files = {"files": ["app.json", "rules.txt"]}
        self.target = Target(
            name="shop",
            repository=path,
            deploy_command=("true",),
            health=Health(command=("true",), settle=0.2),
            required_gates=("tests",),
            drift=TargetDrift.model_validate(files),
        )
        self.commit = commit(
            path, {"app.json": json.dumps(BASELINE), "rules.txt": "allow nothing\n"}
        )
        prove(self.target, self.commit)
        write_history(self.target, (self.commit, "healthy"))
        self.settings = Settings.model_validate(
            {
                "home": directory / "home",
                "drift": {
                    "confirm_after": 0,
                    "rules": [{"impact": "critical", "field": "content", "name": "admin"}],
                },
                "targets": {"shop": self.target.model_dump()},
            }
        )
        self.store: Store = open_store(self.settings)

    def edit(self, **values: object) -> None:
        """What somebody changed by hand."""
        write_json(self.target.repository / "app.json", {**BASELINE, **values})

    def watch(self) -> str:
        """What the schedule does."""
        return follow_drift(look_for_drift("shop", self.settings), self.settings)

    def incident(self) -> Incident:
        """The one open incident."""
        found = self.store.open_incident_of(drift_key("shop"))
        assert found is not None
        return found

    def events(self) -> list[str]:
        """The names of the events that wait for Prefect, in order."""
        events = self.store.lease_events("test")
        self.store.events_sent([each.event_id for each in events])
        return [each.event for each in events]
