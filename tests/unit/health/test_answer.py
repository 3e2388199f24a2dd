"""Judging what a health address answered: what applications really say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.health import Health, judge_answer
from schemas.health.words import CONDITIONS, SURELY_DOWN

URL = "http://127.0.0.1/health"
PLAIN = Health(url=URL)

GOOD = [
    "",
    "OK",
    "ok\n",
    "Healthy",
    "UP",
    "success",
    "pong",
    "imok",
    "1.4.2",
    "3f2a9c",
    "Hello, all systems go",
    '"OK"',
    "true",
    "null",
    "{}",
    "[]",
    "status: ok",
    "status=ok\nversion=3",
    '\ufeff{"status": "ok"}',
    '{"status": "ok"}',
    '{"status": "UP"}',
    '{"STATUS": "Up"}',
    '{"status": "success"}',
    '{"status": true}',
    '{"status": 200}',
    '{"success": true, "data": {"state": "whatever"}}',
    '{"healthy": true}',
    '{"ok": 1, "uptime": 0}',
    '{"version": 3}',
    '["status"]',
    '[{"status": "UP"}, {"status": "up"}]',
    '{"status": "ok", "errors": [], "error": null}',
    '{"status": "ok", "errors": 0, "failed": 0, "maintenance": false}',
    '{"status": "ok", "logLevel": "error", "tags": ["offline-first", "critical"]}',
    # Spring Boot: UNKNOWN of a component says nothing.
    '{"status":"UP","components":{"db":{"status":"UP","details":{"database":"H2"}},'
    '"discovery":{"status":"UNKNOWN"},"disk":{"status":"UP","details":{"exists":false}}}}',
    # ASP.NET Core's usual writer.
    '{"status":"Healthy","totalDuration":"00:00:00.01","entries":{"sql":{"data":{},'
    '"duration":"00:00:00.01","status":"Healthy","tags":[]}}}',
    # NestJS
    '{"status":"ok","info":{"db":{"status":"up"}},"error":{},"details":{"db":{"status":"up"}}}',
    # application/health+json
    '{"status":"pass","version":"1","notes":[""],"output":"","checks":{"cassandra:time":'
    '[{"status":"pass","observedValue":250},{"status":"warn","observedValue":90}]}}',
    # MicroProfile
    '{"status":"UP","checks":[{"name":"db","status":"UP","data":{"size":0}}]}',
    # Rails' /up
    '<!DOCTYPE html><html><body style="background-color: green"></body></html>',
    "<html><head><title>Shop</title></head></html>",
    "cannot be judged, because it is a long text " * 20,
]
BAD = [
    "Unhealthy",
    "unhealthy\n",
    "DOWN",
    "Degraded",
    "FAIL",
    "Starting",
    "not ready",
    "NOT OK",
    "Error: no database",
    "Unhealthy - the queue is full",
    "Service Unavailable",
    "503 Service Unavailable",
    "status: down",
    "status = Unhealthy\nversion = 3",
    '"Unhealthy"',
    "false",
    '{"status": "degraded"}',
    '{"status": "warn"}',
    '{"Status": "Unhealthy"}',
    '{"STATUS":"DOWN"}',
    '{"status": "OUT_OF_SERVICE"}',
    '{"status": "anything else"}',
    '{"status": null}',
    '{"status": false}',
    '{"status": 503}',
    '{"status": {"db": "down", "cache": "ok"}}',
    '{"status": ["ok", "fail"]}',
    '{"health_status": "Unhealthy"}',
    '{"Healthy": false}',
    '{"isHealthy": false}',
    '{"ok": false}',
    '{"ok": 0}',
    '{"success": false}',
    '{"unhealthy": true}',
    '{"error": "no database"}',
    '{"errors": ["no database"]}',
    '{"status": "ok", "failures": {"redis": "timeout"}}',
    '{"state": "failed"}',
    '{"message": "Unhealthy"}',
    '{"data": {"status": "DOWN"}}',
    '[{"status":"DOWN"}]',
    '[{"status": "UP"}, {"Status": "down"}]',
    '["ok", "unhealthy"]',
    "[true, false]",
    '{"status": "ok", "status": "down"}',
    '{"status": "down", "status": "ok"}',
    '{"status": "ok", "Status": "down"}',
    '{"status": "ok", "db": "down"}',
    '{"status": "ok", "checks": {"db": {"status": "down"}}}',
    '{"status": "ok", "checks": {"db": "error"}}',
    '{"status": "ok", "checks": {"db": false}}',
    '{"status": "ok", "checks": [{"name": "db", "healthy": false}]}',
    '{"status":"UP","components":{"a":{"status":"UP","components":{"b":{"status":"DOWN"}}}}}',
    '{"status":"Healthy","entries":{"sql":{"status":"Unhealthy"}}}',
    '{"status":"pass","checks":{"db:time":[{"status":"pass"},{"status":"fail"}]}}',
    "<html><head><title>502 Bad Gateway</title></head></html>",
    "<!doctype html><title>\n Service Unavailable </title>",
    "[" * 100_000,
]


@pytest.mark.parametrize("body", GOOD)
def test_good_news(body: str) -> None:
    """What applications that are well answer, and what says nothing of health."""
    judged = judge_answer(200, body.encode(), PLAIN)

    assert judged.good, judged.said
    assert judged.said.startswith("answered 200")


@pytest.mark.parametrize("body", BAD)
def test_200_with_bad_news_is_bad_news(body: str) -> None:
    """In any case and at any depth; also where an answer contradicts itself."""
    judged = judge_answer(200, body.encode(), PLAIN)

    assert not judged.good, judged.said


@pytest.mark.parametrize("code", [201, 204, 301, 302, 404, 500, 503])
def test_only_200_is_good_unless_something_else_is_expected(code: int) -> None:
    """Whatever else the answer has."""
    expecting = Health(url=URL, expect={"status": [200, code]})

    assert (False, f"answered HTTP {code}") == judge_answer(code, b'{"status": "ok"}', PLAIN)
    assert judge_answer(code, b"", expecting).good


def test_what_is_wrong_is_named_with_its_place() -> None:
    """The path, and the value, on one line."""
    body = b'{"status": "ok", "checks": {"db": [{"status": "down\\nand out"}, {"status":"down"}]}}'

    assert "answered 200 with checks.db[1].status 'down'" == judge_answer(200, body, PLAIN).said


@pytest.mark.parametrize(
    ("words", "body", "good"),
    [
        (["ok", "degraded"], '{"status": "Degraded"}', True),
        (["ok", "degraded"], "Degraded", True),
        (["ok", "degraded"], '{"status": "healthy"}', False),
        ([True], '{"status": true}', True),
        ([0], '{"status": 0}', True),
        (["grün"], '{"status": "GRÜN"}', True),
        (["out of service"], '{"status": "OUT_OF_SERVICE"}', True),
        (["ok", "down"], '{"status": "ok", "replica": "down"}', True),
    ],
)
def test_the_words_that_are_ok_are_a_setting(words: list[Any], body: str, good: bool) -> None:
    """Texts, numbers and booleans; they replace ours."""
    judged = judge_answer(200, body.encode(), Health(url=URL, ok_statuses=words))

    assert judged.good is good


@pytest.mark.parametrize(
    ("expect", "code", "body", "good"),
    [
        ("pong", 200, "ping pong", True),
        ("pong", 200, "ping", False),
        ("pong", 503, "pong", False),
        ({"text": "Sign in"}, 200, "<title>Service Unavailable</title>Sign in", True),
        ({"status": 204}, 204, "", True),
        ({"status": 204}, 200, "", False),
        ({"json": {"status": "green"}}, 200, '{"Status": "GREEN", "x": "down"}', True),
        ({"json": {"status": ["green", "yellow"]}}, 200, '{"status": "red"}', False),
        ({"json": {"ready": True}}, 200, '{"ready": true}', True),
        ({"json": {"ready": True}}, 200, '{"ready": false}', False),
        ({"json": {"ready": True}}, 200, "ready", False),
        ({"json": {"a.0.b": 1}}, 200, '{"a": [{"b": 1.0}]}', True),
        ({"json": {"a.1.b": 1}}, 200, '{"a": [{"b": 1}]}', False),
        ({"json": {"a": "x"}}, 200, '{"a": "x", "A": "y"}', False),
        ({"json": {"a": "x"}}, 200, '{"b": "x"}', False),
        ({"status": [200, 429], "text": "x", "json": {"a": "x"}}, 429, '{"a": "x"}', True),
    ],
)
def test_what_is_expected_replaces_our_judgement(
    expect: Any, code: int, body: str, good: bool
) -> None:
    """A text, a status, values at paths of JSON."""
    health = Health(url=URL, expect=expect)

    assert judge_answer(code, body.encode(), health).good is good
    assert health == Health.model_validate_json(health.model_dump_json())


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"url": URL, "expect": {}}, "at least one of"),
        ({"url": URL, "expect": {"status": 99}}, "status"),
        ({"url": URL, "expect": {"body": "x"}}, "body"),
        ({"command": ["x"], "expect": "x"}, "'expect' is for 'url'"),
        ({"url": "ftp://shop/health"}, "must be an http:// or https:// address"),
        ({"url": "http://shop:port/"}, "must be an http:// or https:// address"),
        ({"url": URL, "settle": 60}, "60 s to settle do not fit into the deadline of 60 s"),
    ],
)
def test_settings_that_cannot_work_are_refused(table: dict[str, Any], message: str) -> None:
    """When they are read."""
    with pytest.raises(ValidationError) as raised:
        Health.model_validate(table)

    assert message in str(raised.value)


def test_the_settle_window_is_five_seconds_and_fits_into_any_deadline() -> None:
    """A short deadline that worked before needs no new setting."""
    assert 5 == PLAIN.window
    assert 2 == Health(url=URL, deadline=4.0).window
    assert 0 == Health(url=URL, settle=0).window


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.binary(max_size=200) | _JSON.map(lambda data: json.dumps(data).encode()))
def test_every_answer_is_judged_in_one_short_line(body: bytes) -> None:
    """Nothing raises, nothing breaks a message."""
    judged = judge_answer(200, body, PLAIN)

    assert len(judged.said) < 1000
    assert judged.said.isprintable()


@given(
    _JSON,
    st.sampled_from(sorted(CONDITIONS)),
    st.sampled_from(sorted(SURELY_DOWN)),
    st.data(),
)
def test_a_part_that_is_down_is_found_wherever_it_is(
    data: object, key: str, word: str, draw: st.DataObject
) -> None:
    """Under any key, in any case, in lists and objects, whatever stands around it."""
    change = st.sampled_from([str.lower, str.upper, str.title])
    bad: object = {draw.draw(change)(key): draw.draw(change)(word)}
    for wrap in draw.draw(st.lists(st.booleans(), max_size=4)):
        bad = [data, bad] if wrap else {draw.draw(st.text(max_size=8)): bad, "x": data}

    assert not judge_answer(200, json.dumps({"status": "ok", "more": bad}).encode(), PLAIN).good
