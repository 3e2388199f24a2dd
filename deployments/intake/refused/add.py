"""Puts the reception together, around the routes of senders."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from deployments.intake.acceptance import Acceptance
from deployments.intake.authentication import Guards
from deployments.intake.bodies import parse_json
from deployments.intake.intervals import Timing
from deployments.intake.metrics.metrics import Metrics
from deployments.intake.refused.reception import Reception
from deployments.intake.refused.replay import Replay
from deployments.intake.refused.route import add_refused
from deployments.intake.refused.watch import RefusedWatch
from deployments.intake.senders.alertmanager import read_webhook
from deployments.intake.senders.alerts import read_alerts
from deployments.intake.senders.hooks.route import Hooks
from schemas.settings import Settings
from tasks.store import Store


def add_reception(
    app: FastAPI,
    settings: Settings,
    store: Store,
    acceptance: Acceptance,
    metrics: Metrics,
    hooks: Hooks,
    guards: Guards,
    timing: Timing,
) -> Reception:
    """Add `/v1/refused`; what is refused is kept, and who falls silent is noticed."""

    def alerts(body: bytes) -> dict[str, Any]:
        return {"incidents": acceptance.accept_all(read_alerts(parse_json(body)))}

    def alertmanager(body: bytes) -> dict[str, Any]:
        received = read_webhook(parse_json(body)).received
        opened = acceptance.accept_all([each.alert for each in received if not each.is_over])
        over = acceptance.resolve_all([each.alert for each in received if each.is_over])
        return {"incidents": opened, "resolved": over}

    replays = Replay(store, hooks, {"alerts": alerts, "alertmanager": alertmanager})
    reception = Reception(settings, store, acceptance, metrics, replays, timing.listen)
    add_refused(app, store, guards, replays)
    app.add_middleware(RefusedWatch, noted=reception, hooks=settings.hooks)
    return reception
