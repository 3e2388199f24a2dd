"""One word for one thing: words that no name of ours has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.plan import ROOMS, files_of
from support import ROOT

NOT_USED = {
    "tell": "notify, record, log or emit",
    "tells": "notify, record, log or emit",
    "told": "notified, recorded; or what it is: a sentence, an outcome",
    "dear": "slow, or how much",
    "pace": "start_rate",
    "urgency": "priority",
    "who": "what the person is: approver, owner, user",
    "screen": "terminal",
    "answers": "http_answers, or what they are",
    "limits": "trim",
    "remember": "cache, keep, or record",
    "remembered": "cached, kept",
    "links": "schemas.links has them",
}
"""A word that no name of ours has, and what to use instead."""
STAYS = {
    ("limits", "schemas/breach/regulation.py"): "a legal regime's word, as regimes.toml has it",
    ("limits", "tasks/channels"): "what a vendor calls them: `Channel.limits`",
    ("limits", "schemas/automation/settings.py"): "the table `[automation.limits]`",
    ("limits", "schemas/settings/target.py"): "the table `[targets.NAME.limits]`",
    ("told", "schemas/agents/agent.py"): "`toldControlPlane` stands in journals on disk",
    ("answers", "tasks/base/http_answers.py"): "what the house calls that file",
    ("links", "schemas/links.py"): "the one module of that name",
    ("links", "schemas/isolation/isolation.py"): "Docker's word, kept in journals",
    ("links", "tasks/isolation"): "Docker's word",
    ("links", "tasks/channels"): "the vendors' word, and `links_for`",
    ("links", "tasks/incident/publish_report.py"): "of `links_for`",
    ("links", "tasks/target/carry_records.py"): "symbolic links in a work tree",
    ("links", "tasks/drift/release/committed_tree.py"): "symbolic links in a commit",
}
"""Exceptions with their reason: the word, and the beginning of the path."""


def _names(path: Path) -> Iterator[tuple[int, str]]:
    """The names that a file gives to something, with the line."""
    yield 0, path.stem
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case _:
                pass


def words_of(name: str) -> set[str]:
    """The words of a name: `tellOwner`, `tell_owner` and `TellOwner` have the same."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _found(path: Path) -> Iterator[str]:
    place = path.relative_to(ROOT).as_posix()
    for line, name in _names(path):
        for word in sorted(words_of(name) & set(NOT_USED)):
            if not any(word == stays and place.startswith(where) for stays, where in STAYS):
                yield f"{place}:{line} {name}: say {NOT_USED[word]}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_has_a_word_that_the_house_does_not_use(room: str) -> None:
    """The words to use are in `docs/architecture.md`."""
    assert [] == [found for path in files_of(room) for found in _found(path)]


def test_no_exception_is_left_over() -> None:
    """An exception must be removed when its word is gone."""
    present = {
        (word, path.relative_to(ROOT).as_posix())
        for room in ROOMS
        for path in files_of(room)
        for _line, name in _names(path)
        for word in words_of(name)
    }
    unused = [
        (word, where)
        for word, where in STAYS
        if not any(word == found and place.startswith(where) for found, place in present)
    ]

    assert [] == unused


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tell_owner", {"tell", "owner"}),
        ("tellOwner", {"tell", "owner"}),
        ("_TellOwner", {"tell", "owner"}),
        ("URL_LIMITS", {"url", "limits"}),
        ("teller", {"teller"}),
    ],
)
def test_a_name_is_taken_apart(name: str, words: set[str]) -> None:
    """Whole words count: a `teller` tells nothing."""
    assert words == words_of(name)
