"""Slack: the spec's template as valid Block Kit, once, and no sender's text mentions anybody."""

from __future__ import annotations

import logging
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import PermanentError, TemporaryError
from schemas.incident import SlackChannel
from schemas.settings import Settings
from standins.receiver_rules import ReceiverRules, an_incident
from standins.slack import Slack, block_problems
from standins.standin import StandIn, settings_for
from tasks.base.http import Unclear
from tasks.channels.slack import client, search
from tasks.channels.slack.blocks import blocks_of, reply_text, text_of
from tasks.channels.slack.markup import escape

CRITICAL = SlackChannel.CRITICAL
RESPONSE = "Automatic rollback to last known good"


def post(settings: Settings, tries: int = 1) -> client.SlackMessage:
    """Post an incident to the critical channel."""
    return client.post_incident(
        an_incident(), settings, channel=CRITICAL, auto_response=RESPONSE, tries=tries
    )


class TestSlackReceiver(ReceiverRules):
    """What holds for every receiver."""

    name = "Slack"
    setting = "AEEF_SLACK__TOKEN"

    @pytest.fixture
    def standin(self, slack: Slack) -> StandIn:
        """Slack."""
        return slack

    def standin_of(self) -> StandIn:
        """Slack, not started."""
        return Slack()

    def act(self, settings: Settings, tries: int = 1) -> object:
        """Post."""
        return post(settings, tries)


@pytest.mark.proves("SPEC-SLACK-template")
def test_template(slack: Slack) -> None:
    """The spec's template, with text for notifications, service, links and metadata."""
    message = post(settings_for(slack))

    (posted,) = slack.in_channel("#aeef-incidents")
    assert (posted.channel, posted.ts) == message
    header, section, context = posted.blocks
    assert "AEEF Incident: P1 - deployment-failure" == header["text"]["text"]
    assert (
        "*Description:* shop 2.1 failed its health checks\n"
        "*Detected:* 2024-11-24 03:04:05 UTC\n"
        "*Auto-response:* Automatic rollback to last known good"
    ) == section["text"]["text"]
    incident_id = str(an_incident().incident_id)
    link = f"http://127.0.0.1:8180/incidents/{incident_id}"
    assert [
        "*Service:* shop",
        f"*Incident:* {incident_id}",
        "*Status:* open",
        f"<{link}|Record> | <{link}/run|Prefect run>",
    ] == [element["text"] for element in context["elements"]]
    assert posted.text.startswith(f"P1 shop {incident_id[:8]}: shop 2.1 failed")
    assert {
        "event_type": "aeef_incident",
        "event_payload": {"incident_id": incident_id},
    } == posted.metadata


@pytest.mark.proves("SPEC-SLACK-channels")
@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (SlackChannel.CRITICAL, "#aeef-incidents"),
        (SlackChannel.WARNING, "#aeef-warnings"),
        (SlackChannel.INFO, "#aeef-info"),
    ],
)
def test_channels(slack: Slack, channel: SlackChannel, name: str) -> None:
    """The spec's three channels."""
    client.post_incident(
        an_incident(), settings_for(slack), channel=channel, auto_response=RESPONSE
    )

    assert 1 == len(slack.in_channel(name))


def test_reply(slack: Slack) -> None:
    """A reply is in the incident's thread, escaped, and never empty."""
    settings = settings_for(slack)
    message = post(settings)
    for text in ("<!here> rolled back & healthy", "  ", "x" * 9_000):
        client.reply(message, text, settings)

    texts = [reply.text for reply in slack.in_thread(message.ts)]
    assert "&lt;!here&gt; rolled back &amp; healthy" == texts[0]
    assert "(no text)" == texts[1]
    assert texts[2].endswith("… [trimmed]")


def test_post_that_was_cut_off_is_found(slack: Slack) -> None:
    """What was posted but not confirmed is not posted again in the same call, and can be found."""
    slack.accept_then_drop()
    settings = settings_for(slack)
    with pytest.raises(Unclear):
        post(settings, tries=5)
    others = an_incident(incident_id="6deb8e91-1635-4b5c-afb6-407013d80000")
    client.post_incident(others, settings, channel=CRITICAL, auto_response=RESPONSE)

    found = search.find_incident(an_incident(), settings, CRITICAL)

    first = slack.in_channel("#aeef-incidents")[0]
    assert (first.channel, first.ts) == found


def test_find_reads_every_page(slack: Slack) -> None:
    """An incident is found behind many others, in a channel behind many others."""
    slack.channels = {f"other-{n}": f"C1000000{n}" for n in range(4)} | slack.channels
    slack.page_size = 2
    settings = settings_for(slack)
    message = post(settings)
    for number in range(5):
        other = an_incident(incident_id=f"6deb8e91-1635-4b5c-afb6-40701300000{number}")
        client.post_incident(other, settings, channel=CRITICAL, auto_response=RESPONSE)

    assert message == search.find_incident(an_incident(), settings, CRITICAL)


def test_find_nothing(slack: Slack) -> None:
    """An incident that was not posted is not found, nor in a channel that does not exist."""
    assert search.find_incident(an_incident(), settings_for(slack), CRITICAL) is None
    slack.channels = {}
    assert search.find_incident(an_incident(), settings_for(slack), CRITICAL) is None


def test_channel_by_id(slack: Slack) -> None:
    """A channel can be configured by its id; then it need not be looked up."""
    channel_id = slack.channels["aeef-incidents"]
    settings = settings_for(slack=slack.settings() | {"channels": {"critical": channel_id}})
    slack.scopes.discard("channels:read")
    message = post(settings)

    assert message == search.find_incident(an_incident(), settings, CRITICAL)


@pytest.mark.parametrize("scope", ["channels:read", "channels:history"])
def test_missing_scope(slack: Slack, scope: str, caplog: pytest.LogCaptureFixture) -> None:
    """A bot that may not read still posts; the missing scope is reported once."""
    caplog.set_level(logging.WARNING)
    search.warn_once.cache_clear()
    slack.scopes.discard(scope)
    settings = settings_for(slack)
    for _ in range(3):
        assert search.find_incident(an_incident(), settings, CRITICAL) is None

    (said,) = caplog.messages
    assert f"missing_scope ({scope})" in said
    post(settings)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("not_in_channel", "invite the bot"),
        ("channel_not_found", "create the channel"),
        ("is_archived", "unarchive the channel"),
        ("invalid_auth", "renew AEEF_SLACK__TOKEN"),
        ("token_revoked", "install the Slack app again"),
        ("missing_scope", "give the Slack app this scope"),
        ("invalid_blocks", "AEEF_SLACK"),
        ("something_new", "something_new"),
    ],
)
def test_permanent_refusals(slack: Slack, error: str, remedy: str) -> None:
    """`ok: false` is a failure, and the error says what to do."""
    slack.lie({"ok": False, "error": error}, times=None)

    with pytest.raises(PermanentError, match=f"Slack: could not post.*{error}.*{remedy}|{remedy}"):
        post(settings_for(slack), tries=3)

    assert 1 == len(slack.requests)


@pytest.mark.parametrize(
    "error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"]
)
def test_unclear_refusals(slack: Slack, error: str) -> None:
    """Slack says of these that the post may have succeeded: it is not repeated blindly."""
    slack.lie({"ok": False, "error": error}, times=None)

    with pytest.raises(Unclear, match=error):
        post(settings_for(slack), tries=3)

    assert 1 == len(slack.requests)


def test_rate_limit_in_the_body(slack: Slack) -> None:
    """`ratelimited` did nothing: it is tried again."""
    slack.lie({"ok": False, "error": "ratelimited"})

    post(settings_for(slack), tries=2)

    assert 1 == len(slack.messages)


def test_real_refusals(slack: Slack) -> None:
    """The channel's state is what Slack refuses for, and one error names the channel."""
    settings = settings_for(slack)
    slack.members.clear()
    with pytest.raises(PermanentError, match=r"post to #aeef-incidents.*invite the bot"):
        post(settings)
    slack.archived.add("aeef-incidents")
    with pytest.raises(PermanentError, match="is_archived"):
        post(settings)


def test_check(slack: Slack) -> None:
    """The doctor reports our user, or the reason."""
    assert "Slack bot aeef in Example" == client.check(settings_for(slack))
    wrong = settings_for(slack=slack.settings() | {"token": "xoxb-wrong"})
    with pytest.raises(PermanentError, match="invalid_auth"):
        client.check(wrong)


def test_other_shapes_of_lies(slack: Slack) -> None:
    """An `ok` without channel and ts is no posted message."""
    slack.lie({"ok": True})

    with pytest.raises(TemporaryError, match="not what its API promises"):
        post(settings_for(slack))


@cache
def plain() -> Settings:
    """Made once: that takes longer than everything else of an example."""
    return settings_for()


texts = st.text() | st.sampled_from(
    ["<!channel>", "&" * 4_000, "<@U1> & <#C1|x>", "a|b>", "😀" * 4_000, "\x00", "```", "\n\n"]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts, texts, texts, texts)
def test_blocks_of_anything(description: str, kind: str, service: str, response: str) -> None:
    """Whatever is said outside, the blocks are valid, and only our two links are markup."""
    incident = an_incident(description=description, type=kind, affected_services=[service])
    blocks = blocks_of(incident, plain(), response)

    assert [] == [problem for block in blocks for problem in block_problems(block)]
    shown = [element["text"] for block in blocks for element in block.get("elements", [])]
    *free, links = [blocks[0]["text"]["text"], blocks[1]["text"]["text"], *shown]
    assert 2 == links.count("<http")
    for text in (*free, text_of(incident, plain()), reply_text(response)):
        assert not set("<>") & set(text)
        bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert "&" not in bare


def test_escape() -> None:
    """Exactly three characters are escaped."""
    assert "&lt;a&gt; &amp;amp; \"'*_~`" == escape("<a> &amp; \"'*_~`")


def test_links_stay_links(slack: Slack) -> None:
    """An address with `&`, `|` or a space does not break out of its link."""
    settings = settings_for(slack, public_url="https://x.example/a b|c?d&e")
    post(settings)

    link = slack.messages[0].blocks[2]["elements"][-1]["text"]
    assert link.startswith("<https://x.example/a%20b%7Cc?d&amp;e/incidents/")
