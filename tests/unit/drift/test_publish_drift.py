"""The drift report as table and page: nothing in it acts, and it stays small."""

from __future__ import annotations

from schemas.drift import DriftReport, Setting, compare
from tasks.drift.publish_drift import LONGEST, markdown, rows

EVIL = "x\n\n# Forged\n| low | a | b |\n![i](http://e.example/x.png) <script> `**bold**` "


def test_a_value_is_a_cell_and_nothing_else() -> None:
    """Labels are written by whoever starts a container: no heading, row, link or picture."""
    found = compare({}, {Setting("web", "labels", "a|b\n# c"): EVIL})

    page = markdown(DriftReport(target="shop", compared=1, differences=found))

    [row] = [line for line in page.splitlines() if "Forged" in line and line.startswith("|")]
    assert 7 == row.replace("\\|", "").count("|")
    assert "\\!\\[i\\](http" in row
    assert "\\<script\\> \\`\\*\\*bold\\*\\*\\`" in row
    assert ["# Drift of shop: drift"] == [each for each in page.splitlines() if each[:1] == "#"]


def test_a_row_is_short_however_long_the_value() -> None:
    """The artifact shows where to look; Docker has the value."""
    name, value = "n" * 100_000, "v" * 1_000_000
    found = compare({Setting("web", "labels", name): ""}, {Setting("web", "labels", name): value})
    report = DriftReport(target="shop", compared=1, differences=found)

    [row] = rows(report)
    assert (LONGEST, LONGEST) == (len(row["path"]), len(row["actual"]))
    assert len(markdown(report)) < 3_000


def test_a_value_cannot_act_as_markup() -> None:
    """Neither in the page nor in the table, whose cells Prefect renders as Markdown."""
    setting = Setting("web", "labels", "![p](http://evil)")
    report = DriftReport(
        target="shop", compared=1, differences=compare({}, {setting: "[x](y) | <b>\n# head"})
    )
    [row] = rows(report)

    assert "!\\[p\\](http\\://evil)" in row["path"].replace("\\!", "!")
    assert "\\[x\\](y) \\| \\<b\\>\\\\n\\# head" == row["actual"]
    assert "| " + " | ".join(row.values()) + " |" == markdown(report).splitlines()[-1]
