"""What `make bench` measured, made up, and a look at its chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import matplotlib as mpl
from defusedxml.ElementTree import fromstring

from bench.chart import COLOURS, QUIET, STORM, draw

SVG = "{http://www.w3.org/2000/svg}"


def results(*left_out: str) -> dict[str, Any]:
    """What `make bench` measured, without some ways of running it."""
    response: dict[str, Any] = {}
    for number, name in enumerate(COLOURS):
        if name in left_out:
            continue
        measured: dict[str, Any] = {}
        for place, where in enumerate([*QUIET.values(), *STORM.values()]):
            inner = measured
            for key in where[:-1]:
                inner = inner.setdefault(key, {})
            inner[where[-1]] = 0.01 * 3**place + number
        response[name] = measured
    machine = {"cores": 2, "memory GiB": 8, "Prefect": "3.8.0"}
    return {"machine": machine, "measured": "2026-11-25", "response": response}


def drawn(measured: dict[str, Any], path: Path) -> tuple[str, set[str]]:
    """The chart's text and the colours with which it is filled."""
    with mpl.rc_context({"svg.fonttype": "none"}):  # text as text, to be read here
        draw(measured, path)
    root: Element = fromstring(path.read_text("utf-8"))
    assert f"{SVG}svg" == root.tag
    text = "\n".join("".join(each.itertext()) for each in root.iter(f"{SVG}text"))
    styles = [each.get("style", "") for each in root.iter(f"{SVG}path")]
    return text, {colour for colour in COLOURS.values() if any(colour in s for s in styles)}
