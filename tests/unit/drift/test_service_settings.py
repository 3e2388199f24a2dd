"""Sizes and limits look the same, however a compose file writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.drift.compose_settings import ComposeFile
from tasks.drift.hide_values import Hider
from tasks.drift.service_settings import in_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("67108864", 67108864),
        ("64m", 67108864),
        ("64MB", 67108864),
        ("0.5 gb", 536870912),
        ("9b", 9),
    ],
)
def test_a_size_is_read_as_compose_does(text: str, size: int) -> None:
    """With or without a unit, in either case."""
    assert size == in_bytes(text)


def test_no_other_text_is_a_size() -> None:
    """It is reported as unreadable then."""
    with pytest.raises(ValueError, match="much"):
        in_bytes("much")


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"mem_limit": "64m", "cpus": 0.5, "pids_limit": -1}, ["500000000", "67108864"]),
        (
            {"deploy": {"resources": {"limits": {"memory": "64M", "cpus": "0.5", "pids": 9}}}},
            ["500000000", "67108864", "9"],
        ),
        ({}, []),
    ],
)
def test_limits_of_both_forms(
    tmp_path: Path, service: dict[str, object], expected: list[str]
) -> None:
    """In billionths of a CPU and in bytes, as Docker has them; no limit is none."""
    file = ComposeFile({"name": "shop", "services": {"web": service}}, "shop")

    found = file.settings("web", None, Hider(tmp_path))

    assert expected == sorted(v for setting, v in found.items() if setting.field == "limits")
