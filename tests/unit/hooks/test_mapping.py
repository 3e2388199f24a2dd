"""A mapping turns any JSON into our alert, and says at the start what could never work."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import InvalidInput
from schemas.hooks import Hook, State, map_body
from schemas.hooks.mapped import Result

SECRET = "s" * 32
MAPPING = {
    "secret": SECRET,
    "alerts": "items",
    "identity": "[_body.site, id]",
    "state": "status",
    "firing": ["down"],
    "resolved": ["up"],
    "no_news": ["paused"],
    "description": "from_json(payload).text",
    "service": "name",
    "severity": "level",
    "severities": {"Very Bad": "P1"},
    "detected_at": "since",
    "labels": {"alertname": "name"},
}
ITEM = {
    "id": 7,
    "name": "till",
    "status": "DOWN",
    "level": "very bad",
    "since": 1_795_000_000,
    "payload": '{"text": "no money"}',
}


def mapped(*items: Any, **changes: Any) -> Result:
    """What the mapping, changed so, makes of these items."""
    hook = Hook.model_validate({**MAPPING, **changes})
    return map_body("hooks.shop", hook, {"site": "a", "items": list(items)})


def test_a_list_in_a_body_json_in_a_text_and_words_of_its_own() -> None:
    """Everything that the issue of a sender's JSON asks for, in one body."""
    (one,) = mapped(ITEM).mapped

    assert State.FIRING is one.state
    assert ("P1", "till", "no money") == tuple(
        one.alert[key] for key in ("severity", "service", "description")
    )
    assert "2026-11-18T11:06:40+00:00" == one.alert["detectedAt"]
    assert {"hook": "hooks.shop", "alertname": "till"} == one.alert["labels"]


def test_the_identity_is_the_same_from_beginning_to_end_and_differs_from_others() -> None:
    """By it the end of an alert finds its beginning."""
    down, up, other = mapped(ITEM, {**ITEM, "status": "up"}, {**ITEM, "id": 8}).mapped

    assert (State.OVER, down.alert["dedupKey"]) == (up.state, up.alert["dedupKey"])
    assert down.alert["dedupKey"] != other.alert["dedupKey"]
    assert State.NO_NEWS is mapped({**ITEM, "status": "Paused"}).mapped[0].state


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({**ITEM, "status": "sideways"}, "hooks.shop.state: 'sideways' is none of firing"),
        ({**ITEM, "status": None}, "hooks.shop.state: gives nothing"),
        ({**ITEM, "payload": "{"}, "hooks.shop.description: cannot be evaluated"),
        ({**ITEM, "payload": "[" * 90_000}, "hooks.shop.description: cannot be evaluated"),
        ({**ITEM, "payload": 3}, "hooks.shop.description: cannot be evaluated"),
        ("text", "hooks.shop.alerts: an alert must be a JSON object"),
        (None, "hooks.shop.alerts: an alert must be a JSON object"),
    ],
)
def test_what_cannot_be_mapped_names_the_setting_and_keeps_nobody_else_out(
    item: Any, problem: str
) -> None:
    """The other alert of the body is there."""
    result = mapped(item, ITEM)

    assert 1 == len(result.mapped)
    assert [problem] == [each[4 : 4 + len(problem)] for each in result.problems]


def test_an_identity_that_gives_nothing_is_said() -> None:
    """An incident that nothing could end would stay open for ever."""
    (problem,) = mapped({**ITEM, "id": None}, identity="id").problems

    assert problem.startswith("hooks.shop.identity: gives nothing")


@pytest.mark.parametrize("said", ["yesterday", {}, "", -1e300, 10**400, "1e999"])
def test_an_odd_time_does_not_lose_the_alert(said: Any) -> None:
    """It counts from now; what was said is kept."""
    (one,) = mapped({**ITEM, "since": said}).mapped

    assert "detectedAt" not in one.alert
    assert bool(said not in (None, "")) == ("timeSaid" in one.alert["details"])


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-22T13:58:24.3713213Z", "2026-11-22T13:58:24.371321+00:00"),
        ("2026-11-22 13:58:24", "2026-11-22T13:58:24+00:00"),
        ("2026-11-22 13:58:24 UTC", "2026-11-22T13:58:24+00:00"),
        ("2026-11-22 13:58:24 +0200", "2026-11-22T11:58:24+00:00"),
        ("2026-11-22T13:58:24.000+0000", "2026-11-22T13:58:24+00:00"),
        (1_795_000_000_123, "2026-11-18T11:06:40.123000+00:00"),
        ("1795000000", "2026-11-18T11:06:40+00:00"),
    ],
)
def test_times_are_read_as_senders_write_them(said: Any, moment: str) -> None:
    """ISO 8601, seconds, milliseconds; without a zone it is UTC."""
    assert moment == mapped({**ITEM, "since": said}).mapped[0].alert["detectedAt"]


def test_a_severity_that_nobody_knows_is_left_to_triage_and_kept() -> None:
    """The alert is worth more than its word."""
    (one,) = mapped({**ITEM, "level": "mauve"}).mapped

    assert "severity" not in one.alert
    assert "mauve" == one.alert["details"]["severitySaid"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"identity": "a.["}, "identity: Value error, is no JMESPath expression"),
        ({"identity": "sha1(a)"}, "identity: Value error, there is no function sha1()"),
        ({"identity": "join(a)"}, "identity: Value error, join() takes 2 arguments, not 1"),
        ({"labels": {"a": "}"}}, "labels.a: Value error, is no JMESPath"),
        ({"descr": "a"}, "descr: Extra inputs are not permitted"),
        ({"secret": None}, "Value error, secret: is missing"),
        ({"secret": "short"}, "Value error, secret: must have at least 16 characters"),
        ({"identity": None}, "Value error, identity: is missing"),
        ({"state": None}, "Value error, state: is missing"),
        ({"kind": "azure"}, "Value error, kind: there is no ready mapping"),
        ({"proof": "hmac"}, "Value error, header: is missing"),
        ({"proof": "sns", "secret": None}, "Value error, topics: is empty"),
        ({"firing": ["up"]}, "Value error, firing: 'up' is among"),
        ({"severities": {"bad": "P9"}}, "severities.bad: Input should be"),
        ({"expect_every": 1}, "expect_every: Input should be greater"),
    ],
)
def test_a_mapping_that_cannot_work_is_found_at_the_start(
    changes: dict[str, Any], problem: str
) -> None:
    """By an error that names the setting, and no secret."""
    with pytest.raises(ValidationError) as found:
        Hook.model_validate({**MAPPING, **changes})
    said = [
        ".".join([*map(str, each["loc"]), ""]).rstrip(".") + ": " + each["msg"]
        for each in found.value.errors()
    ]

    assert any(problem in each for each in said), said
    assert "short" not in str(found.value)
    assert SECRET not in str(found.value)


def test_a_hostile_body_costs_no_more_than_its_share() -> None:
    """A body that makes an expression quadratic is refused, within seconds."""
    items = [{"id": number, "all": list(range(900))} for number in range(900)]
    began = time.monotonic()

    with pytest.raises(InvalidInput, match=r"hooks\.shop\.only_if: the body is too much work"):
        mapped(*items, only_if="items[].all[].to_string(@) | [?contains(@, 'x')]")
    assert time.monotonic() - began < 20


def test_the_share_is_for_all_alerts_of_a_body_together() -> None:
    """Many small ones are not let through one by one."""
    items = [{**ITEM, "id": number, "many": list(range(500))} for number in range(1000)]
    result = mapped(*items, description="many[].to_string(@) | join(' ', @)")

    assert "too much work" in result.problems[-1]
    assert 1000 == len(result.mapped) + len(result.problems)


def test_more_than_a_thousand_alerts_are_too_many() -> None:
    """As in our own lists."""
    with pytest.raises(InvalidInput, match="more than 1000 alerts"):
        mapped(*[ITEM] * 1001)


def test_what_is_no_news_says_so() -> None:
    """A sender's other messages open nothing."""
    assert "hooks.shop.only_if gives nothing" in mapped(ITEM, only_if="kind == 'alarm'").ignored
    assert "hooks.shop.alerts finds none" in mapped().ignored
