"""Publishes a drift report in Prefect: a sortable table and a page."""

from __future__ import annotations

from schemas.drift import DriftReport, shown
from tasks.base.markdown import literal
from tasks.case import Case
from tasks.incident.artifacts import markdown_artifact, table_artifact
from tasks.step import step

MOST_ROWS = 2_000
LONGEST = 500
"""How many characters of a value are shown; a running value may have any length."""


def publish(report: DriftReport) -> None:
    """Make the artifacts `drift-<target>` (table) and `drift-report-<target>` (Markdown)."""
    name, headline = report.target.replace("_", "-"), literal(report.headline)
    table_artifact(key=f"drift-{name}", table=rows(report), description=headline)
    markdown_artifact(key=f"drift-report-{name}", markdown=markdown(report), description=headline)


@step("publish the drift report", says=lambda _none: None, timeout=60)
def publish_drift(case: Case, report: DriftReport) -> None:
    """`publish`, as a step of a runbook."""
    publish(report)


def rows(report: DriftReport) -> list[dict[str, str]]:
    """One row for each difference, worst first; Prefect shows each cell as Markdown."""
    return [
        {
            "impact": each.impact,
            "path": literal(shown(each.path, LONGEST)),
            "change": each.change,
            "baseline": literal(shown(each.baseline or "", LONGEST)),
            "actual": literal(shown(each.actual or "", LONGEST)),
            "affects": literal(", ".join(each.affects)),
        }
        for each in report.differences[:MOST_ROWS]
    ]


def markdown(report: DriftReport) -> str:
    """The report as Markdown; values cannot inject markup."""
    lines = [
        f"# Drift of {literal(report.target)}: {report.status}",
        "",
        literal(report.headline),
        "",
        f"Compared {report.compared} settings with {(report.commit or 'nothing')[:12]} at"
        f" {report.assessed_at:%Y-%m-%d %H:%M:%S} UTC; values that may be secret are hashes.",
    ]
    if report.differences:
        lines += ["", "| impact | path | change | baseline | actual | affects |", "|---" * 6 + "|"]
        lines += ["| " + " | ".join(row.values()) + " |" for row in rows(report)]
    if report.unreadable:
        lines += ["", "## Cannot be read", *(f"- {literal(why)}" for why in report.unreadable)]
    if report.not_compared:
        lines += ["", "## Not compared", *(f"- {literal(note)}" for note in report.not_compared)]
    return "\n".join(lines) + "\n"
