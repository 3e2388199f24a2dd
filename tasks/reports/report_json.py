"""Reads a scanner's JSON report by parts; any invalid content raises only InvalidInput."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from schemas.findings import LAST_LINE
from schemas.validation import read_json
from tasks.base.storable import clean_json
from tasks.base.trim import one_line, trim
from tasks.reports.report_files import fields_of, wrong

M = TypeVar("M", bound=BaseModel)

MOST_VALUES = 2_000_000
"""Maximum values; a report of 50 MB has about a million; more would fill the memory."""

MOST_ITEMS = 100_000
"""Maximum items in one list; no report that a person could act on has as many."""


class Lenient(BaseModel):
    """A part of a report; unknown fields are ignored, as scanners may add some at any time."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", hide_input_in_errors=True
    )


def load_report(content: bytes, name: str, most_bytes: int) -> Any:
    """The report as JSON data with clean texts.

    Raises InvalidInput when it is empty, too large, not JSON, cut off, nested too deeply,
    or has a name twice in one object: what the scanner found would depend on the reader.
    """
    if len(content) > most_bytes:
        raise wrong(name, f"it is larger than {most_bytes} bytes: split it")
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise wrong(name, "it is empty: did the scanner fail?")
    if content.count(b",") > MOST_VALUES:
        raise wrong(name, f"it has more than {MOST_VALUES} values: split it")
    try:
        data = read_json(content, most_bytes)
        # Replaces half of an emoji cut by the scanner; only such a text needs this walk.
        return clean_json(data) if b"\\ud" in content.lower() else data
    except ValueError as error:
        raise wrong(name, str(error)) from None


def one(kind: type[M], data: Any, where: str) -> M:
    """Parse a part of the report. Raises ValueError that names the wrong field."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise ValueError(f"{where}: {fields_of(error)}") from None


def each(kind: type[M], data: Any, where: str) -> Iterator[M]:
    """Parse the items of a list, one by one; none when there is no list."""
    for index, part in enumerate(items(data, where)):
        yield one(kind, part, f"{where}.{index}")


def items(data: Any, where: str) -> list[Any]:
    """A list in the report; scanners write null for an empty one. Raises ValueError."""
    if data is None:
        return []
    if not isinstance(data, list):
        raise ValueError(f"{where}: a list was expected")  # noqa: TRY004 - one kind of error
    if len(data) > MOST_ITEMS:
        raise ValueError(f"{where}: more than {MOST_ITEMS} entries; split the report")
    return data


def texts(data: Any, limit: int, most: int) -> tuple[str, ...]:
    """The texts in a list without duplicates; other values are left out."""
    found = (text(part, limit) for part in data) if isinstance(data, list) else ()
    return tuple(dict.fromkeys(filter(None, found)))[:most]


def text(value: Any, limit: int) -> str:
    """A text on one line, trimmed to the limit; empty when the value is not a text."""
    return trim(one_line(value[: 4 * limit]), limit) if isinstance(value, str) else ""


def line_number(value: int | None) -> int | None:
    """A line number; None when it is invalid."""
    return value if value is not None and 1 <= value <= LAST_LINE else None


def file_path(value: str | None, limit: int = 1000) -> str | None:
    """A path with `/`, without `./`; None when it has `..`, is too long, or is not a path."""
    if not value or len(value) > limit or not value.isprintable():
        return None
    parts = [part for part in value.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        return None
    return ("/" if value.startswith(("/", "\\")) else "") + "/".join(parts)


def place_text(value: str | None, limit: int = 1000) -> str | None:
    """A place that is no path, as text: an address without its user, query and fragment."""
    place = text(value, limit)
    if "://" in place:
        try:
            parts = urlsplit(place)
        except ValueError:
            return text(place.partition("?")[0], limit) or None
        host = parts.netloc.rpartition("@")[2]
        place = f"{parts.scheme}://{host}{parts.path}"
    return text(place, limit) or None


def uri_path(uri: str, limit: int = 1000) -> str | None:
    """The path of a `file:` URI or a relative reference; None for another URI."""
    if len(uri) > 3 * limit:
        return None
    head, colon, rest = uri.partition(":")
    if colon and "/" not in head:
        if head.lower() != "file":
            return None
        uri = rest
        if uri.startswith("//"):
            uri = "/" + uri[2:].partition("/")[2]  # `//host/path`, usually without a host
    return file_path(unquote(uri.partition("#")[0].partition("?")[0]), limit)
