"""A review as one HTML file that needs nothing else: it opens offline, and runs no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def as_html(document: Mapping[str, Any]) -> str:
    """The file. document: of `document_of`."""
    return _templates.get_template("review.html").render(document)
