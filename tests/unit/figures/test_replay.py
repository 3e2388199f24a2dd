"""Moments read from the entries of an older version, as far as their words are certain."""

from __future__ import annotations

import pytest

from schemas.figures import Moment
from tasks.store.moments.replay import Replay

RECORD = {"record": "0" * 64}
OPENED = "incident opened from prometheus"


def replayed(*actions: str, automated: bool = True) -> Replay:
    """After these, which an older version recorded, one a minute."""
    replay = Replay()
    for minute, action in enumerate((OPENED, *actions)):
        replay.take(action, f"2026-11-01T10:{minute:02}:00", RECORD, automated=automated)
    return replay


@pytest.mark.parametrize(
    ("action", "moment"),
    [
        ("paged on-call by PagerDuty", Moment.PAGED),
        ("paged on-call by PagerDuty; it took 27 s", Moment.PAGED),
        ("acknowledged; status: open → investigating", Moment.ACKNOWLEDGED),
        ("acknowledged", Moment.ACKNOWLEDGED),
        ("handed over to bob; status: open → investigating", Moment.ACKNOWLEDGED),
        ("rolled shop back from aaaaaaa to bbbbbbb; healthy after 3.2 s", Moment.CONTAINED),
        ("isolated shop, verified: 2 containers", Moment.CONTAINED),
        ("suspended agent a of shop, verified: registry", Moment.CONTAINED),
        ("status: investigating → mitigated (shop runs abc)", Moment.MITIGATED),
        ("status: mitigated → resolved (fixed: it)", Moment.RESOLVED),
        ("status: open → closed", Moment.CLOSED),
    ],
)
def test_words_that_are_certain(action: str, moment: Moment) -> None:
    """The first of each counts."""
    replay = replayed(action, action)

    assert list(replay.occurrences[0]) == [moment]
    assert replay.occurrences[0][moment].at == "2026-11-01T10:01:00"


@pytest.mark.parametrize(
    "action",
    [
        "told on-call by Slack, which rings nobody",
        "acknowledged, too; ann has it since 10:00 UTC",
        "the page for on-call is in the local inbox: it left nowhere",
        "note: paged on-call by hand",
        "looked again: shop is isolated: 2 containers",
        "FAILED: isolate the service: isolated 1 of 2",
        "given back: nobody has it; status: investigating → open",
        "deployed the hotfix aaa on shop in place of bbb; healthy after 3.2 s; which commit runs"
        " was not looked at: no running_command",
        "note: done; status: investigating → resolved (he said)",
        "given back: nobody has it; status: investigating → open (no; status: open → closed (x))",
    ],
)
def test_words_that_say_something_else(action: str) -> None:
    """What is not known stays absent."""
    assert replayed(action).occurrences == [{}]


def test_what_is_opened_again_was_not_over() -> None:
    """The next time counts; who took it keeps it."""
    replay = replayed(
        "acknowledged",
        "status: investigating → resolved (fixed: it)",
        "reopened: no; status: open → closed; status: resolved → investigating",
    )

    assert list(replay.occurrences[0]) == [Moment.ACKNOWLEDGED]


def test_what_came_back_was_not_over() -> None:
    """After its sender's all-clear."""
    replay = replayed(
        "status: open → resolved (the alert is over)",
        "came back 3 min after its sender's all-clear, time 1; status: resolved → open; it pages"
        " anew when it stays for 2 min",
    )

    assert replay.occurrences == [{}]


def test_what_this_version_adds_to_an_old_incident_is_not_read_by_its_words() -> None:
    """Else a person's words would make a time that the table does not have."""
    replay = replayed("acknowledged")
    new = {**RECORD, "before": {"seq": 2, "hash": "0" * 64}}
    replay.take("status: open → resolved (by somebody's words)", "t", new, automated=False)
    replay.take("isolated shop, verified: by words", "t", new, automated=True)

    assert list(replay.occurrences[0]) == [Moment.ACKNOWLEDGED]


def test_new_entries_are_not_read_by_their_words() -> None:
    """Whoever writes a text cannot bring a moment about by it."""
    replay = Replay()
    replay.take(OPENED, "t", {**RECORD, "moment": "detected"}, automated=True)
    replay.take("paged on-call by PagerDuty", "t", RECORD, automated=True)

    assert replay.occurrences == [{}]
