"""Fixtures: the stand-ins of the outside services, each a real server on the loopback.

After a test, none may have seen a request that breaks its vendor's rules.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from standin_alertmanager import Alertmanager
from standin_jira import Jira
from standin_pagerduty import PagerDuty
from standin_slack import Slack


@pytest.fixture
def pagerduty() -> Iterator[PagerDuty]:
    """A stand-in for PagerDuty."""
    with PagerDuty() as standin:
        yield standin
    assert [] == standin.violations


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A stand-in for Slack."""
    with Slack() as standin:
        yield standin
    assert [] == standin.violations


@pytest.fixture
def jira() -> Iterator[Jira]:
    """A stand-in for Jira."""
    with Jira() as standin:
        yield standin
    assert [] == standin.violations


@pytest.fixture
def alertmanager_standin() -> Iterator[Alertmanager]:
    """A stand-in for Alertmanager; the real one is used in `test_alertmanager.py`."""
    with Alertmanager() as standin:
        yield standin
    assert [] == standin.violations
