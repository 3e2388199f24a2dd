"""A text from outside is the same text in Markdown, and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.base.markdown import literal
from tasks.base.trim import one_line

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXT_ONLY = {"text", "text_special", "softbreak"}

texts = (
    st.text(max_size=60)
    | st.text(alphabet="*_~`[]()!<>|#&;:/-+=.1 \\\n@wx", max_size=60)
    | st.sampled_from(
        ["- a", "1. a", "12) a", "# a", "> a", "---", "===", "***", "```sh", "    x", "&lt;b&gt;"]
    )
)


@given(texts, st.sampled_from(["{}", "- {}", "# {}", "before\n\n{}\n\nafter"]))
def test_any_text_is_shown_as_it_is(text: str, around: str) -> None:
    """Parsed back it is one plain text: no heading, list, link, picture, code or table arises."""
    line = one_line(text)
    tokens = PARSER.parse(around.format(literal(text)))

    inline = [token for token in tokens if token.type == "inline"]
    wanted = around.format("x").count("x") + around.count("before") + around.count("after")
    if line:
        assert wanted == len(inline)
        [shown] = [each for each in inline if each.content not in ("before", "after")][:1]
        assert {child.type for child in shown.children or ()} <= TEXT_ONLY
        assert line == "".join(child.content for child in shown.children or ()).strip()


@given(texts)
def test_any_text_is_one_cell(text: str) -> None:
    """A table keeps its columns."""
    tokens = PARSER.parse(f"| a | b |\n|---|---|\n| {literal(text)} | x |")

    assert 2 == sum(token.type == "td_open" for token in tokens)


@pytest.mark.parametrize("text", ["http://e.example", "WWW.e.example", "see www.e.example/x"])
def test_no_address_becomes_a_link(text: str) -> None:
    """GitHub's Markdown, which Prefect's UI reads, would link it by itself."""
    shown = literal(text)

    assert "http://" not in shown
    assert "www." not in shown.lower()
