"""Keeps the odd entries of a history as they are written, while the rest is written anew."""

from __future__ import annotations

import json
from json.decoder import JSONDecoder
from typing import Any
from uuid import uuid4

from schemas.release import History

_LISTS = ("deployments", "rollbacks")
_BLANK = " \t\r\n"


class OddTexts:
    """The texts of the odd entries; in the data a unique word stands for each meanwhile.

    content: what the data was read from. The data is changed.
    """

    def __init__(self, content: bytes, data: dict[str, Any], history: History) -> None:
        self._texts: dict[str, str] = {}
        odd = zip(_LISTS, (history.odd, history.odd_rollbacks), strict=True)
        places = {name: [entry.place for entry in entries] for name, entries in odd}
        if not any(places.values()):
            return
        spans = _spans(content.decode(json.detect_encoding(content)))
        for name, wanted in places.items():
            for place in wanted:
                word = f"aeef-odd-{uuid4().hex}"
                self._texts[word] = spans[name][place]
                data[name][place] = word

    def restored(self, text: str) -> str:
        """The text of the changed data, with the odd entries as they were."""
        for word, written in self._texts.items():
            text = text.replace(json.dumps(word), written)
        return text


def _spans(text: str) -> dict[str, list[str]]:
    """The text of each entry of the lists, in a JSON object that has been read already."""
    decoder = JSONDecoder()
    found: dict[str, list[str]] = {}
    at = _next(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, _next(text, at, ","))
        at = _next(text, at, ":")
        if name in _LISTS:
            found[name], at = _entries(decoder, text, at)
        else:
            _, at = decoder.raw_decode(text, at)
        at = _next(text, at)
    return found


def _entries(decoder: JSONDecoder, text: str, at: int) -> tuple[list[str], int]:
    found = []
    at = _next(text, at + 1)
    while text[at] != "]":
        start = _next(text, at, ",")
        _, at = decoder.raw_decode(text, start)
        found.append(text[start:at])
        at = _next(text, at)
    return found, at + 1


def _next(text: str, at: int, mark: str = "") -> int:
    """The place of the next character that is no blank, nor one such mark."""
    while text[at] in _BLANK or text[at] == mark:
        at += 1
    return at
