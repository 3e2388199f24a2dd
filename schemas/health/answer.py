"""Judges what a health address answered: its status, its words, and everything inside it.

The formats that people have: Spring Boot's actuator (`components`; UNKNOWN inside means nothing),
ASP.NET Core (one word, or `entries`), MicroProfile (`checks`), NestJS (`info`, `error`, `details`),
Rails' /up (a page without words), and application/health+json of draft-inadarei-api-health-check.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.health.settings import Expect, Health
from schemas.health.words import (
    CHECKS,
    CONDITIONS,
    ERRORS,
    FLAGS,
    NOT_WELL,
    OPPOSITES,
    STATES,
    SURELY_DOWN,
    bad_sentence,
    name_of,
    something,
    word_of,
)

_LONGEST_SHOWN = 100
_LONGEST_KEY = 40
_LONGEST_LINE = 200
_LONGEST_HEAD = 10_000
_MOST_LINES = 50
_PAIR = re.compile(r"\W*([A-Za-z][\w .-]{0,40}?)[\"']?\s*[:=]\s*[\"']?(\S[^\"',;]*)")
_TITLE = re.compile(r"<title[^>]*>\s*(.{0,200}?)\s*</title", re.IGNORECASE | re.DOTALL)


class Judgement(NamedTuple):
    """Whether an answer is good, and what it was: to continue "the address …"."""

    good: bool
    said: str


class _Object(tuple[tuple[str, object], ...]):
    """A JSON object with every key as it came: also two that differ in case, or not at all."""

    __slots__ = ()


class _Node(NamedTuple):
    """One value of an answer. key: its own name, empty in a list; around: that of what holds it.

    depth: in how many objects it is; a list adds none, because each of its elements counts.
    """

    depth: int
    path: str
    around: str
    key: str
    value: object


class _Said(NamedTuple):
    """One thing that an answer says. whole: how all of it is, when nothing around it says so."""

    node: _Node
    bad: bool
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.node.path or 'the value'} {_quoted(self.node.value)}"


def judge_answer(code: int, body: bytes, health: Health) -> Judgement:
    """Judge an HTTP status and body: by `expect` where it is set, else by what is usual.

    Pure and total: every answer is judged, and no text of it is shown at length.
    """
    if code not in (health.expect.status if health.expect else (200,)):
        return Judgement(False, f"answered HTTP {code}")
    if health.expect:
        return _expected(code, body, health.expect)
    try:
        data = _parsed(body)
    except RecursionError:
        return Judgement(False, f"answered {code} with JSON too deep to judge: set health.expect")
    except ValueError:
        data = body.decode("utf-8-sig", "replace")
    if isinstance(data, str):
        return _text(code, data.strip(), health)
    return _data(code, data, health)


def _parsed(body: bytes) -> object:
    return json.loads(body, object_pairs_hook=_Object)


def _data(code: int, data: object, health: Health) -> Judgement:
    """The outermost conditions must be ok; inside them nothing may say that it is down."""
    said = list(_walk(data))
    ok = _ok(health)
    outermost = min((each.node.depth for each in said if each.whole), default=0)
    good = []
    for each in said:
        word = word_of(each.node.value)
        decides = each.whole and each.node.depth == outermost
        if word and word in ok and not (each.bad and each.node.value is True):
            good += [each] if decides else []
        elif each.bad or decides or (each.whole and word in SURELY_DOWN):
            return Judgement(False, f"answered {code} with {each}")
    words = ", ".join(str(each) for each in good[:3])
    return Judgement(True, f"answered {code} with {words or 'nothing that names a status'}")


def _walk(data: object) -> Iterator[_Said]:
    """Everything in an answer that says how it is."""
    waiting = deque([_Node(0, "", "", "", data)])
    while waiting:
        node = waiting.popleft()
        if isinstance(node.value, _Object | list):
            if node.depth == 1 and name_of(node.key) in ERRORS and something(node.value):
                yield _Said(node, bad=True)
            waiting.extend(_inside(node))
        else:
            yield from _leaf(node)


def _inside(node: _Node) -> Iterator[_Node]:
    if isinstance(node.value, list):
        for number, value in enumerate(node.value):
            yield _Node(node.depth, f"{node.path}[{number}]", node.key, "", value)
    elif isinstance(node.value, _Object):
        for key, value in node.value:
            path = f"{node.path}.{key[:_LONGEST_KEY]}"[-_LONGEST_SHOWN:].lstrip(".")
            yield _Node(node.depth + 1, path, node.key, key, value)


def _leaf(node: _Node) -> Iterator[_Said]:
    name, value, word = name_of(node.key), node.value, word_of(node.value)
    counts = isinstance(value, int | float) and not isinstance(value, bool)
    if name in CONDITIONS and not (counts and not name.endswith("status")):
        yield _Said(node, bad=False, whole=True)
    elif name in FLAGS:
        yield _Said(node, bad=value in (0, None) or word in NOT_WELL)
    elif name in OPPOSITES and node.depth == 1:
        yield _Said(node, bad=value is True)
    elif name in ERRORS and node.depth == 1:
        yield _Said(node, bad=something(value))
    elif name in STATES or name_of(node.around) in CHECKS or node.depth == 0:
        yield _Said(node, bad=value is False or word in NOT_WELL)
    elif node.key and isinstance(value, str):
        yield _Said(node, bad=word in SURELY_DOWN)


def _ok(health: Health) -> set[str]:
    return {word_of(each) for each in health.ok_statuses}


def _text(code: int, text: str, health: Health) -> Judgement:
    if not text:
        return Judgement(True, f"answered {code} with nothing in it")
    if text[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
        return _page(code, text, health)
    if pairs := _pairs(text):
        return _data(code, pairs, health)
    shown = _quoted(text)
    if word_of(text) in _ok(health):
        return Judgement(True, f"answered {code} with {shown}")
    bad = len(text) <= _LONGEST_LINE and bad_sentence(text)
    return Judgement(not bad, f"answered {code} with {shown}")


def _page(code: int, text: str, health: Health) -> Judgement:
    """A web page says nothing of health, unless its title is that of an error."""
    found = _TITLE.search(text[:_LONGEST_HEAD])
    title = " ".join(found.group(1).split()) if found else ""
    titled = f" titled {_quoted(title)}" if title else ""
    said = f"answered {code} with a web page{titled}"
    if word_of(title) not in _ok(health) and bad_sentence(title):
        return Judgement(False, said)
    return Judgement(True, f"{said}, which says nothing of its health (health.expect can)")


def _pairs(text: str) -> _Object | None:
    """Lines such as `status: ok`, when one of them names a condition."""
    found = [
        _PAIR.fullmatch(line.strip()[:_LONGEST_LINE]) for line in text.splitlines()[:_MOST_LINES]
    ]
    pairs = _Object((match.group(1), match.group(2).strip()) for match in found if match)
    return pairs if any(name_of(key) in CONDITIONS | FLAGS for key, _ in pairs) else None


def _expected(code: int, body: bytes, expect: Expect) -> Judgement:
    if expect.text is not None and expect.text not in body.decode("utf-8", "replace"):
        start = _quoted(body.decode("utf-8", "replace"))
        return Judgement(False, f"answered {code} without {_quoted(expect.text)}: {start}")
    if expect.values:
        try:
            data = _parsed(body)
        except (ValueError, RecursionError):
            return Judgement(False, f"answered {code}, but no JSON as health.expect has it")
        for path, wanted in expect.values.items():
            found = list(_at(data, path.split(".")))
            if not found or any(
                word_of(each) not in {word_of(want) for want in wanted} for each in found
            ):
                has = ", ".join(_quoted(each) for each in found) or "nothing"
                return Judgement(False, f"answered {code} with {has} at {path}")
    return Judgement(True, f"answered {code}, as health.expect has it")


def _at(data: object, path: Sequence[str]) -> Iterator[object]:
    """Every value at a path; two keys that differ only in case are both meant."""
    if not path:
        yield data
    elif isinstance(data, _Object):
        for key, value in data:
            if key.lower() == path[0].lower():
                yield from _at(value, path[1:])
    elif isinstance(data, list) and path[0].isdigit() and int(path[0]) < len(data):
        yield from _at(data[int(path[0])], path[1:])


def _quoted(value: object) -> str:
    """The start of a value on one line, without control characters."""
    if isinstance(value, _Object | list):
        return f"({len(value)} in it)"
    if not isinstance(value, str):
        return word_of(value)
    return repr(value[:_LONGEST_SHOWN])
