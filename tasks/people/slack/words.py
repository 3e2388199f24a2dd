"""What an act asks for, as the questions of a form, and as the words behind `/aeef`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas.errors import InvalidInput
from schemas.model import Model

_OPTION = re.compile(r"(?:^|\s)(?:--|—)([A-Za-z][\w-]*)(?:[=\s]|$)")
"""`--name value`; some keyboards make one dash of the two."""
_QUOTES = "\"'\u201c\u201d\u2018\u2019"


class Field(NamedTuple):
    """One field. choices: what can be given; none: free text. is_list: several, with commas.

    in_order: its word needs no name before it. takes_rest: all words that are left are its own.
    """

    name: str
    choices: tuple[str, ...]
    required: bool
    in_order: bool
    is_list: bool
    is_flag: bool
    about: str
    takes_rest: bool = False

    @property
    def label(self) -> str:
        """For people."""
        return self.name.replace("_", " ").capitalize()

    def read(self, text: str) -> Any:
        """The value as JSON data; the act's model checks it."""
        text = text.strip()
        if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
            text = text[1:-1].strip()
        if self.is_list:
            return [each for each in re.split(r"[\s,]+", text) if each]
        return True if self.is_flag and not text else text


def fields_of(asks: type[Model]) -> list[Field]:
    """The fields of an act's model, in order."""
    schema = asks.model_json_schema(by_alias=False)
    required = set(schema.get("required", ()))
    return [
        _field(name, each, name in required, schema.get("$defs", {}))
        for name, each in schema.get("properties", {}).items()
    ]


def _field(name: str, given: dict[str, Any], required: bool, defined: dict[str, Any]) -> Field:
    parts = [_resolved(each, defined) for each in (given, *given.get("anyOf", ()))]
    kinds = {part.get("type") for part in parts}
    choices = next((part["enum"] for part in parts if "enum" in part), ())
    return Field(
        name,
        choices=tuple(map(str, choices)),
        required=required,
        in_order=required or bool(given.get("positional")),
        is_list="array" in kinds,
        is_flag="boolean" in kinds,
        about=str(given.get("description", "")),
        takes_rest=bool(given.get("rest")),
    )


def _resolved(part: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    name = str(part.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = defined.get(name, part)
    return found


def read_fields(words: str, fields: Sequence[Field]) -> dict[str, Any]:
    """What a command's words give: `fixed the pool was too small`, or `--cause … --to ann`.

    Without names: one word for each in order, and all the rest for the first other text.
    Raises InvalidInput for a field that there is not, and for words that are left over.
    """
    known = {each.name: each for each in fields}
    given: dict[str, Any] = {}
    found = list(_OPTION.finditer(words))
    ends = [each.start() for each in found[1:]] + [len(words)]
    for option, end in zip(found, ends, strict=False):
        name = option[1].replace("-", "_").lower()
        if name not in known:
            raise InvalidInput(f"there is no --{option[1][:40]}; there are: {_names(fields)}")
        given[name] = known[name].read(words[option.end() : end])
    plain = words[: found[0].start()] if found else words
    return {**_in_order(plain.strip(), [f for f in fields if f.name not in given]), **given}


def _in_order(words: str, fields: Sequence[Field]) -> dict[str, Any]:
    wanted = sorted((f for f in fields if f.in_order), key=lambda f: f.takes_rest)
    if not any(f.takes_rest for f in wanted):
        wanted += [f for f in fields if not (f.in_order or f.is_flag or f.choices)][:1]
    if words and not wanted:
        raise InvalidInput(f"nothing more can be given than that: {words[:60]!r}")
    parts = words.split(None, len(wanted) - 1) if words else []
    return {field.name: field.read(part) for field, part in zip(wanted, parts, strict=False)}


def _names(fields: Sequence[Field]) -> str:
    return ", ".join(f"--{each.name.replace('_', '-')}" for each in fields) or "none"


def usage(fields: Sequence[Field]) -> str:
    """How the words are written: `DISPOSITION CAUSE [--released …]`."""
    needed = [
        "|".join(f.choices) if f.choices else f.name.upper().replace("_", "-")
        for f in sorted(fields, key=lambda f: f.takes_rest)
        if f.in_order
    ]
    more = [f"[--{f.name.replace('_', '-')} …]" for f in fields if not f.in_order]
    return " ".join([*needed, *more])
