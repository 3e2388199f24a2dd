"""Whether what people press in a channel comes back: pages that go out without it call the next."""

from __future__ import annotations

from collections.abc import Callable

from schemas.settings import Settings
from tasks.armed.lever import NotConfigured
from tasks.channels.pagerduty import client as pagerduty
from tasks.channels.slack import client as slack

Check = tuple[str, Callable[[], str]]


def ways_back(settings: Settings) -> list[Check]:
    """One check for each channel that is configured and can say what people press there."""
    checks: list[Check] = []
    if pagerduty.configured(settings):
        checks.append(("from PagerDuty", lambda: _pagerduty(settings)))
    if slack.configured(settings):
        checks.append(("from Slack", lambda: _slack(settings)))
    return checks


def _pagerduty(settings: Settings) -> str:
    if not settings.pagerduty.secrets:
        raise NotConfigured(
            "who acknowledges in PagerDuty is called on from here: make a webhook (v3) there, and"
            " set AEEF_PAGERDUTY__WEBHOOK_SECRET (docs/pagerduty.md)"
        )
    known = sum(each.pagerduty is not None for each in settings.people.values())
    return f"what people press there is taken; {known} of [people] have their id there"


def _slack(settings: Settings) -> str:
    if not settings.slack.secrets:
        raise NotConfigured(
            "messages in Slack have no buttons, and there is no /aeef: set"
            " AEEF_SLACK__SIGNING_SECRET (docs/slack.md)"
        )
    known = sum(each.slack is not None for each in settings.people.values())
    return f"buttons and /aeef are taken; {known} of [people] have their id there"
