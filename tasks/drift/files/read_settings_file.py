"""Reads configured files by key. They may be hostile: sizes are checked before parsing."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from schemas.drift import Setting
from schemas.errors import InvalidInput
from tasks.drift.hide_values import Hider

MOST_BYTES = 1_000_000
MOST_KEYS = 20_000
DEEPEST = 50
LONGEST_NUMBER = 1_000
_SIGNS_OF_NUMBERS = frozenset("0123456789abcdefABCDEFxX_:.+-")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SettingsFile:
    """The settings in one configured file, of a release or of a machine."""

    def __init__(self, name: str, hider: Hider, show: tuple[str, ...] = ()) -> None:
        self.name = name
        self._hider = hider
        self._show = show

    def by_key(self, content: bytes) -> dict[Setting, str]:
        """Every key with its value, hashed unless a `show` pattern names it.

        Raises InvalidInput with the reason when the file can only be compared as a whole.
        """
        data = _parsed(self.name, content)
        found = {Setting(self.name, "file"): "present"}
        for keys, value in _leaves(data):
            setting = Setting(self.name, "content", ".".join(keys) or "(value)")
            text = _text(setting, value)
            shown = any(fnmatchcase(str(setting), pattern) for pattern in self._show)
            found[setting] = text if shown else self._hider.hidden(str(setting), text)
            if len(found) > MOST_KEYS:
                raise InvalidInput(f"it has more than {MOST_KEYS} keys")
        return found

    def as_a_whole(self, content: bytes) -> dict[Setting, str]:
        """A hash of the content."""
        digest = self._hider.hidden(self.name, content.decode("latin-1"))
        return {
            Setting(self.name, "file"): "present",
            Setting(self.name, "content", "(whole file)"): digest,
        }


def read_bounded(path: Path, inside: Path | None) -> bytes | None:
    """The content of a regular file; None when there is none.

    inside: the folder that must contain it, also after following symbolic links.
    Raises InvalidInput for a file outside, no regular file, or one that is too large.
    """
    if inside is not None and not path.resolve().is_relative_to(inside.resolve()):
        raise InvalidInput(f"{path} leads out of {inside} by a symbolic link; it is not read")
    try:
        # Opening a named pipe must not block until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise InvalidInput(f"{path} is not a regular file")
        refuse_large(str(path), facts.st_size)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    refuse_large(str(path), len(content))
    return content


def refuse_large(name: str, size: int) -> None:
    """Raise InvalidInput when the file is too large."""
    if size > MOST_BYTES:
        raise InvalidInput(f"{name} has {size} bytes; at most {MOST_BYTES} are compared")


def _parsed(name: str, content: bytes) -> Any:
    suffix = Path(name).suffix.lower()
    if suffix not in (".json", ".yaml", ".yml"):
        raise InvalidInput("it is neither JSON nor YAML")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("it is not UTF-8 text") from None
    try:
        if suffix == ".json":
            return json.loads(text)
        _refuse_bombs(text)
        documents = list(yaml.load_all(text, Loader=_Loader))
    # Without either error's text, which quotes the file and may contain secrets.
    except (ValueError, RecursionError, OverflowError):
        raise InvalidInput(f"it is no valid {suffix[1:].upper()}") from None
    except yaml.YAMLError:
        raise InvalidInput("it is no valid YAML") from None
    return documents[0] if len(documents) == 1 else documents


def _refuse_bombs(text: str) -> None:
    """Check the events, which is cheap: expanded aliases may need more than the memory."""
    depth = 0
    for events, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidInput("it uses YAML aliases")
        if isinstance(event, yaml.ScalarEvent) and _is_endless(event):
            raise InvalidInput(f"it has a number of more than {LONGEST_NUMBER} digits")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST or events > 4 * MOST_KEYS:
            raise InvalidInput(f"it is nested deeper than {DEEPEST}, or has too many values")


def _is_endless(event: yaml.ScalarEvent) -> bool:
    """True for a number that takes minutes to parse: `1:1:1:…`, base 60 in YAML."""
    meant = not event.style or event.tag
    return bool(
        meant and len(event.value) > LONGEST_NUMBER and not set(event.value) - _SIGNS_OF_NUMBERS
    )


def _leaves(data: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is not a mapping or list, and every empty mapping or list."""
    if len(keys) > DEEPEST:
        raise InvalidInput(f"it is nested deeper than {DEEPEST}")
    if isinstance(data, set):  # `!!set` does not keep the file's order
        data = dict.fromkeys(data)
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(value, (*keys, _key(key)))
    elif isinstance(data, list) and data:
        for number, value in enumerate(data):
            yield from _leaves(value, (*keys, f"[{number}]"))
    else:
        yield keys, data


def _text(setting: Setting, value: Any) -> str:
    """A value as JSON. Raises InvalidInput for a value that a report cannot contain."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
        f"{setting}{text}".encode()
    except ValueError:  # an escaped lone surrogate; an endless number
        raise InvalidInput("it has a text or a number that cannot be told") from None
    return text


def _key(key: Any) -> str:
    """An unambiguous key: `a.b` differs from `b` in `a`, and 1 differs from "1"."""
    if isinstance(key, str):
        return key if key and not set(key) & set(".[]\"'()") else json.dumps(key)
    return f"({key!r})"
