"""Whatever an alert says, each channel gets it as text, and nothing of it is invisible."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.settings import Settings
from standins.receiver_rules import an_incident
from standins.standin import settings_for
from tasks.channels.alertmanager.client import labels_of
from tasks.channels.jira.document import SUMMARY_LIMIT, description_of, summary_of
from tasks.channels.pagerduty import client as pagerduty
from tasks.channels.slack.blocks import blocks_of, text_of
from tasks.channels.text import text_of as short
from tasks.incident.publish_report import report

EVIL = "a\x1b[31m \u202eb\u200b\u2028c\r\nd \U000e0041 \ud800 <!channel> [x](http://e) @all"


@cache
def plain() -> Settings:
    """Made once: that takes longer than everything else of an example."""
    return settings_for()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=300), st.text(max_size=80))
@example(EVIL, EVIL)
@example("x" * 40_000, "y" * 9_000)
def test_it_is_only_text(description: str, service: str) -> None:
    """No control, no hidden character, no turned line; what must be one line is one."""
    incident = an_incident(description=description, affected_services=[service])
    lines = [
        summary_of(incident),
        text_of(incident, plain()),
        *labels_of(incident).values(),
        *texts_in(pagerduty.payload_of(incident, short(incident, plain(), 1024))),
    ]
    blocks = [
        *texts_in(description_of(incident, plain())),
        *texts_in(blocks_of(incident, plain(), "done")),
        report(incident, [], plain()),
    ]

    assert len(summary_of(incident)) <= SUMMARY_LIMIT
    assert [] == [line for line in lines if "\n" in line]
    for text in (*lines, *blocks):
        assert not {"Cc", "Cf", "Cs"} & {
            unicodedata.category(each) for each in text if each not in "\n\t"
        }


def texts_in(data: Any) -> Iterator[str]:
    """Every text of a message."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts_in(value)
