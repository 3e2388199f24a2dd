"""A drift report in Prefect: values of containers and files are text there, and nothing else."""

from __future__ import annotations

from schemas.drift import DriftReport, compare
from schemas.impact import Setting
from tasks.publish_drift import markdown, rows


def test_a_value_cannot_act_as_markup() -> None:
    """Neither in the page nor in the table, whose cells Prefect renders as Markdown."""
    setting = Setting("web", "labels", "![p](http://evil)")
    report = DriftReport(
        target="shop", compared=1, differences=compare({}, {setting: "[x](y) | <b>\n# head"})
    )
    [row] = rows(report)

    assert "!\\[p\\](http://evil)" in row["path"].replace("\\!", "!")
    assert "\\[x\\](y) \\| \\<b\\> \\# head" == row["actual"]
    assert "| " + " | ".join(row.values()) + " |" == markdown(report).splitlines()[-1]
