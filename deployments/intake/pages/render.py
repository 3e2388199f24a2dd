"""Turns what was seen into HTML: the templates, the headers of a page, and its files."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from schemas.review import LONGEST_ANSWER
from tasks.base.trim import clean
from tasks.view.moments import at, clock

HERE = Path(__file__).parent
_CSS, _JS = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
STATIC = {"page.css": _CSS, "page.js": _JS, "review.css": _CSS, "review.js": _JS}
"""The files of `static/`, and what they are."""
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    # An address may have a signed link in it: it goes nowhere.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
"""For the files, whose address changes with them."""
_MOMENT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d )?(?P<time>\d\d:\d\d:\d\d) UTC")

_files = {name: (HERE / "static" / name).read_bytes() for name in STATIC}
_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # Escaping lets U+202E through, which turns the rest of the line round.
    finalize=lambda value: clean(value) if type(value) is str else value,
)


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of this template."""
    return html(text_of(template, **values), status)


def text_of(template: str, **values: Any) -> bytes:
    """The text of a page, for `html`."""
    return _templates.get_template(template).render(values).encode()


def html(text: bytes, status: int = 200) -> HTMLResponse:
    """A page with this text."""
    return HTMLResponse(text, status_code=status, headers=SECURITY)


def wants_page(request: Request) -> bool:
    """True when a browser asks; a program gets JSON."""
    return "text/html" in request.headers.get("accept", "")


def static_file(name: str) -> Response | None:
    """One of the files; None when there is none of this name."""
    if name not in STATIC:
        return None
    return Response(_files[name], media_type=STATIC[name], headers=KEPT)


def address_of(name: str) -> str:
    """The address of a file, which changes with what is in it."""
    return f"/static/{name}?{hashlib.sha256(_files[name]).hexdigest()[:12]}"


def _moment(moment: datetime, now: datetime) -> Markup:
    """A moment in UTC; the page's script adds the reader's own time."""
    iso = moment.isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(iso, at(moment, now))


def _timed(text: str, now: datetime) -> Markup:
    """A sentence with its moments marked, as `_moment` does."""
    said, end = Markup(), 0
    for match in _MOMENT.finditer(text):
        day = match["day"] or f"{now:%Y-%m-%d}"
        said += clean(text[end : match.start()])
        said += Markup('<time datetime="{}T{}+00:00">{}</time>').format(
            day.strip(), match["time"], match[0]
        )
        end = match.end()
    return said + clean(text[end:])


_templates.filters["moment"] = _moment
_templates.filters["timed"] = _timed
_templates.filters["left"] = clock
_templates.globals["address_of"] = address_of
_templates.globals["longest"] = LONGEST_ANSWER
