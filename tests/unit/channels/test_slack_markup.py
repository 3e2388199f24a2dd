"""Whatever a name or a description is, Slack shows it as one plain text."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.settings import Settings
from standins.receiver_rules import an_incident
from standins.slack import block_problems
from tasks.base.trim import clean
from tasks.channels.slack.blocks import blocks_of
from tasks.channels.slack.markup import LOOKS_LIKE, address, literal, plain

MARKERS = "*_~`:><&!@#|\n ab9-/."
texts = (
    st.text(max_size=80)
    | st.text(alphabet=MARKERS, max_size=80)
    | st.sampled_from(["<!channel>", "<@U1>", ":fire:", ":+1:", "```a```", "> a", "*b*", "\u202ea"])
)
_FORMAT = re.compile(
    r"(?:(?<=^)|(?<=[^A-Za-z0-9]))([*_~])(?=\S)[^\n]*?(?<=\S)\1(?![A-Za-z0-9])"
    r"|`|<|^>|:[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:",
    re.MULTILINE | re.IGNORECASE,
)
"""What Slack would make a format of, by its page "Formatting text with mrkdwn"."""
BACK = {ord(seen): char for char, seen in LOOKS_LIKE.items()}


@given(texts)
@example("*a* _b_ ~c~ `d` :fire: <!here> <http://e|x> a_b_c 03:04:05")
def test_any_text_is_the_same_text_in_mrkdwn(text: str) -> None:
    """Nothing is formatted, linked or mentioned, and what people read is what was said."""
    shown = literal(text)

    assert not _FORMAT.search(shown.replace("&gt;", "x"))
    assert not set("<>`") & set(shown)
    assert clean(text).translate(BACK) == unescape(shown).translate(BACK)


@given(texts, st.sampled_from(["*{}*", "_{}_", "*Service:* {}", "~{}~ x"]))
def test_a_value_does_not_end_the_format_around_it(text: str, around: str) -> None:
    """A template may print it bold: bold begins and ends where the template says."""
    shown = literal(text)

    markers = [c for c in "*_~" if c in around]
    inside = around.format(re.sub(r"(?<=[A-Za-z0-9])[*_~](?=[A-Za-z0-9])", "", shown))
    assert around.count(markers[0]) == inside.count(markers[0])


@given(texts)
def test_plain_text_is_exact(text: str) -> None:
    """Only what everybody's text loses is gone: what nobody sees."""
    assert clean(text) == unescape(plain(text))


def test_the_words_that_people_search_for_stay() -> None:
    """Names of files, times and versions are copied from a message."""
    for text in ("some_file.py", "2026-01-02 03:04:05", "sha256:abc", "a*b", "v1.2~rc1", "C:\\x"):
        assert text == literal(text)


@given(st.text(max_size=60))
def test_an_address_stays_in_its_link(url: str) -> None:
    """No `>`, `|` or white space ends it early."""
    shown = address(url)

    assert not set("<>|") & set(shown)
    assert not any(each.isspace() for each in shown)


def settings_with(*blocks: object) -> Settings:
    """Settings with a template."""
    return Settings.model_validate({"slack": {"templates": {"incident": {"blocks": blocks}}}})


SPEC = settings_with(
    {"type": "header", "text": "AEEF Incident: {{severity}} - {{type}}"},
    {
        "type": "section",
        "text": "**Description:** {{description}}\n**Detected:** {{timestamp}}\n"
        "**Auto-response:** {{action_taken}}",
    },
)
CROWDED = settings_with(
    {"type": "header", "text": {"type": "plain_text", "text": ":fire: {{service}}", "emoji": True}},
    {"type": "section", "fields": ["*{{service}}*", {"type": "plain_text", "text": "{{status}}"}]},
    {"type": "divider"},
    {"type": "context", "elements": ["<{{record_url}}|{{description}}>"]},
    *({"type": "section", "text": "{{description}} {{ action_taken }}"} for _ in range(12)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts | st.just("&" * 4_000) | st.just("é漢😀*" * 2_000), texts, st.sampled_from([0, 1]))
def test_no_value_breaks_a_template(description: str, service: str, which: int) -> None:
    """Every limit is kept, and no value adds a mention or a link."""
    incident = an_incident(description=description, affected_services=[service])
    settings = (SPEC, CROWDED)[which]
    blocks = blocks_of(incident, settings, "done: " + description)

    assert [] == [problem for block in blocks for problem in block_problems(block)]
    assert len(str(blocks)) < 13_000
    assert which == str(blocks).count("<")


def test_the_spec_s_template_is_taken_as_it_stands() -> None:
    """Bare strings and Markdown's bold, as in the spec's JSON."""
    header, section = blocks_of(an_incident(), SPEC, "done: rolled back")

    assert "AEEF Incident: P1 - deployment-failure" == header["text"]["text"]
    assert (
        "*Description:* shop 2.1 failed its health checks\n"
        "*Detected:* 2024-11-24 03:04:05 UTC\n"
        "*Auto-response:* done: rolled back"
    ) == section["text"]["text"]


@pytest.mark.parametrize("secret", ["xoxb-0123456789-abcdefghijkl", "hunter22"])
def test_a_secret_of_ours_in_a_template_is_not_shown(secret: str) -> None:
    """Whatever it looks like: those that look like Slack's are refused at the start."""
    blocks = [{"type": "section", "text": f"{{{{description}}}} {secret}"}]
    sections = {"token": secret, "templates": {"incident": {"blocks": blocks}}}
    if secret.startswith("xox"):
        with pytest.raises(ValueError, match="looks like a secret") as refused:
            Settings.model_validate({"slack": sections})
        assert secret not in str(refused.value)
        return
    shown = blocks_of(an_incident(), Settings.model_validate({"slack": sections}), "done")

    assert secret not in str(shown)
