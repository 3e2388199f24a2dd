"""What machines of one store should have alike: told apart by digests, which hold nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.model import utc_now
from schemas.settings import Settings
from tasks.armed.alike import LIVING, alike_of, differences
from tasks.store.processes import ProcessReport

KEY = {"key": "0123456789abcdef"}
URL = "json://ada:s3cret@example.com"


def settings(home: Path, **values: object) -> Settings:
    """Of a machine that masks with `KEY`."""
    return Settings.model_validate({"home": home, "masking": KEY, **values})


def told(here: Settings, there: Settings, **changed: str) -> list[str]:
    """What is said here of a process there."""
    report = ProcessReport(utc_now().isoformat(), [], {**alike_of(there), **changed})
    return differences(alike_of(here), {"dispatcher b": report}, utc_now())


def test_the_same_settings_are_alike_wherever_they_are(tmp_path: Path) -> None:
    """AEEF_HOME, ports and where the key comes from are a machine's own."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "masking.key").write_text(KEY["key"] * 4)
    one = settings(tmp_path / "a", masking={"key": KEY["key"] * 4}, intake={"port": 1})
    other = Settings.model_validate({"home": tmp_path / "b", "intake": {"port": 2}})

    assert [] == told(one, other)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("routes", {"P2": {"page": False}}),
        ("rules", [{"alertname": "Leak", "type": "security"}]),
        ("contacts", {"ada": {"urls": [URL]}}),
        ("slack", {"token": "xoxb-1234567890"}),
        ("relapse", {"within": 5}),
        ("drift", {"every": 60}),
    ],
)
def test_other_settings_are_named_by_their_section(
    tmp_path: Path, section: str, value: object
) -> None:
    """Secrets count, too."""
    other = settings(tmp_path, **{section: value})

    said = told(settings(tmp_path), other)
    assert [f"dispatcher b runs with other settings: [{section}]"] == said
    assert "s3cret" not in str(alike_of(other))


def test_another_version_is_said_first(tmp_path: Path) -> None:
    """Its settings are not the same for this alone."""
    [said] = told(settings(tmp_path), settings(tmp_path, relapse={"within": 5}), version="9.9")

    assert said.startswith("dispatcher b runs version 9.9, and this is ")
    assert "settings" not in said


def test_with_another_key_nothing_can_be_said_of_settings(tmp_path: Path) -> None:
    """Each digest differs then."""
    other = settings(tmp_path, masking={"key": "f" * 16})

    assert "settings cannot be compared" in told(settings(tmp_path), other)[0]


def test_who_reports_no_more_is_not_compared(tmp_path: Path) -> None:
    """Nor who said nothing of what it runs."""
    now = utc_now()
    other = alike_of(settings(tmp_path, relapse={"within": 5}))
    gone = ProcessReport((now - LIVING - timedelta(seconds=1)).isoformat(), [], other)
    silent = ProcessReport(now.isoformat(), [], {})

    assert [] == differences(alike_of(settings(tmp_path)), {"a": gone, "b": silent}, now)
