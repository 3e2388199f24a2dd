"""Small helpers that several test files use."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def not_available(reason: str) -> NoReturn:
    """Skip the test: something real is missing here. With AEEF_REQUIRE_REAL=1, fail instead."""
    if os.environ.get("AEEF_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
