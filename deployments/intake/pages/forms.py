"""An act's model as a form, and a form's fields as the data of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas.model import Model

LONG = frozenset(
    {"reason", "cause", "text", "note", "why", "rootCause", "decision", "summary", "description"}
)
"""Fields for which people write sentences."""


class Field(NamedTuple):
    """One field of a form. kind: text, long, number, yes, choice, list."""

    name: str
    label: str
    kind: str
    required: bool
    help: str = ""
    options: tuple[str, ...] = ()
    value: str = ""


def fields_of(asks: type[Model], given: Mapping[str, str] | None = None) -> list[Field]:
    """The fields of a form for this model; given: what was typed before."""
    schema = asks.model_json_schema(by_alias=True)
    required = set(schema.get("required", ()))
    definitions = schema.get("$defs", {})
    return [
        _field(name, each, definitions, name in required, (given or {}).get(name))
        for name, each in schema.get("properties", {}).items()
    ]


def data_of(asks: type[Model], form: Mapping[str, str]) -> dict[str, Any]:
    """The form's fields as the model takes them; empty ones are left out."""
    data: dict[str, Any] = {}
    for field in fields_of(asks):
        text = form.get(field.name, "").strip()
        if field.kind == "yes":
            data[field.name] = text == "yes"
        elif field.kind == "list":
            parts = [part.strip() for part in text.replace(",", "\n").splitlines()]
            if any(parts):
                data[field.name] = [part for part in parts if part]
        elif text:
            data[field.name] = text
    return data


def _field(
    name: str,
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    is_required: bool,
    typed: str | None,
) -> Field:
    kind, options = _kind(name, schema, definitions)
    default = schema.get("default")
    usual = "" if default is None or default in ([], ()) else str(default)
    if kind == "yes":
        usual = "yes" if default is True else ""
    return Field(
        name=name,
        label=str(schema.get("title") or name).replace("_", " ").capitalize(),
        kind=kind,
        required=is_required and kind != "yes",
        help=str(schema.get("description") or ""),
        options=options,
        value=usual if typed is None else typed,
    )


def _kind(
    name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> tuple[str, tuple[str, ...]]:
    for each in _variants(schema, definitions):
        if options := _options(each):
            return "choice", options
        match each.get("type"):
            case "boolean":
                return "yes", ()
            case "array":
                return "list", ()
            case "integer" | "number":
                return "number", ()
            case "string":
                return ("long" if name in LONG else "text"), ()
    return "text", ()


def _options(schema: Mapping[str, Any]) -> tuple[str, ...]:
    if "const" in schema:
        return (str(schema["const"]),)
    return tuple(str(each) for each in schema.get("enum", ()))


def _variants(
    schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """What a value may be: references and alternatives followed."""
    if reference := schema.get("$ref"):
        return _variants(definitions.get(str(reference).rpartition("/")[2], {}), definitions)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return [found for each in schema[several] for found in _variants(each, definitions)]
    return [schema]
