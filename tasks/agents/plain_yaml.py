"""YAML of others as plain data: mappings, lists and texts; with the place of each text.

Nothing is guessed from how a value looks (`1.10` and `no` stay what was written); an empty one is
None. Nothing grows: aliases, tags, several documents and names that come twice are refused.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

MOST_VALUES = 200_000
DEEPEST = 50
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARK = "\ufeff"

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a text stands: characters from `start` up to, not with, `end`; its quotation mark."""

    start: int
    end: int
    quote: str


class PlainYaml(NamedTuple):
    """The data of a file, and where each of its texts stands: `("agents", 0, "status")`."""

    data: Any
    places: dict[Path, Place]


def read_plain_yaml(content: bytes) -> PlainYaml:
    """The data. Raises ValueError in words that follow "it"; they do not quote the file."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    building = _Building(len(_MARK) if text.startswith(_MARK) else 0)
    try:
        for event in yaml.parse(text.removeprefix(_MARK), Loader=_Loader):
            building.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ValueError(f"it is not YAML{where}") from None
    return PlainYaml(building.root, building.places)


def replaced(content: bytes, place: Place, text: str) -> bytes:
    """The file with another text, a plain word, in one place; every other byte stays.

    Raises ValueError, in words that follow "it", where more than that text would change.
    """
    whole = content.decode()
    end = place.end
    if whole[place.start] in "|>":  # a block ends where the next begins: its line end stays
        end = place.start + len(whole[place.start : end].rstrip())
    new = f"{whole[: place.start]}{place.quote}{text}{place.quote}{whole[end:]}".encode()
    before, after = read_plain_yaml(content), read_plain_yaml(new)
    path = next(path for path, each in before.places.items() if each == place)
    *inner, name = path
    at = before.data
    for step in inner:
        at = at[step]
    at[name] = text
    if before.data != after.data:
        raise ValueError("it is written so that a text cannot be changed alone")
    return new


class _Building:
    """Builds the data from events, without recursion."""

    def __init__(self, shift: int) -> None:
        self.root: Any = None
        self.places: dict[Path, Place] = {}
        self._shift, self._values, self._documents = shift, 0, 0
        self._open: list[dict[str, Any] | list[Any]] = []
        self._path: list[str | int] = []
        self._key: list[str | None] = []

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it uses YAML aliases, which are not read")  # noqa: TRY004
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise ValueError("it holds several YAML documents")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._key.pop()
            self._leave()
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(event, [])
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)

    def _enter(self, event: yaml.CollectionStartEvent, value: dict[str, Any] | list[Any]) -> None:
        self._refuse_tag(event)
        if self._wants_key():
            raise ValueError("it has a name that is no text")
        self._put(value)
        self._open.append(value)
        self._key.append(None)
        if len(self._open) > DEEPEST:
            raise ValueError("it is nested too deeply")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_tag(event)
        value = str(event.value)
        if self._wants_key():
            known = self._open[-1]
            if value in known:
                raise ValueError(f"it is not valid: {value[:80]!r} comes twice")
            self._key[-1] = value
            return
        is_nothing = event.style is None and value in ("", "~", "null")
        self._put(None if is_nothing else value)
        assert event.start_mark is not None
        assert event.end_mark is not None
        start, end = event.start_mark.index + self._shift, event.end_mark.index + self._shift
        quote = event.style if event.style in ("'", '"') else ""
        self.places[tuple(self._path)] = Place(start, end, quote or "")
        self._leave()

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], dict) and self._key[-1] is None

    def _put(self, value: Any) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise ValueError(f"it has more than {MOST_VALUES} values")
        if not self._open:
            self.root = value
            return
        parent, key = self._open[-1], self._key[-1]
        if isinstance(parent, list):
            self._path.append(len(parent))
            parent.append(value)
        else:
            assert key is not None
            self._path.append(key)
            parent[key] = value
            self._key[-1] = None

    def _leave(self) -> None:
        if self._path:
            self._path.pop()

    @staticmethod
    def _refuse_tag(event: yaml.NodeEvent) -> None:
        if getattr(event, "tag", None) is not None:
            raise ValueError("it uses YAML tags, which are not read")
