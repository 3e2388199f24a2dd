"""The program that sets a PDF: what it needs of us, and what is said when it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import TemporaryError
from tasks.review import export_pdf
from tasks.review.export_pdf import as_pdf


def test_what_goes_wrong_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what stood in the review."""
    with pytest.raises(TemporaryError, match="could not be set") as caught:
        as_pdf({"title": "a secret"})
    assert "a secret" not in str(caught.value)
    monkeypatch.setattr(export_pdf, "PROGRAM", Path("/nowhere/set_pdf.py"))
    with pytest.raises(TemporaryError, match="could not be set"):
        as_pdf({})


def test_it_does_not_take_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked is answered, and the program is ended."""
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(export_pdf, "PROGRAM", slow)
    monkeypatch.setattr(export_pdf, "SECONDS", 0.5)
    with pytest.raises(TemporaryError, match=r"within 0\.5 s"):
        as_pdf({})
