"""`aeef hooks`: a body is tried without opening anything, and what was refused is replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.cli import Aeef
from fixtures.intake import TOKEN, StartIntake
from support import wait_until
from tasks.store import Store

SECRET = "a-secret-of-its-own-0123456789"
HOOK = {"secret": SECRET, "identity": "id", "state": "state", "firing": ["down"],
        "resolved": ["up"], "description": "text", "severity": "level"}  # fmt: skip
BODY = {"id": 1, "state": "down", "text": "the till is down", "level": "critical"}


@pytest.fixture
def body(tmp_path: Path) -> Path:
    """A file with a body."""
    path = tmp_path / "body.json"
    path.write_text(json.dumps(BODY))
    return path


def configure(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """One hook, in the environment."""
    monkeypatch.setenv("AEEF_HOOKS", json.dumps({"shop-monitor": HOOK | changes}))


def test_a_person_tries_a_body_and_sees_what_it_would_open(
    aeef: Aeef, cli_store: Store, body: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what triage makes of it; nothing is opened."""
    configure(monkeypatch)
    shown = aeef("hooks", "try", "shop-monitor", str(body))
    as_json = aeef("hooks", "try", "shop-monitor", str(body), "--json").json

    assert 0 == shown.code
    assert "would OPEN" in shown.out
    assert "P1, pages" in shown.out
    assert "the till is down" in shown.out
    assert "nothing was opened" in shown.out
    assert ("P1", "firing") == (as_json["alerts"][0]["severity"], as_json["alerts"][0]["state"])
    assert [] == cli_store.incidents()


def test_what_would_be_refused_is_said_and_is_no_success(
    aeef: Aeef, body: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code says so, too."""
    configure(monkeypatch, firing=["broken"])
    shown = aeef("hooks", "try", "shop-monitor", str(body))
    body.write_text("{")
    broken = aeef("hooks", "try", "shop-monitor", str(body))
    unknown = aeef("hooks", "try", "other", str(body))
    absent = aeef("hooks", "try", "shop-monitor", str(body.with_name("none")))

    assert [1, 1, 1, 1] == [each.code for each in (shown, broken, unknown, absent)]
    assert "would be REFUSED: hooks.shop-monitor.state: 'down' is none of firing" in shown.out
    assert "body: not JSON" in broken.out
    assert "there are: shop-monitor" in unknown.err
    assert "azure-monitor" in unknown.err
    assert "cannot be read" in absent.err


def test_a_mapping_that_cannot_work_stops_the_start_and_names_the_setting(
    aeef: Aeef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is started."""
    configure(monkeypatch, identity="sha1(id)")
    shown = aeef("hooks", "list")

    assert 1 == shown.code
    assert "hooks.shop-monitor.identity: Value error, there is no function sha1()" in shown.err
    assert SECRET not in shown.err


def test_the_list_says_what_to_enter_at_the_sender(
    aeef: Aeef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address, and how to prove it, without the secret."""
    configure(monkeypatch, proof="address")
    shown = aeef("hooks", "list")

    assert "/v1/hooks/shop-monitor?token=SECRET  own mapping, address" in shown.out
    assert SECRET not in shown.out
    assert "shop-monitor" == aeef("hooks", "list", "--json").json[0]["name"]


def test_what_was_refused_is_shown_and_replayed_after_it_is_mended(
    start_intake: StartIntake, aeef: Aeef, body: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the running intake: it opens and pages as if it came now."""
    narrow = start_intake(hooks={"shop-monitor": HOOK | {"firing": ["broken"]}})
    headers = {"Authorization": f"Bearer {SECRET}"}
    narrow.client.post("/v1/hooks/shop-monitor", json=BODY, headers=headers)
    wait_until(narrow.store.refused.all)
    monkeypatch.setenv("AEEF_INTAKE__TOKEN", TOKEN)
    shown = aeef("hooks", "refused")
    still = aeef("hooks", "replay", "--all")
    (number,) = [each["number"] for each in aeef("hooks", "refused", "--json").json]
    assert "REFUSED" in aeef("doctor").out

    assert "hooks/shop-monitor  not understood: hooks.shop-monitor.state: 'down'" in shown.out
    assert (1, True) == (still.code, "still refused: hooks.shop-monitor.state" in still.out)
    assert narrow.store.refused.one(number)


def test_replay_opens_as_if_it_came_now(
    start_intake: StartIntake, aeef: Aeef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the mapping fits; a number that is gone is said to be."""
    intake = start_intake(hooks={"shop-monitor": HOOK})
    monkeypatch.setenv("AEEF_INTAKE__TOKEN", TOKEN)
    intake.store.refused.keep(
        "hooks/shop-monitor", "not understood", "why", json.dumps(BODY), is_whole=True
    )
    (refusal,) = intake.store.refused.all()
    taken = aeef("hooks", "replay", str(refusal.number))
    gone = aeef("hooks", "replay", str(refusal.number))
    neither = aeef("hooks", "replay")

    assert (0, 1, 2) == (taken.code, gone.code, neither.code)
    assert "taken" in taken.out
    assert ["the till is down"] == [each.description for each in intake.incidents()]
    assert "nothing that was refused is kept" in aeef("hooks", "refused").out
