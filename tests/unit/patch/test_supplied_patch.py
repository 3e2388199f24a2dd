"""A patch in which something was masked is applied as its sender wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import load_settings
from tasks.incident.keep_original import keep_original
from tasks.patch.supplied_patch import supplied_patch
from tasks.store import open_store

PATCH = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-ask ada@example.org\n+ask bob@example.org\n"


@pytest.mark.parametrize("later", [None, PATCH.replace("bob", "eve")])
def test_the_original_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch, later: str | None
) -> None:
    """Only the original of this very patch counts, not that of an alert that came later."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    settings = load_settings()
    store = open_store(settings)
    incident_id = ""
    for patch in (PATCH, later):
        if patch is None:
            continue
        alert = Alert(type=IncidentType.SECURITY, service="shop", details={"patch": patch})
        opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
        keep_original(opened, alert, settings)
        incident_id = str(opened.incident.incident_id)

    assert "ada@example.org" not in str(store.alert(incident_id).details["patch"])
    assert PATCH == supplied_patch(incident_id, settings)
