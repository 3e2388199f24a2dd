"""Buttons and `/aeef` in Slack: the same verbs, rights and record as everywhere, in time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from fixtures.intake import NO_ROUNDS, Intake, StartIntake
from schemas.approvals import Approval, Question, State
from schemas.incident import Status
from standins.pagerduty import PagerDuty
from standins.sending.slack import ADA, GRACE, SIGNING_SECRET, SlackApp
from standins.slack import Slack, SlackPost
from support import wait_until
from tasks.approvals.ask import ask
from tasks.channels.slack.message import ensure_message
from tasks.notify.show_progress import show

ROB, BOSS = "U0000ROB", "U000BOSS"
PEOPLE = {
    "ada": {"display_name": "Ada", "roles": ["responder"], "slack": ADA},
    "rob": {"roles": ["reader"], "slack": ROB},
    "boss": {"roles": ["approver-engineering"], "slack": BOSS},
    "grace": {"display_name": "Grace", "roles": ["responder"], "slack": GRACE},
}
STRANGER = "U0NOBODY"


@pytest.fixture
def intake(start_intake: StartIntake, pagerduty: PagerDuty, slack: Slack) -> Intake:
    """An intake that pages by PagerDuty and posts to Slack."""
    return start_intake(pagerduty, **hears(slack))


@pytest.fixture
def app(intake: Intake, slack: Slack) -> SlackApp:
    """The Slack app that sends to it."""
    return SlackApp(slack, intake.settings.intake_url)


def hears(slack: Slack) -> dict[str, object]:
    """Settings with the signing secret of the app."""
    return {"slack": {**slack.settings(), "signing_secret": SIGNING_SECRET}, "people": PEOPLE}


def posted(intake: Intake, slack: Slack, **alert: object) -> tuple[str, SlackPost]:
    """An incident, and its message."""
    incident_id = intake.report(service="shop", **alert)
    ensure_message(intake.store.incident(incident_id), intake.settings, holder="a test")
    return incident_id, slack.in_channel("aeef-incidents")[0]


def buttons(post: SlackPost) -> list[str]:
    """The words of the message's buttons."""
    blocks = [each for each in post.blocks if each["type"] == "actions"]
    return [each["text"]["text"] for block in blocks for each in block["elements"]]


def taken_by(intake: Intake, incident_id: str) -> str:
    """Who has it, as it is on record."""
    state = intake.store.escalations.state(incident_id)
    return state.taken_by if state else ""


def test_take_it(start_intake: StartIntake, slack: Slack, pagerduty: PagerDuty) -> None:
    """One press: the person has it, the message says so, and PagerDuty calls nobody more.

    At once: no round comes that would do it later.
    """
    intake = start_intake(pagerduty, timing=NO_ROUNDS, **hears(slack))
    app = SlackApp(slack, intake.settings.intake_url)
    incident_id, post = posted(intake, slack)
    wait_until(lambda: incident_id in pagerduty.alerts)
    assert "Take it" in buttons(post)

    assert 200 == app.press(post, "Take it").status_code
    wait_until(lambda: "Ada has it" in str(post.blocks))

    assert "ada (slack)" == taken_by(intake, incident_id)
    assert "Take it" not in buttons(post)
    assert "acknowledged" == pagerduty.alerts[incident_id].state
    assert 1 == len(slack.told)


def test_too_late(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """A button that is stale says who took it, and when."""
    incident_id, post = posted(intake, slack)
    block = next(each for each in post.blocks if each["type"] == "actions")
    app.press(post, "Take it")

    assert 200 == app.act(block["block_id"], block["elements"][0], GRACE).status_code

    assert "ada (slack)" == taken_by(intake, incident_id)
    assert "Ada has it since " in slack.told[-1]["text"]


def test_of_an_earlier_outbreak(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """A button and a form from before a relapse do nothing, and say what has changed."""
    incident_id, post = posted(intake, slack)
    block = next(each for each in post.blocks if each["type"] == "actions")
    app.press(post, "Resolve")
    intake.store.lifecycle.mitigate(incident_id, actor="a test")
    intake.store.relapse(incident_id, "it is broken now", actor="a test")

    app.act(block["block_id"], block["elements"][0])
    answer = app.submit(slack.views[0], disposition="fixed", root_cause="x")

    for said in (slack.told[-1]["text"], answer.text):
        assert "nothing was done, for it relapsed at" in said
    assert "" == taken_by(intake, incident_id)
    assert Status.OPEN is intake.store.incident(incident_id).status


def test_two_people(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """Two at once: one has it, the other is told so."""
    incident_id, post = posted(intake, slack)
    block = next(each for each in post.blocks if each["type"] == "actions")
    press = partial(app.act, block["block_id"], block["elements"][0])

    with ThreadPoolExecutor(2) as many:
        list(many.map(press, (ADA, GRACE)))

    state = intake.store.escalations.state(incident_id)
    assert state is not None
    assert 1 == state.takes
    assert 1 == sum("pressed Take it, too" in each["text"] for each in slack.told)


def test_over(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """When it is over only the link is left."""
    incident_id, post = posted(intake, slack)
    intake.store.set_status(incident_id, Status.RESOLVED, actor="a test")
    show(incident_id, intake.settings)

    assert ["Open"] == buttons(post)


def test_no_secret(start_intake: StartIntake, slack: Slack) -> None:
    """Without a signing secret there are no buttons, nothing is taken, and it says what to set."""
    intake = start_intake(slack)
    _incident_id, post = posted(intake, slack)

    answer = httpx.post(f"{intake.settings.intake_url}/v1/slack/actions", content=b"payload=%7B%7D")

    assert [] == buttons(post)
    assert 503 == answer.status_code
    assert "AEEF_SLACK__SIGNING_SECRET" in answer.text


def test_command(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """`/aeef ack 1`: as the button."""
    incident_id, _post = posted(intake, slack)
    number = intake.store.incident(incident_id).number

    answer = app.type(f"ack #{number}")

    assert 200 == answer.status_code
    assert "ephemeral" == answer.json()["response_type"]
    assert f"#{number}" in answer.json()["text"]
    assert "ada (slack)" == taken_by(intake, incident_id)


def test_list_and_help(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """What is open, with who has it; and what can be typed."""
    incident_id, _post = posted(intake, slack)

    assert "nobody has it" in app.type("list").json()["text"]
    app.type(f"ack {incident_id}")
    assert "Ada has it" in app.type("list").json()["text"]
    assert "/aeef ack NUMBER" in app.type("help").json()["text"]


@pytest.mark.parametrize("text", ["ack 1", "list", "help", "", "made-up 1"])
def test_stranger(intake: Intake, app: SlackApp, slack: Slack, text: str) -> None:
    """Somebody whom we do not know is told what to put where, and nothing else."""
    incident_id, _post = posted(intake, slack)

    said = app.type(text, STRANGER).json()["text"]

    assert f'slack = "{STRANGER}"' in said
    assert "[people.NAME]" in said
    assert Status.OPEN is intake.store.incident(incident_id).status


def test_reader(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """Who may read sees the list and changes nothing."""
    incident_id, post = posted(intake, slack)

    assert "nobody has it" in app.type("list", ROB).json()["text"]
    assert "rob may not ack" in app.type("ack 1", ROB).json()["text"]
    app.press(post, "Take it", ROB)

    assert "rob may not ack" in slack.told[-1]["text"]
    assert Status.OPEN is intake.store.incident(incident_id).status


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ack", "which one?"),
        ("ack 999999", "999999"),
        ("made-up 1", "/aeef help"),
        ("ack 1 --made-up yes", "there is no --made-up"),
    ],
)
def test_mistakes(intake: Intake, app: SlackApp, slack: Slack, text: str, says: str) -> None:
    """What is wrong is the answer: Slack shows nothing of an HTTP error."""
    posted(intake, slack)

    answer = app.type(text)

    assert 200 == answer.status_code
    assert says in answer.json()["text"]


def test_replay(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """The same signed request again does nothing more; an old one is refused."""
    incident_id, _post = posted(intake, slack)
    body = f"command=%2Faeef&text=ack+{incident_id}&user_id={ADA}&user_name=ada".encode()
    now = time.time()

    for _ in range(3):
        assert 200 == app.send("/v1/slack/commands", body, at=now).status_code
    assert 401 == app.send("/v1/slack/commands", body, at=now - 301).status_code
    assert 401 == app.send("/v1/slack/commands", body, at=now + 400).status_code

    state = intake.store.escalations.state(incident_id)
    assert state is not None
    assert 1 == state.takes


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1e9"},
    ],
)
def test_wrong_signature(intake: Intake, app: SlackApp, headers: dict[str, str]) -> None:
    """Nothing is read of what Slack did not sign."""
    answer = app.type("list", ADA, headers)

    assert 401 == answer.status_code
    assert SIGNING_SECRET not in answer.text


def test_wrong_secret(intake: Intake, slack: Slack) -> None:
    """Another app's secret."""
    assert 401 == SlackApp(slack, intake.settings.intake_url, "another").type("list").status_code


def test_slow(intake: Intake, app: SlackApp, slack: Slack, pagerduty: PagerDuty) -> None:
    """PagerDuty hangs: Slack, which waits for 3 s, is answered before it, and the rest follows."""
    incident_id, post = posted(intake, slack)
    wait_until(lambda: incident_id in pagerduty.alerts)
    pagerduty.stall()

    answer = app.type(f"ack {incident_id}")
    assert "acknowledged" != pagerduty.alerts[incident_id].state
    assert "the answer follows" in answer.json()["text"]
    assert "ada (slack)" == taken_by(intake, incident_id)

    wait_until(lambda: "Ada has it" in str(post.blocks))
    pagerduty.release()
    wait_until(lambda: slack.told)


def test_answer_only_to_slack(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """An address of somebody else is not called, whatever was signed."""
    _incident_id, post = posted(intake, slack)
    with Slack() as another:
        app.press(post, "Take it", response_url=f"{another.origin}/answers/1")
        wait_until(lambda: "Ada has it" in str(post.blocks))

        assert [] == another.requests


def test_open(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """The link's button leads to the incident; that it was pressed changes nothing."""
    incident_id, post = posted(intake, slack)
    block = next(each for each in post.blocks if each["type"] == "actions")

    assert block["elements"][-1]["url"].endswith(f"/incidents/{incident_id}")
    assert 200 == app.press(post, "Open").status_code
    assert [] == slack.told


@pytest.mark.parametrize(
    "payload",
    [{"type": "shortcut", "user": {"id": ADA}}, {"type": "view_closed", "view": {}}],
)
def test_other_kinds(intake: Intake, app: SlackApp, payload: dict[str, object]) -> None:
    """What is not ours is answered, so that Slack shows no error."""
    assert 200 == app.interact(payload).status_code


@pytest.mark.parametrize("body", [b"", b"payload=no", b"\xff\xfe", b"payload=%7B%7D", b"[1]"])
def test_nonsense(intake: Intake, app: SlackApp, body: bytes) -> None:
    """Signed nonsense is refused, and says what was expected."""
    assert 422 == app.send("/v1/slack/actions", body).status_code


def test_text_from_outside(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """A service may be called anything: an answer mentions nobody."""
    intake.report(service="<!channel>")

    assert "<!channel>" not in app.type("list").json()["text"]


def asked(intake: Intake, incident_id: str, shown: str = "give all traffic back") -> Approval:
    """Something that waits for approval, and the message that says so."""
    question = Question(what="restore", subject="shop", shown=shown)
    approval, _new = ask(incident_id, question, intake.settings, actor="a test")
    show(incident_id, intake.settings)
    return approval


def test_approve(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """The button shows exactly what is approved, and the approval is bound to that."""
    incident_id, post = posted(intake, slack)
    assert "Approve" not in buttons(post)
    approval = asked(intake, incident_id)
    assert {"Approve", "Reject"} <= set(buttons(post))

    app.press(post, "Approve", BOSS)
    (view,) = slack.views
    assert "give all traffic back" in str(view["blocks"])
    app.submit(view, BOSS)

    (signature,) = intake.store.approvals.get(approval.id).signatures
    assert ("boss", approval.question.digest) == (signature.by, signature.digest)


def test_reject(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """A rejection asks why."""
    incident_id, post = posted(intake, slack)
    approval = asked(intake, incident_id)

    app.press(post, "Reject", BOSS)
    assert "Not" not in app.submit(slack.views[0], BOSS, reason="not proven").text

    assert State.REJECTED is intake.store.approvals.get(approval.id).state


def test_too_long_to_show(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """What Slack cannot show whole is not approved there."""
    incident_id, post = posted(intake, slack)
    asked(intake, incident_id, "line\n" * 20_000)

    app.press(post, "Approve", BOSS)

    assert [] == slack.views
    assert "decide on its page" in slack.told[-1]["text"]


@pytest.mark.parametrize("user", [ROB, STRANGER])
def test_shows_nothing_to_others(intake: Intake, app: SlackApp, slack: Slack, user: str) -> None:
    """Whoever may not do it is not shown what it is about."""
    incident_id, post = posted(intake, slack)
    asked(intake, incident_id)

    app.press(post, "Approve", user)

    assert [] == slack.views


def test_resolve(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """The button asks what it was and what caused it, as everywhere."""
    incident_id, post = posted(intake, slack)

    app.press(post, "Resolve")
    answer = app.submit(slack.views[0], disposition="fixed", root_cause="the pool was too small")

    assert "resolved (fixed)" in answer.text
    incident = intake.store.incident(incident_id)
    assert (Status.RESOLVED, "the pool was too small") == (incident.status, incident.root_cause)


def test_resolve_by_command(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """One word for what it was, all the rest is the cause; a note, and a colleague by mention."""
    incident_id, _post = posted(intake, slack)

    app.type(f"note {incident_id} the pool &amp; its limit")
    app.type(f"hand-over {incident_id} <@{GRACE}|grace> end of my shift")
    assert "Grace has it" in app.type("list").json()["text"]
    app.type(f"resolve {incident_id} fixed the pool was too small")

    incident = intake.store.incident(incident_id)
    assert (Status.RESOLVED, "the pool was too small") == (incident.status, incident.root_cause)
    assert any("the pool & its limit" in each for each in intake.actions(incident_id))


def test_form_of_another(intake: Intake, app: SlackApp, slack: Slack) -> None:
    """A form that comes back from a reader, or made elsewhere, does nothing."""
    incident_id, post = posted(intake, slack)
    app.press(post, "Resolve")
    view = slack.views[0]

    app.submit(view, ROB, disposition="fixed", root_cause="x")
    app.submit({**view, "private_metadata": "[]"}, disposition="fixed", root_cause="x")
    app.submit({**view, "callback_id": "other"}, disposition="fixed", root_cause="x")

    assert Status.OPEN is intake.store.incident(incident_id).status
