"""Reads an XML report as a stream of elements, without expanding entities."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from tasks.reports.report_files import wrong

DEEPEST = 50
"""Maximum nesting of elements; real reports have eight levels."""

MOST_ELEMENTS = 2_000_000
"""Maximum elements; a report of 32 MB has about 400,000; more would only keep the worker busy."""


class Seen(NamedTuple):
    """One element: event `start` (its attributes are known) or `end` (its text too).

    tags: its ancestors' tags and its own, outermost first.
    """

    event: str
    tags: tuple[str, ...]
    element: Element


def elements(content: bytes, name: str) -> Iterator[Seen]:
    """Every element of the report, at its start and at its end.

    Raises InvalidInput when it is not well formed, too deep, or defines entities.
    """
    around: list[Element] = []
    count = 0
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end")):
            if event == "start":
                around.append(element)
                count += 1
                if count > MOST_ELEMENTS:
                    raise wrong(name, f"it has more than {MOST_ELEMENTS} elements")
                if len(around) > DEEPEST:
                    raise wrong(name, f"it has more than {DEEPEST} elements within each other")
            yield Seen(event, tuple(each.tag for each in around), element)
            if event == "end":
                around.pop()
                if around:
                    around[-1].remove(element)  # otherwise the whole report would stay in memory
    except DefusedXmlException as error:
        raise wrong(name, f"it defines XML entities, which are not supported ({error})") from None
    except (ParseError, ValueError, LookupError) as error:
        raise wrong(name, f"{type(error).__name__}: {error}") from None
