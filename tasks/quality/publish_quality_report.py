"""Publishes the measured quality, file by file, as an artifact in Prefect."""

from __future__ import annotations

from schemas.quality import Assessment, Investigation
from tasks.base.markdown import literal
from tasks.case import Case
from tasks.incident.artifacts import markdown_artifact
from tasks.quality.wording import report_of
from tasks.step import step, verbatim


@step("publish quality report", says=verbatim, timeout=60)
def publish_quality_report(
    case: Case, assessment: Assessment | None, investigation: Investigation
) -> str:
    """Make the Markdown artifact `quality-<incident id>`; a repetition makes a newer version."""
    incident = case.incident
    key = f"quality-{incident.incident_id}"
    report = report_of(incident.title, assessment, investigation)
    if markdown_artifact(key, report, f"Quality: {literal(incident.title)}"):
        return f"published the quality report, artifact {key}"
    return "the quality report was not published: Prefect did not take it"
