"""What a command prints does nothing but stand there."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from deployments.cli.terminal import plain


@given(st.text(max_size=60))
@example("\x1b[2J\x1b]0;title\x07 \u202etxt.exe \x9b31m \u2028 x\r\ny")
def test_no_text_acts_on_the_terminal(text: str) -> None:
    """No control, nothing invisible, and no further line looks like one of ours."""
    shown = plain(text)

    assert not {"Cc", "Cf"} & {unicodedata.category(each) for each in shown if each not in "\n\t"}
    assert all(line.startswith("      ") for line in shown.split("\n")[1:])
