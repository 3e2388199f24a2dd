"""Each sentence that a runbook says, when all goes well and when it does not, was seen.

Whatever is on record is held against the stand-ins, the target's files and its running release;
whatever a page, a message in Slack or a reply says is held against the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from prefect.events.clients import NullEventsClient
from prefect.events.worker import EventsWorker

from samples.isolation import IsolationSample
from samples.patch_findings import details, vulnerable
from samples.says.sentences import TABLE, Row, row_of
from samples.says.world import Trouble, World, docker_world, new_world
from samples.targets import ComposeSample
from schemas.automation import Mode
from schemas.incident import Status
from schemas.settings import load_settings
from standins.control_plane import ControlPlane
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.prefect.api import Prefect
from standins.slack import Slack
from tasks.base.trim import MARK
from tasks.channels.being_done import by_itself
from tasks.channels.slack.markup import LOOKS_LIKE
from tasks.notify.stand_down import resolve_page
from tasks.store.progress import NOTHING

KINDS = (
    "deployment-failure", "drift", "security", "agent-violation", "data-breach",
    "quality-degradation", "unknown",
)  # fmt: skip


def refuse(*names: str) -> Trouble:
    """These channels take nothing."""

    def trouble(world: World) -> None:
        for name in names:
            world.refusing.add(name)
            if name == "slack":
                world.slack.lie({"ok": False, "error": "is_archived"}, times=None)
            else:
                getattr(world, name).fail_with(400, times=None, body={"message": "no"})

    return trouble


def silence(*names: str) -> Trouble:
    """These channels are not configured."""
    return lambda world: world.silent.update(names)


def change(before: str, after: str) -> Trouble:
    """The target is configured otherwise."""

    def trouble(world: World) -> None:
        assert before in world.config
        world.config = world.config.replace(before, after)

    return trouble


def remove(path: str) -> Trouble:
    """Something is missing in the target's repository."""

    def trouble(world: World) -> None:
        found = list(world.repository.glob(path))
        assert found
        for each in found:
            each.unlink()

    return trouble


def nobodys(world: World) -> None:
    """The service belongs to no target."""
    world.service = "nobody"


def disobey(world: World) -> None:
    """The control plane takes the order, and the agent goes on."""
    world.plane.obeys = False


def message_is_gone(world: World) -> None:
    """Somebody deletes the message."""
    lie = {"ok": False, "error": "message_not_found"}
    world.slack.lie(lie, times=None, path="chat.update")


def findings(world: World) -> None:
    """The alert brings what a scanner found."""
    world.details = details(vulnerable())


def used_up(world: World) -> None:
    """The target was rolled back three times in the last hour."""
    world.rollbacks = 3


def observed(world: World) -> None:
    """The automation only observes."""
    world.mode = Mode.OBSERVE


def switched_off(world: World) -> None:
    """The automation is off."""
    world.mode = Mode.OFF


def nothing(_world: World) -> None:
    """All goes well."""


EVERYBODY = ("pagerduty", "slack", "jira")
SICK = change('command = ["', 'command = ["false", "')
WELL = [(kind, severity, nothing, True) for kind in KINDS for severity in ("P1", "P3")]
ILL: list[tuple[str, str, Trouble, bool]] = [
    ("unknown", "P4", nothing, True),
    ("unknown", "P2", refuse("pagerduty"), True),
    ("unknown", "P2", refuse("pagerduty", "slack"), False),
    ("unknown", "P1", refuse(*EVERYBODY), False),
    ("unknown", "P3", refuse("jira"), False),
    ("unknown", "P1", silence(*EVERYBODY), True),
    ("agent-violation", "P2", silence(*EVERYBODY), True),
    ("data-breach", "P2", silence(*EVERYBODY), True),
    ("quality-degradation", "P3", silence(*EVERYBODY), True),
    ("deployment-failure", "P1", message_is_gone, True),
    ("deployment-failure", "P1", remove("provenance/*.json"), False),
    ("deployment-failure", "P1", remove("deployments/history.json"), False),
    ("deployment-failure", "P1", SICK, False),
    ("security", "P1", change('["touch", "run/isolated"]', '["false"]'), False),
    ("security", "P1", change('["touch", "run/isolated"]', '["true"]'), False),
    ("security", "P1", change('d = ["./running"]', 'd = ["false"]'), False),
    ("security", "P2", findings, True),
    ("data-breach", "P1", change('key = ["touch", "run/revoked"]', 'key = ["false"]'), False),
    ("data-breach", "P1", change('["touch", "run/isolated"]', '["false"]'), False),
    ("agent-violation", "P1", disobey, False),
    ("quality-degradation", "P1", remove("coverage.xml"), False),
    ("drift", "P1", remove("provenance/*.json"), False),
    *((kind, "P1", nobodys, kind != "deployment-failure") for kind in KINDS),
    *((kind, "P1", mode, True) for kind in KINDS for mode in (observed, switched_off)),
    ("deployment-failure", "P1", used_up, False),
    ("drift", "P1", used_up, False),
]  # fmt: skip


@pytest.fixture
def standins(
    pagerduty: PagerDuty, slack: Slack, jira: Jira, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """All of them; Prefect's client sends its own events to nobody."""
    monkeypatch.setattr(EventsWorker, "_client_override", (NullEventsClient, ()))
    with Prefect() as prefect, ControlPlane() as plane:
        yield {
            "pagerduty": pagerduty, "slack": slack, "jira": jira,
            "prefect": prefect, "plane": plane,
        }  # fmt: skip


@pytest.mark.filterwarnings("ignore:Artifact creation outside")
@pytest.mark.parametrize(("kind", "severity", "trouble", "is_well"), [*WELL, *ILL])
def test_what_is_said_was_seen(
    kind: str,
    severity: str,
    trouble: Trouble,
    is_well: bool,
    standins: dict[str, Any],
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sentence by sentence."""
    world = new_world(kind, severity, tmp_path / "world", standins)
    trouble(world)

    world.respond(home, monkeypatch)

    try:
        assert is_well == (not world.failed), world.actions
        all_is_true(world)
        if world.mode is not Mode.ON or world.rollbacks:
            assert world.is_untouched
            assert Status.OPEN is world.incident.status
    finally:
        world.store.close()


@pytest.mark.filterwarnings("ignore:Artifact creation outside")
def test_what_is_said_was_seen_when_the_severity_rises_and_when_it_is_over(
    standins: dict[str, Any], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told to the one channel is not said to have been told to the other; then it ends."""
    world = new_world("unknown", "P3", tmp_path / "world", standins)
    world.respond(home, monkeypatch)
    world.rise("P1")
    world.store.set_status(world.id, Status.RESOLVED, actor="ada")
    resolve_page(world.id, world.settings, holder="ada")

    try:
        all_is_true(world)
        assert 2 == sum(each.startswith("posted to Slack") for each in world.actions)
    finally:
        world.store.close()


@pytest.mark.filterwarnings("ignore:Artifact creation outside")
@pytest.mark.parametrize("mode", [Mode.ON, Mode.OBSERVE])
def test_what_is_said_of_a_rollback_docker_saw(
    mode: Mode,
    compose_sample: ComposeSample,
    standins: dict[str, Any],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The application that people reach is the good release; the same as before when observed."""
    sample = compose_sample
    world = docker_world("deployment-failure", sample.target, f"{sample.url}/version", standins)
    world.mode, before = mode, world.prepared.serves
    world.respond(home, monkeypatch)

    try:
        assert not world.failed
        assert (mode is Mode.OBSERVE) == (before == world.prepared.serves)
        all_is_true(world)
    finally:
        world.store.close()


@pytest.mark.usefixtures("shop_store")
@pytest.mark.filterwarnings("ignore:Artifact creation outside")
@pytest.mark.parametrize("mode", [Mode.ON, Mode.OBSERVE])
def test_what_is_said_of_an_isolation_docker_saw(
    mode: Mode,
    shop: IsolationSample,
    standins: dict[str, Any],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody reaches the shop any longer; everybody does when it is only observed."""
    url = f"http://127.0.0.1:{shop.port}/index.html"
    world = docker_world("security", shop.target, url, standins)
    world.mode = mode
    world.respond(home, monkeypatch)

    assert not world.failed
    assert (mode is Mode.OBSERVE) == (world.prepared.serves == "status=ok")
    all_is_true(world)


def test_every_row_of_the_table_is_needed() -> None:
    """None of them is about a sentence that is not said any longer."""
    if len(_told) < len(WELL) + len(ILL) + 1:
        pytest.skip("only some of the cases ran in this process")

    assert [] == [row.words.pattern for row in TABLE if row not in _needed]


_told: list[str] = []
_needed: set[Row] = set()


def all_is_true(world: World) -> None:
    """Record, pages and messages."""
    _told.append(world.id)
    the_record_is_true(world)
    pages_are_true(world)
    slack_is_true(world)


def the_record_is_true(world: World) -> None:
    """Each sentence is known, and what it says was seen."""
    for sentence in world.actions:
        found = row_of(sentence)
        assert found, f"add to tests/samples/says/sentences.py how this is seen: {sentence}"
        row, words = found
        _needed.add(row)
        assert row.seen(world, words), f"said, but not so: {sentence}"


def pages_are_true(world: World) -> None:
    """A page says what the alert said, or what is on record as failed; and what to do."""
    for page in world.pages():
        note = re.search(rf" \[{world.mode.in_words} for \S+ since .* by anna: it moves\]$", page)
        assert bool(note) == (world.mode is not Mode.ON)
        summary = page[: note.start()] if note else page
        said = re.fullmatch(
            rf"P\d {world.service} {world.incident.reference}: (.*?)\.? (?:Take it|Open): http\S+",
            summary,
        )
        assert said, summary
        if said[1].startswith("it is broken"):
            doing = said[1].removeprefix("it is broken").removeprefix(". ")
            # What a runbook begins with; that it could not stands in the page that follows.
            assert doing in ("", by_itself(world.incident, load_settings())), doing
        elif over := re.match("automation (FAILED|stopped), take over: ", said[1]):
            assert (over[1] == "stopped") == bool(world.rollbacks)
            is_on_record(world, said[1][over.end() :])
        else:
            assert said[1] in ("data breach, for security", "data breach, for privacy")


def slack_is_true(world: World) -> None:
    """The message and its thread say what is on record, and the outcome as it is."""
    for message in world.messages():
        is_private = message.channel.startswith("C1")
        said = back(message.blocks[1]["text"]["text"]).partition("*Auto-response:* ")[2]
        if message.before and not is_reply_instead(world):
            assert said.startswith(beginning(world)), said
        if world.incident.is_restricted and not is_private:
            assert said.partition("\n")[0].endswith(": its record says more")
            continue
        head, *lines = said.split("\n• ")
        for line in lines:
            start = line.removesuffix("\nbefore that:").removesuffix(MARK)
            assert any(each.startswith(start) for each in world.actions), line
        phase, _, words = head.partition(": ")
        words = words.removesuffix("\nbefore that:")
        if phase.startswith(("FAILED", "STOPPED")):
            is_on_record(world, words)
        elif words:
            assert words in (NOTHING, "no runbook has begun") or words in world.actions, words
    for reply in (each for each in world.slack.messages if each.thread_ts):
        reply_is_true(world, unescape(reply.text))


def beginning(world: World) -> str:
    """How the message of a run begins that has ended."""
    if world.mode is not Mode.ON:
        return "not done by itself, for automation is not on"
    if world.rollbacks:
        return "STOPPED"
    return "FAILED" if world.failed else "done"


def reply_is_true(world: World, text: str) -> None:
    """A reply states the status as it was then, asks for somebody, or repeats what failed."""
    incident = world.incident
    if text.startswith("On-call, please take this: "):
        return
    title = incident.title.partition(" ")[2]
    if about := re.match(rf"(?:P\d {title}|Incident)(?:: | |\n)(\w+)", text):
        over = [each for each in world.actions if f"→ {about[1]}" in each]
        assert about[1] in ("open", "Investigation") or over, text
        return
    if text.endswith("(the message above could not be changed and may say something older)"):
        assert is_reply_instead(world)
        return
    assert world.failed
    is_on_record(world, text)


def is_on_record(world: World, failures: str) -> None:
    """The first of several failures stands in the record, as a step's or as the page's reason."""
    first = failures.partition("; ")[0].removesuffix(MARK)
    words = first.partition(": ")[2] if first.partition(": ")[0] in STEPS else first
    failed = [each for each in world.actions if "FAILED" in each or "are the limit" in each]
    assert any(words in each for each in failed), failures


STEPS = ("post to Slack", "create ticket", "page on-call", "assign ticket", "notify the owner")


def is_reply_instead(world: World) -> bool:
    """True when the message could not be changed."""
    return any("was not changed" in each for each in world.actions)


def back(text: str) -> str:
    """What people read in a message, with the characters that were replaced."""
    return unescape(text).translate({ord(seen): real for real, seen in LOOKS_LIKE.items()})
