"""A step's text and errors are sanitized: Prefect logs them, and a page repeats them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import InvalidInput, RollbackError, TemporaryError, UnexpectedError
from schemas.incident import Alert, IncidentType, Severity
from schemas.settings import load_settings
from tasks.case import Case
from tasks.step import step
from tasks.store import Store, open_store
from tasks.store.sanitize import sanitized

EMAIL, CARD = "alice.liddell@example.com", "4111 1111 1111 1111"


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    monkeypatch.setenv("AEEF_SLACK__TOKEN", "xoxb-very-secret")
    opened = open_store(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def incident_id(store: Store) -> str:
    """An open incident."""
    alert = Alert(type=IncidentType.UNKNOWN, description="something")
    opened = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P2)
    return str(opened.incident.incident_id)


def test_what_a_step_says_is_logged_without_identifiers(
    incident_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has what the record has."""
    caplog.set_level(logging.INFO, "aeef")

    @step("look", says=str, timeout=30)
    def look(_case: Case) -> str:
        return f"found {EMAIL} and {CARD}"

    look.directly(incident_id)

    assert "found [email " in caplog.text
    assert EMAIL not in caplog.text
    assert CARD not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput(f"no user {EMAIL}"),
        TemporaryError("Slack", f"cannot invite {EMAIL}", status=503, retry_after=0.5),
        RollbackError("health", f"it says {CARD}"),
        TimeoutError(f"for {EMAIL}"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_step_raises_stays_the_same_error_and_names_nobody(
    incident_id: str, error: Exception
) -> None:
    """Its type and attributes decide about retries; they stay, also when Prefect keeps it."""
    attributes = dict(vars(error))

    @step("try it", says=str, timeout=30)
    def attempt(_case: Case) -> str:
        raise error

    with pytest.raises(type(error)) as raised:
        attempt.directly(incident_id)

    assert raised.value is error
    assert attributes == vars(error)
    for said in (str(error), str(copy.copy(error))):
        assert EMAIL not in said
        assert CARD not in said
        assert "[" in said


def test_a_defect_names_nobody(incident_id: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the error nor the traceback in the log."""
    caplog.set_level(logging.INFO, "aeef")

    @step("try it", says=str, timeout=30)
    def attempt(_case: Case) -> str:
        raise ValueError(EMAIL)

    with pytest.raises(UnexpectedError, match=r"ValueError: \[email "):
        attempt.directly(incident_id)

    assert "Traceback" in caplog.text
    assert EMAIL not in caplog.text


def test_neither_secrets_nor_people_are_told(store: Store) -> None:
    """Both at once; the mask is the record's, so that an on-call can compare."""
    told = sanitized(f"xoxb-very-secret of {EMAIL}", load_settings())

    assert told == f"[hidden] of {store.masked_text(EMAIL)}"
