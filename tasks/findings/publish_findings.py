"""Publishes findings in Prefect: a sortable table and a page."""

from __future__ import annotations

from schemas.findings import Finding, Findings
from tasks.base.markdown import literal
from tasks.incident.artifacts import markdown_artifact, table_artifact


def publish(incident_id: str, scan: Findings) -> None:
    """Make the artifacts `findings-<incident>` (Markdown) and `findings-table-<incident>`."""
    headline = literal(scan.sentence)
    table_artifact(
        key=f"findings-table-{incident_id}",
        table=[row(finding) for finding in scan.findings],
        description=headline,
    )
    markdown_artifact(
        key=f"findings-{incident_id}",
        markdown=markdown(scan),
        description=headline,
    )


def row(finding: Finding) -> dict[str, str]:
    """One finding as a row of either; Prefect renders table cells as Markdown too."""
    package = finding.package
    cells = {
        "severity": finding.severity,
        "id": finding.id,
        "tool": finding.tool,
        "where": finding.where,
        "asked for in": (package.manifest or "") if package else "",
        "fixed in": ", ".join(package.fixed[:10]) if package else "",
        "title": finding.title,
        "also known as": ", ".join(finding.aliases[:10]),
    }
    return {name: literal(value) for name, value in cells.items()}


def markdown(scan: Findings) -> str:
    """The findings as Markdown; a scanner's text cannot inject markup."""
    lines = ["# Findings", "", literal(scan.sentence)]
    if scan.findings:
        names = list(row(scan.findings[0]))
        lines += ["", "| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
        lines += ["| " + " | ".join(row(finding).values()) + " |" for finding in scan.findings]
    return "\n".join(lines) + "\n"
