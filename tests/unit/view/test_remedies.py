"""The table of remedies is one table: the page's data and docs/operations.md say the same."""

from __future__ import annotations

import re

import pytest

from support import ROOT
from tasks.view.remedies import REMEDIES, remedy_for


def test_the_documentation_has_the_same_rows() -> None:
    """Each text and what to do about it, in the same order."""
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = text.split("| the text says | do |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [line.strip("|").split(" | ", 1) for line in table.splitlines()]

    assert [(tuple(re.findall(r"`([^`]+)`", texts)), does.strip()) for texts, does in rows] == [
        (each.texts, each.does) for each in REMEDIES
    ]


@pytest.mark.parametrize(
    ("said", "helps"),
    [
        ("FAILED: deploy release: local changes in /srv/shop would be lost: app.conf", "commit,"),
        ("FAILED: deploy release: the disk of /var (40 GB) is full", "make space there"),
        ("when none runs, remove /srv/shop/.git/index.lock", "a killed git"),
        ("Look at shop yourself", "nothing may be running"),
        ("no healthy release besides", "rollback (docs/rollback.md); name one with --to-commit"),
    ],
)
def test_a_sentence_of_the_record_finds_its_remedy(said: str, helps: str) -> None:
    """As words, for a page: a link is what it leads to."""
    remedy = remedy_for(said)

    assert remedy is not None
    assert helps in remedy.plain
    assert "`" not in remedy.plain


def test_nothing_is_advised_for_what_the_table_does_not_know() -> None:
    """No guess."""
    assert remedy_for("FAILED: something else: it broke") is None
