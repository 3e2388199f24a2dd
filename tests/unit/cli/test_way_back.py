"""`aeef doctor` says when a pager is there and nobody hears what is pressed in it."""

from __future__ import annotations

import pytest

from deployments.cli.checks.way_back import ways_back
from standins.pagerduty import ROUTING_KEY
from standins.standin import settings_for
from tasks.armed.lever import NotConfigured


def test_not_configured() -> None:
    """Nothing is asked about channels that are not there."""
    assert [] == ways_back(settings_for())


@pytest.mark.parametrize(
    ("section", "given", "variable"),
    [
        ("pagerduty", {"routing_key": ROUTING_KEY}, "AEEF_PAGERDUTY__WEBHOOK_SECRET"),
        ("slack", {"token": "xoxb-1"}, "AEEF_SLACK__SIGNING_SECRET"),
    ],
)
def test_no_way_back(section: str, given: dict[str, str], variable: str) -> None:
    """It names the variable; with it, it says how many people are known there."""
    ((_name, look),) = ways_back(settings_for(**{section: given}))
    with pytest.raises(NotConfigured, match=variable):
        look()

    secret = "webhook_secret" if section == "pagerduty" else "signing_secret"
    people = {"ann": {"roles": ["reader"], "slack": "U123", "pagerduty": "PABC"}}
    ((_name, look),) = ways_back(settings_for(**{section: {**given, secret: "s"}}, people=people))
    assert "1 of [people]" in look()
