"""The error tree: an error of a step is the same after Prefect stored it."""

from __future__ import annotations

import pickle

import pytest

from schemas.errors import AeefError, DeployFailed, PermanentError, RollbackError, TemporaryError


@pytest.mark.parametrize(
    "error",
    [
        AeefError("plain"),
        TemporaryError("Slack", "did not answer", status=503, retry_after=7.0),
        PermanentError("Jira", "no such project", status=400),
        DeployFailed("check health", "still broken"),
        RollbackError("check health", "still broken"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_pickling(error: AeefError) -> None:
    """Type, text and every field come back."""
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(error), str(error), error.__dict__) == (type(back), str(back), back.__dict__)
