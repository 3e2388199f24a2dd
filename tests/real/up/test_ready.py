"""Whether all is ready is asked of the intake, whatever the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.up.up import _asking, _problems
from standins.standin import settings_for
from support import free_port


def test_certificates_that_are_not_there_end_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intake is on this machine: nobody needs them to ask it."""
    settings = settings_for(home=tmp_path, intake={"port": free_port()})
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "not-there.pem"))

    with _asking(settings) as intake:
        assert ["the intake does not answer yet"] == _problems(intake)
