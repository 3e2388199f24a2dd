"""Texts fit a vendor's limit, whole characters and escapes only, and show that they were cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.base.trim import MARK, characters, clean, one_line, trim, utf8_bytes
from tasks.channels.slack.blocks import escaped
from tasks.channels.slack.markup import escape

SIZES: list[Callable[[str], int]] = [len, characters, utf8_bytes]
texts = st.text(max_size=200) | st.text(alphabet="&<>😀é漢x", max_size=200)


@pytest.mark.parametrize("size", SIZES)
@given(text=texts, limit=st.integers(0, 250))
def test_trim(size: Callable[[str], int], text: str, limit: int) -> None:
    """What fits stays as it is; what does not is the longest beginning that fits, with the mark."""
    trimmed = trim(text, limit, size=size)

    assert size(trimmed) <= limit
    if size(text) <= limit:
        assert text == trimmed
    else:
        mark = MARK if size(MARK) <= limit else ""
        kept = trimmed.removesuffix(mark)
        assert text.startswith(kept)
        assert trimmed.endswith(mark)
        assert size(text[: len(kept) + 1] + mark) > limit


@given(texts, st.integers(0, 250))
def test_escapes_are_never_cut(text: str, limit: int) -> None:
    """After escaping, the text fits, and every escape in it is whole."""
    shown = escaped(text, limit)

    assert characters(shown) <= limit
    assert shown == escape(unescape(shown))


@given(st.text(alphabet=st.characters(), max_size=100))
def test_clean(text: str) -> None:
    """A cleaned text can be sent, and is not changed by cleaning again."""
    cleaned = clean(text)

    cleaned.encode("utf-8")
    assert cleaned == clean(cleaned)
    assert not set(cleaned) & {"\x00", "\r", "\x1b", "\x7f", "\u2028"}
    assert not {"Cf", "Cs"} & {unicodedata.category(each) for each in cleaned}


def test_clean_examples() -> None:
    """Line ends and tabs stay, controls go, half a surrogate pair becomes a question mark."""
    assert "a\nb\nc\td?e" == clean("a\r\nb\rc\td\ud800\x00e\x1b")
    assert "a\nexe.txt" == clean("a\u2028\u202eexe\u200b.\ufefft\u2066xt")


@given(st.text(max_size=100))
def test_one_line(text: str) -> None:
    """One line has no line end, and no white space at its ends or twice."""
    line = one_line(text)

    assert line == " ".join(line.split())
    assert len(line.splitlines()) <= 1


def test_characters_counts_like_java() -> None:
    """An emoji is two, as vendors in Java and JavaScript count."""
    assert 3 == characters("a😀")
    assert 5 == utf8_bytes("a😀")
