"""The reviews by the calendar are scheduled by cron, in the time zone of the settings."""

from __future__ import annotations

from deployments.registry.catalog import SCHEDULED, imported
from deployments.registry.deployment import in_words
from schemas.settings import Settings


def test_each_review_has_its_schedule() -> None:
    """As the settings say it; off: only when it is asked for. Others run every so many seconds."""
    calendar = {"timezone": "Europe/Berlin", "at": "08:30", "quarterly": False}
    settings = Settings.model_validate({"calendar": calendar})
    said = {row.deployment: in_words(row, settings) for row in SCHEDULED}

    assert "by cron '30 8 * * 1' in Europe/Berlin" == said["review/weekly"]
    assert "by cron '30 8 1 * *' in Europe/Berlin" == said["review/monthly"]
    assert "only when it is asked for" == said["review/quarterly"]
    assert said["audit/verify"].startswith("every ")
    rows = [row for row in SCHEDULED if row.deployment.startswith("review/")]
    assert ["review"] * len(rows) == [imported(row.entrypoint).name for row in rows]
