"""Configured files compare by key; a hostile one ends in a clear message, at once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.drift import Setting
from schemas.errors import InvalidInput
from tasks.drift.files.read_settings_file import MOST_BYTES, SettingsFile, read_bounded
from tasks.drift.hide_values import Hider

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def hider(tmp_path_factory: pytest.TempPathFactory) -> Hider:
    """With a salt of its own."""
    return Hider(tmp_path_factory.mktemp("home"))


@given(one=json_values, other=json_values)
def test_two_files_are_equal_exactly_when_their_data_are(
    hider: Hider, one: object, other: object
) -> None:
    """However keys are named: dots, brackets, quotes, empty ones."""
    file = SettingsFile("a.json", hider)
    states = [file.by_key(json.dumps(data).encode()) for data in (one, other)]

    assert (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)) == (
        states[0] == states[1]
    )


def test_a_value_is_shown_only_where_that_is_configured(hider: Hider) -> None:
    """Everything else is a hash."""
    file = SettingsFile("app.yaml", hider, ("app.yaml.content.log.*",))
    found = file.by_key(b"log: {level: info}\npassword: hunter22\n")

    assert '"info"' == found[Setting("app.yaml", "content", "log.level")]
    assert found[Setting("app.yaml", "content", "password")].startswith("hash ")


def test_a_set_is_compared_by_its_members(hider: Hider) -> None:
    """Python's own order of a set differs in every process."""
    file = SettingsFile("app.yaml", hider)

    assert file.by_key(b"a: !!set {x, y}") == file.by_key(b"a: !!set {y, x}")
    assert Setting("app.yaml", "content", "a.x") in file.by_key(b"a: !!set {x, y}")
    assert file.by_key(b"a: !!set {}") == file.by_key(b"a: {}")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.yaml", BOMB.encode(), "aliases"),
        ("a.yaml", b"x: &x {y: *x}", "aliases"),
        ("a.yaml", b"[" * 100_000, "nested deeper|no valid YAML"),
        ("a.yaml", b"- x\n" * 90_000, "too many values"),
        ("a.yaml", b"password: [hunter22", "no valid YAML"),
        ("a.yaml", b"!!python/object/apply:os.system [id]", "no valid YAML"),
        ("a.yaml", b"\xff\xfe\x00", "not UTF-8"),
        ("a.yaml", b"a: \x01", "no valid YAML"),
        ("a.yaml", b"a: 1" + b":1" * 400_000, "number of more than 1000 digits"),
        ("a.yaml", b'a: !!int "1' + b":1" * 400_000 + b'"', "number of more than 1000 digits"),
        ("a.yaml", b"a: 0x" + b"f" * 4_000, "number of more than 1000 digits"),
        ("a.json", b'{"\\ud800": 1}', "cannot be told"),
        ("a.json", b'{"a": "\\udfff"}', "cannot be told"),
        ("a.json", b"[" * 100_000, "no valid JSON"),
        ("a.json", b"[" * 60 + b"]" * 60, "nested deeper"),
        ("a.json", b'{"password": hunter22}', "no valid JSON"),
        ("a.json", b"[" + b"1," * 30_000 + b"1]", "more than 20000 keys"),
        ("a.json", b"1" * 10_000, "no valid JSON"),
        ("a.ini", b"a=b", "neither JSON nor YAML"),
    ],
)
def test_hostile_content_is_refused_in_words_that_repeat_none_of_it(
    hider: Hider, name: str, content: bytes, why: str
) -> None:
    """It can still be compared as a whole."""
    file = SettingsFile(name, hider)

    with pytest.raises(InvalidInput, match=why) as refused:
        file.by_key(content)

    assert "hunter22" not in str(refused.value)
    assert file.as_a_whole(content) != file.as_a_whole(content + b" ")


def test_only_a_regular_file_of_reasonable_size_inside_is_read(tmp_path: Path) -> None:
    """No link that leads out, no pipe, no folder, nothing huge; a missing file is none."""
    inside = tmp_path / "repository"
    inside.mkdir()
    (tmp_path / "outside").write_text("secret")
    (inside / "link").symlink_to(tmp_path / "outside")
    (inside / "up").symlink_to(tmp_path)
    os.mkfifo(inside / "pipe")
    (inside / "huge").write_bytes(b"x" * (MOST_BYTES + 1))
    (inside / "good").write_text("a: 1")

    for name, why in (
        ("link", "symbolic link"),
        ("up/outside", "symbolic link"),
        ("pipe", "not a regular file"),
        (".", "not a regular file"),
        ("huge", "at most"),
    ):
        with pytest.raises(InvalidInput, match=why):
            read_bounded(inside / name, inside)
    assert read_bounded(inside / "missing", inside) is None
    assert b"a: 1" == read_bounded(inside / "good", inside)
