"""`aeef report security --findings`: what is sent, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.cli import Aeef
from fixtures.intake import Intake
from samples.quality_target import SAMPLES as QUALITY
from schemas.findings import patch_of, scan_of

SAMPLES = QUALITY.parent / "findings"
DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"


def test_reports_and_a_patch_become_one_incident(there: Intake, aeef: Aeef, tmp_path: Path) -> None:
    """As severe as the worst finding of all."""
    (tmp_path / "fix.diff").write_text(DIFF)
    answer = aeef(
        "report", "security", "--service", "shop", "--json",
        "--findings", str(SAMPLES / "bandit.sarif"), "--findings", str(SAMPLES / "trivy.json"),
        "--patch", str(tmp_path / "fix.diff"),
    )  # fmt: skip
    (incident,) = there.incidents()
    alert = there.store.alert(incident.incident_id)

    assert (0, str(incident.incident_id)) == (answer.code, answer.json["incidentId"])
    assert ("P1", scan_of(alert).sentence) == (incident.severity, incident.description)
    assert incident.description.startswith("13 findings by bandit, trivy: 2 P1, ")
    assert DIFF == patch_of(alert)


def test_what_is_given_by_hand_wins(there: Intake, aeef: Aeef) -> None:
    """Severity and description."""
    aeef(
        "report", "security", "--severity", "P4", "--description", "mine",
        "--findings", str(SAMPLES / "bandit.sarif"),
    )  # fmt: skip
    (incident,) = there.incidents()

    assert ("P4", "mine") == (incident.severity, incident.description)


def test_only_a_patch(there: Intake, aeef: Aeef, tmp_path: Path) -> None:
    """It needs no report."""
    (tmp_path / "fix.diff").write_text(DIFF)
    answer = aeef("report", "security", "--severity", "P4", "--patch", str(tmp_path / "fix.diff"))

    assert 0 == answer.code
    assert [DIFF] == [patch_of(there.store.alert(i.incident_id)) for i in there.incidents()]


def test_a_scan_that_failed_is_no_success(there: Intake, aeef: Aeef, tmp_path: Path) -> None:
    """The exit code says so to a pipeline, and the error why."""
    (tmp_path / "r.json").write_text('{"error": {"code": "ENOLOCK", "summary": "no lockfile"}}')
    answer = aeef("report", "security", "--findings", str(tmp_path / "r.json"))

    assert 1 == answer.code
    assert "did not succeed: npm audit: ENOLOCK: no lockfile" in answer.err
    assert not there.incidents()


def test_without_findings_nothing_is_reported(there: Intake, aeef: Aeef, tmp_path: Path) -> None:
    """The exit code is 0: nothing is wrong."""
    (tmp_path / "r.json").write_text('{"results": []}')
    answer = aeef("report", "security", "--findings", str(tmp_path / "r.json"))

    assert (0, "no findings by osv-scanner: nothing to report\n") == (answer.code, answer.out)
    assert [] == there.incidents()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"hello", "it is not JSON"),
        (b"{}", "none of the formats"),
    ],
)
def test_a_report_that_cannot_be_read(
    there: Intake, aeef: Aeef, tmp_path: Path, content: bytes, reason: str
) -> None:
    """One line that names the file; nothing is sent."""
    (tmp_path / "r.json").write_bytes(content)
    answer = aeef("report", "security", "--findings", str(tmp_path / "r.json"))

    assert 1 == answer.code
    assert answer.err.startswith(f"error: report {tmp_path / 'r.json'} cannot be understood: ")
    assert reason in answer.err
    assert [] == there.incidents()


def test_what_the_intake_does_not_take_is_left_out(
    there: Intake, aeef: Aeef, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The worst findings are sent, and that they are not all is said; a patch is never cut."""
    monkeypatch.setenv("AEEF_INTAKE__MAX_BODY_BYTES", "1200")
    answer = aeef(
        "report", "security", "--severity", "P4", "--findings", str(SAMPLES / "bandit.sarif")
    )
    (incident,) = there.incidents()
    scan = scan_of(there.store.alert(incident.incident_id))
    (tmp_path / "fix.diff").write_text("x" * 1199)
    refused = aeef("report", "security", "--patch", str(tmp_path / "fix.diff"))

    assert 0 == answer.code
    assert f"the {len(scan.findings)} worst of 8 findings are sent" in answer.err
    assert 0 < len(scan.findings) < 8 == scan.total
    assert "the intake takes 1200 bytes" in refused.err


@pytest.mark.parametrize("option", ["--findings", "--patch"])
def test_only_for_security(aeef: Aeef, option: str) -> None:
    """Another runbook has no use for them."""
    answer = aeef("report", "drift", option, str(SAMPLES / "bandit.sarif"))

    assert 2 == answer.code
    assert "aeef report security" in answer.err
