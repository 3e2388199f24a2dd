"""Reads JSON strictly, and checks data against our JSON Schemas, formats included."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from schemas.errors import InvalidInput

SCHEMAS = ("incident", "provenance", "history", "agent-registry")

MOST_DEEP = 100
"""Levels of lists and objects; what copies or checks the data needs several calls for each."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Doubled(dict[str, Any]):
    """A JSON object in which names came twice: nobody knows which value was meant."""

    twice: tuple[str, ...] = ()


def read_json(content: bytes, most_bytes: int, *, keep_doubled: bool = False) -> Any:
    """The data of a JSON file, in UTF-8 or in what its byte order mark says.

    A name that comes twice in an object makes the file invalid; with `keep_doubled` such an
    object is a `Doubled`, and the caller decides.

    Raises ValueError in words that follow "it", when the file is larger than `most_bytes`, empty,
    cut off, no JSON (NaN is none), in an unknown encoding, or nested too deeply.
    """
    if len(content) > most_bytes:
        raise ValueError(f"it is larger than {most_bytes} bytes")
    if not content.removeprefix(_BYTE_ORDER_MARK).strip():
        raise ValueError("it is empty")
    encoding = json.detect_encoding(content)
    met: list[Doubled] = []

    def one_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        times = Counter(name for name, _ in pairs)
        doubled = Doubled(found)
        doubled.twice = tuple(name for name in found if times[name] > 1)
        met.append(doubled)
        return doubled

    try:
        data = json.loads(
            content.decode(encoding),
            object_pairs_hook=one_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not JSON: byte {error.start} is not {encoding}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        if error.msg.startswith("Unterminated") or error.pos >= len(error.doc.rstrip()):
            raise ValueError(f"it was cut off at {place} ({error.msg})") from None
        raise ValueError(f"it is not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if _deeper_than(data, MOST_DEEP):
        raise ValueError("it is nested too deeply")
    if met and not keep_doubled:
        raise ValueError(f"it is not valid: {doubled_in(data)}")
    return data


def _deeper_than(data: Any, most: int) -> bool:
    level = [data]
    for _ in range(most):
        level = [
            each
            for one in level
            if isinstance(one, dict | list)
            for each in (one.values() if isinstance(one, dict) else one)
            if isinstance(each, dict | list)
        ]
        if not level:
            return False
    return True


def doubled_in(data: Any) -> str | None:
    """Which name comes twice, and where, for the first such object; None when there is none."""
    waiting = [("$", data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Doubled):
            return f"{path}: {value.twice[0][:80]!r} comes twice"
        if isinstance(value, dict):
            waiting += [(f"{path}.{name[:80]}", each) for name, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{place}]", each) for place, each in enumerate(value)]
    return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of `schemas/<name>.schema.json`; dates and UUIDs are checked too."""
    schema = json.loads(files("schemas").joinpath(f"{name}.schema.json").read_text("utf-8"))
    # jsonschema ignores `format` unless it is given a checker.
    return Draft202012Validator(schema, format_checker=FormatChecker(["date-time", "uuid"]))


def validate(name: str, data: Any) -> None:
    """Raise InvalidInput that names every wrong field when `data` does not fit the schema."""
    problems = problems_of(validator(name), data)
    if problems:
        raise InvalidInput(f"not a valid {name} record: " + "; ".join(sorted(problems)))


def problems_of(checker: Draft202012Validator, data: Any, where: str = "$") -> list[str]:
    """Every field of `data`, which stands at `where`, that does not fit, and why."""
    return [
        f"{where}{error.json_path[1:]}: {error.message[:200]}"
        for error in checker.iter_errors(data)
    ]
