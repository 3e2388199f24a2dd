"""A breach to test with: settings, an open incident, and facts that people set."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from schemas.breach import Change, Clock, Kind
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.model import utc_now
from schemas.settings import load_settings
from tasks.breach.breach_facts import add_change, clocks_for
from tasks.store import Store

CONFIG = """
[breach]
regimes = {regimes}
remind_before = ["PT24H", "PT4H", "PT1H"]

[breach.organisation]
name = "Example *Ltd*"
dpo_name = "Grace Hopper"
dpo_contact = "dpo@example.com"
authorities = {{ gdpr-33 = "BfDI" }}
"""


def configure(*regimes: str, more: str = "") -> None:
    """Write the config file, in the present folder."""
    listed = ", ".join(f'"{each}"' for each in regimes)
    Path("aeef.toml").write_text(CONFIG.format(regimes=f"[{listed}]") + more)


def breach(store: Store, ago: timedelta = timedelta(), **alert: Any) -> Incident:
    """An open breach that was detected so long ago."""
    data = {"description": "data left", "service": "shop", "detectedAt": utc_now() - ago, **alert}
    opened = store.open_or_attach(Alert.model_validate(data), IncidentType.DATA_BREACH, Severity.P2)
    return opened.incident


def say(incident: Incident, kind: Kind = Kind.SET, **more: Any) -> None:
    """Ada sets facts."""
    change = Change.model_validate({"kind": kind, "by": "Ada", "said_at": utc_now(), **more})
    add_change(incident.incident_id, change, load_settings(), actor="ada")


def submit(incident: Incident, regime: str, deadline: str, moment: datetime | None = None) -> None:
    """Ada records that a notification was made."""
    say(incident, Kind.SUBMITTED, regime=regime, deadline=deadline, moment=moment or utc_now())


def clock(incident: Incident, key: str) -> Clock:
    """The state of one clock."""
    return next(each for each in clocks_for(incident, load_settings()) if each.key == key)
