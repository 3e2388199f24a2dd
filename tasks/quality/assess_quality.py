"""Assesses a target's quality: thresholds, and files that got worse since the last good release."""

from __future__ import annotations

from schemas.quality import (
    MOST_SUSPECTS,
    Assessment,
    Measure,
    QualityReport,
    TargetQuality,
    below,
    fallen,
    shortfalls_of,
)
from schemas.settings import Target
from tasks.case import Case
from tasks.quality.baseline import Baseline, baseline_of
from tasks.quality.measure_quality import Reports, measure, reports_of
from tasks.reports.report_files import shown
from tasks.step import step
from tasks.target.repository import TargetRepository


def assess(target: Target, reports: Reports) -> Assessment:
    """Measure, and compare with thresholds and with the last release that passed.

    Changes nothing. Raises InvalidInput that names an unreadable report and the reason;
    TargetError when the repository cannot be used.
    """
    wanted = target.quality or TargetQuality()
    with TargetRepository(target) as repository:
        measured = measure(repository, reports)
        baseline = baseline_of(repository, measured.report.commit, reports)
    now = measured.report
    before = baseline.report
    suspects = fallen(now.files, before.files, wanted) if before else []
    fell = bool(suspects)
    if not suspects:
        suspects = below(now.files, wanted)
    notes = [*measured.notes, *baseline.notes, *_missing(now, baseline)]
    if len(suspects) > MOST_SUSPECTS:
        notes.append(f"{len(suspects)} files; the {MOST_SUSPECTS} worst ones are named")
    return Assessment(
        target=target.name,
        commit=now.commit,
        baseline=before.commit if before else None,
        now=now.total(),
        before=before.total() if before else None,
        shortfalls=shortfalls_of(now, wanted),
        suspects=tuple(suspects[:MOST_SUSPECTS]),
        fell=fell,
        notes=tuple(notes),
    )


def in_words(assessment: Assessment) -> str:
    """The assessment in one line."""
    gates = "; ".join(shown(str(each)) for each in assessment.shortfalls[:5])
    gates = f"below threshold: {gates}" if gates else "every threshold is reached"
    count = len(assessment.suspects)
    some = "1 file" if count == 1 else f"{count} files"
    if assessment.baseline is None:
        files = f"{some} below threshold; there is no release to compare with"
    elif assessment.fell:
        files = f"{some} fell since {assessment.baseline[:12]}"
    else:
        files = f"no file fell since {assessment.baseline[:12]}; {some} below threshold"
    worst = f", {shown(assessment.suspects[0].path)} most" if assessment.suspects else ""
    return f"measured {assessment.target} at {assessment.commit[:12]}: {gates}; {files}{worst}"


def _said(assessment: Assessment | None) -> str:
    if assessment is None:
        return (
            "nothing was measured: set coverage and mutation in [targets.NAME.quality], or name"
            " reports in the alert's details"
        )
    return in_words(assessment)


@step("assess quality", says=_said, timeout=300)
def assess_quality(case: Case, target_name: str) -> Assessment | None:
    """Assess the reports that the alert names, or the target's; None when there are none."""
    target = case.settings.target(target_name)
    reports = reports_of(target, case.alert.details)
    return assess(target, reports) if reports else None


def _missing(now: QualityReport, baseline: Baseline) -> list[str]:
    if baseline.report is None:
        return []
    total, before = now.total(), baseline.report.total()
    notes = [
        f"{measure.label} was measured at the release, and is not now"
        for measure in Measure
        if before.percent(measure) is not None and total.percent(measure) is None
    ]
    gone = len(baseline.report.files.keys() - now.files.keys())
    if gone:
        notes.append(f"{gone} files that were measured at the release are not in the reports now")
    return notes
