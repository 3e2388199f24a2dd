"""Whether machines of one store run the same version with the same settings.

The store gets digests only, made with the masking key: nobody can guess a setting from one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, SecretStr

from schemas.settings import Settings
from tasks.store.masking_key import masking_key
from tasks.store.processes import ProcessReport

SECTIONS = (
    "routes", "contacts", "business_days", "rules", "default_severities", "grouping", "relapse",
    "automation", "masking", "drift", "paging", "takeover", "security", "breach", "owners",
    "github", "pagerduty", "slack", "jira", "alertmanager", "people", "senders", "sign_in", "oidc",
)  # fmt: skip
"""What decides how an alert is handled; addresses, ports and paths may be a machine's own."""
APART = frozenset({"key", "salt"})
"""Of a section: compared by their fingerprints, wherever they come from."""
VERSION, KEY, TARGETS = "version", "key", "targets"
LIVING = timedelta(seconds=60)


def alike_of(settings: Settings) -> dict[str, str]:
    """What this process runs: its version, and a digest of each section of the settings."""
    key = masking_key(settings)
    sections = {name: getattr(settings, name) for name in SECTIONS}
    sections[TARGETS] = {name: each.services for name, each in settings.targets.items()}
    digests = {
        name: hmac.new(key, f"{name} {_text(value)}".encode(), hashlib.sha256).hexdigest()
        for name, value in sections.items()
    }
    known_by = hmac.new(key, b"aeef settings", hashlib.sha256).hexdigest()
    return {VERSION: version("aeef-runbooks"), KEY: known_by, **digests}


def differences(
    own: Mapping[str, str], reports: Mapping[str, ProcessReport], now: datetime
) -> list[str]:
    """What living processes run otherwise than this one, as sentences."""
    return [
        f"{name} runs {what}"
        for name, report in sorted(reports.items())
        if report.alike and abs(now - datetime.fromisoformat(report.seen_at)) < LIVING
        if (what := " and ".join(_others(own, report.alike)))
    ]


def _others(own: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    if theirs.get(VERSION) != own[VERSION]:
        yield f"version {theirs.get(VERSION)}, and this is {own[VERSION]}"
    elif theirs.get(KEY) != own[KEY]:
        yield "with another masking key, so its settings cannot be compared"
    elif other := sorted(name for name in own if theirs.get(name) != own[name]):
        yield f"with other settings: [{'], ['.join(other)}]"


def _text(value: object) -> str:
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: object) -> Any:
    """The value with its secrets, without what is compared apart, in an order of its own."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return {n: _plain(getattr(value, n)) for n in type(value).model_fields if n not in APART}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return value
