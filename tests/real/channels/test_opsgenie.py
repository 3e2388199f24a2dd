"""OpsGenie by way of a real Alertmanager: called once, kept while open, closed at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.intake.beside.sweep import Sweep
from schemas.incident import Alert, IncidentType, Severity, Status
from schemas.settings import Settings
from standins.opsgenie import KEY, OpsGenie
from standins.real.alertmanager import RealAlertmanager
from support import wait_until
from tasks.channels.alertmanager import client as alertmanager
from tasks.notify.page_on_call import ensure_page
from tasks.notify.stand_down import resolve_page
from tasks.store import open_store


@pytest.mark.proves("SPEC-OPSGENIE")
def test_an_incident_rings_in_opsgenie_until_it_is_resolved(tmp_path: Path) -> None:
    """One call, no second one from keeping it alive, and closed with the incident."""
    with OpsGenie() as opsgenie, RealAlertmanager(tmp_path / "am", _receiver(opsgenie)) as real:
        settings = Settings(home=tmp_path / "home", alertmanager={"url": real.url})
        store = open_store(settings)
        alert = Alert(type=IncidentType.UNKNOWN, service="shop", description="it is down")
        incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident

        page = ensure_page(incident.incident_id, settings, holder="test")
        assert page is not None
        assert "alertmanager" == page.channel
        wait_until(lambda: opsgenie.created == 1, 30)
        [call] = opsgenie.open.values()
        assert "shop" in str(call)

        alertmanager.firing(incident, settings)
        Sweep(settings, store, lambda *_: None).keep_alerts_alive()
        store.set_status(incident.incident_id, Status.RESOLVED, actor="test")
        resolve_page(incident.incident_id, settings, holder="test")
        wait_until(lambda: opsgenie.closed == 1, 30)

        assert (1, {}) == (opsgenie.created, opsgenie.open)
        assert [] == opsgenie.violations
        store.close()


def _receiver(opsgenie: OpsGenie) -> str:
    return f"""\
  opsgenie_configs:
  - api_key: {KEY}
    api_url: {opsgenie.origin}/
    message: '{{{{ .CommonAnnotations.summary }}}}'
    priority: '{{{{ .CommonLabels.severity }}}}'
"""
