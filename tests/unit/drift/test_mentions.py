"""Which files a compose file mentions: what has to be there for Compose to read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.drift.release.mentions import Mention, as_pattern, mentions, variables_in

EVERY_FORM = b"""
include: [more.yml, {path: [a.yml, b.yml], env_file: inc.env}]
x-env: &env {env_file: shared.env}
services:
  one: {env_file: one.env, image: "app:1"}
  two: {env_file: [a.env, {path: b.env, required: false}], build: ./api}
  three: {extends: {file: ../base.yml, service: web}, label_file: labels.txt}
  four: {<<: *env, command: !reset null, environment: {A: !override "x"}}
"""


def test_every_form_in_which_compose_reads_a_file_is_known() -> None:
    """Short and long, in lists, through anchors and beside Compose's own tags."""
    found = list(mentions(EVERY_FORM))

    read = {each.text for each in found if each.read}
    files = "more.yml a.yml b.yml inc.env shared.env one.env a.env b.env ../base.yml labels.txt"
    assert {*files.split()} <= read
    assert Mention("./api", read=False) in found
    assert not read & {"app:1", "./api", "x"}


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("deploy/${STAGE}.env", "deploy/*.env"),
        ("$STAGE/a[1].env", "*/a[[]1].env"),
        ("${A:-x}${B}", "**"),
        ("plain.env", None),
    ],
)
def test_a_path_with_variables_is_a_pattern(text: str, pattern: str | None) -> None:
    """Each variable may be anything."""
    assert pattern == as_pattern(text)


def test_variables_are_found_but_no_escaped_ones() -> None:
    """`$$` is a dollar sign."""
    content = b"a: ${ONE:-x} $TWO $$THREE $${FOUR} ${FIVE?must be set}"

    assert {"ONE", "TWO", "FIVE"} == variables_in(content)


@given(st.binary(max_size=300))
def test_whatever_a_file_holds_is_survived(content: bytes) -> None:
    """What is no YAML mentions nothing; Compose will say what is wrong."""
    assert all(each.text for each in mentions(content))
    variables_in(content)


def test_aliases_of_aliases_end() -> None:
    """A file that would unfold to billions of words is read once."""
    lines = ["a0: &a0 [x.env, x.env]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]

    assert 4 >= len(list(mentions("\n".join(lines).encode())))
