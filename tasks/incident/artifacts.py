"""Artifacts in Prefect: a copy for its UI of what stands in the record, never worth a failure."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from tasks.step import log_line


def markdown_artifact(key: str, markdown: str, description: str) -> bool:
    """Make it, or a newer version of it; False, logged, when Prefect does not take it."""
    return _made(create_markdown_artifact, key, {"markdown": markdown, "description": description})


def table_artifact(key: str, table: list[dict[str, Any]], description: str) -> bool:
    """As `markdown_artifact`, with rows that people can sort."""
    return _made(create_table_artifact, key, {"table": table, "description": description})


def _made(make: Callable[..., object], key: str, content: dict[str, Any]) -> bool:
    try:
        make(key=key, **content)
    except Exception as error:  # noqa: BLE001 - whatever Prefect's client raises: the deed is done
        log_line(
            f"Prefect did not take the artifact {key}: {type(error).__name__}", logging.WARNING
        )
        return False
    return True
