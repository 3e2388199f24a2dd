"""Fixtures: targets to roll back. Each cleans up after itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sample_targets import ComposeSample, command_target, compose_target, docker_available
from schemas.settings import Target
from support import not_available


@pytest.fixture
def demo_target(tmp_path: Path) -> Target:
    """The demo target, deployed by a script."""
    return command_target(tmp_path)


@pytest.fixture
def compose_sample(tmp_path: Path) -> Iterator[ComposeSample]:
    """A Compose application on the real Docker, whose bad release runs."""
    missing = docker_available()
    if missing:
        not_available(missing)
    sample = compose_target(tmp_path)
    try:
        sample.serve_bad()
        yield sample
    finally:
        sample.down()
