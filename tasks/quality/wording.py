"""Renders an assessment and its investigator for people, as text and Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.quality import Assessment, Investigation, Measure, Touch
from tasks.quality.assess_quality import in_words
from tasks.reports.report_files import shown

MOST_FILES = 10
MOST_COMMITS = 3
SHORT = 12
UNTOUCHED = "no commit touched it since the release: look at its tests"


def lines_of(assessment: Assessment | None, investigation: Investigation) -> list[str]:
    """Plain text lines; untrusted names are short and on one line."""
    owner = f"Investigation: {shown(investigation.owner)}, because {shown(investigation.because)}."
    if assessment is None:
        return [owner, "Nothing was measured: no report is configured, and the alert names none."]
    lines = [owner, in_words(assessment)]
    for suspect in assessment.suspects[:MOST_FILES]:
        changes = ", ".join(str(change) for change in suspect.changes)
        lines.append(f"• {shown(suspect.path)}: {changes}")
        touches = investigation.commits.get(suspect.path, ())
        lines += [f"    {_touch(touch)}" for touch in touches[:MOST_COMMITS]]
        if suspect.path in investigation.commits and not touches:
            lines.append(f"    {UNTOUCHED}")
    more = len(assessment.suspects) - MOST_FILES
    if more > 0:
        lines.append(f"• and {more} more files")
    if investigation.others:
        lines.append("Also theirs: " + ", ".join(shown(each) for each in investigation.others))
    lines += [f"Note: {shown(note)}" for note in (*assessment.notes, *investigation.notes)]
    return lines


def report_of(title: str, assessment: Assessment | None, investigation: Investigation) -> str:
    """The report as Markdown; untrusted text is in code spans, so it cannot inject markup."""
    head = [
        f"# Quality: {code(title)}",
        "",
        f"**Investigation:** {code(investigation.owner)} ({code(investigation.because)})",
        "",
    ]
    if assessment is None:
        return "\n".join([*head, "Nothing was measured.", ""])
    return "\n".join([*head, *_gates(assessment), *_files(assessment, investigation), ""])


def code(text: str) -> str:
    """Untrusted text as a code span, safe in a table."""
    plain = shown(text).replace("`", "'").replace("|", "¦")
    return f"`{plain or ' '}`"


def _gates(assessment: Assessment) -> Iterator[str]:
    baseline = assessment.baseline[:SHORT] if assessment.baseline else "none"
    yield f"Commit `{assessment.commit[:SHORT]}`, compared with release `{baseline}`."
    yield ""
    yield "| measure | at the release | now |"
    yield "|---|---|---|"
    for measure in Measure:
        before = assessment.before.percent(measure) if assessment.before else None
        now = assessment.now.percent(measure)
        yield f"| {measure.label} | {_percent(before)} | {_percent(now)} |"
    yield ""
    for shortfall in assessment.shortfalls:
        yield f"- below threshold: {code(str(shortfall))}"
    if not assessment.shortfalls:
        yield "- every threshold is reached"
    for note in assessment.notes:
        yield f"- {code(note)}"


def _files(assessment: Assessment, investigation: Investigation) -> Iterator[str]:
    yield ""
    yield "## Files that fell" if assessment.fell else "## Files below their thresholds"
    yield "| file | figures | commits, newest first |"
    yield "|---|---|---|"
    for suspect in assessment.suspects:
        figures = ", ".join(str(change) for change in suspect.changes)
        touches = investigation.commits.get(suspect.path, ())
        known = suspect.path in investigation.commits
        nothing = UNTOUCHED if known else "not looked up"
        commits = " ".join(code(_touch(touch)) for touch in touches) or nothing
        yield f"| {code(suspect.path)} | {figures} | {commits} |"
    for note in investigation.notes:
        yield f"- {code(note)}"


def _touch(touch: Touch) -> str:
    return f"{touch.commit[:SHORT]} {shown(touch.subject)} ({shown(touch.author)})"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f} %"
