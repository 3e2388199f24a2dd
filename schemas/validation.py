"""Checks JSON data against our JSON Schemas, formats included."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from schemas.errors import InvalidInput

SCHEMAS = ("incident", "provenance", "history", "agent-registry")


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of `schemas/<name>.schema.json`; dates and UUIDs are checked too."""
    schema = json.loads(files("schemas").joinpath(f"{name}.schema.json").read_text("utf-8"))
    # jsonschema ignores `format` unless it is given a checker.
    return Draft202012Validator(schema, format_checker=FormatChecker(["date-time", "uuid"]))


def validate(name: str, data: Any) -> None:
    """Raise InvalidInput that names every wrong field when `data` does not fit the schema."""
    problems = [
        f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(data)
    ]
    if problems:
        raise InvalidInput(f"not a valid {name} record: " + "; ".join(sorted(problems)))
