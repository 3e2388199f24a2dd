"""Targets: what a `[targets.NAME]` table may say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import ConfigurationError
from schemas.settings import Target, load_settings

COMPOSE = """
[targets.shop]
repository = "{repository}"
services = ["checkout"]
compose_file = "compose.yml"
required_gates = ["tests"]
health.url = "http://127.0.0.1:1/health"
"""


def table(**changes: Any) -> dict[str, Any]:
    """A good table, with these changes; None takes a key away."""
    good = {
        "name": "shop",
        "repository": "/srv/shop",
        "compose_file": "compose.yml",
        "required_gates": ["tests"],
        "health": {"url": "http://127.0.0.1:1/health"},
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"compose_file": None}, "exactly one of 'compose_file' and 'deploy_command'"),
        ({"deploy_command": ["x"]}, "exactly one of 'compose_file' and 'deploy_command'"),
        ({"health": {}}, "exactly one of 'health.url' and 'health.command'"),
        (
            {"health": {"url": "http://x", "command": ["x"]}},
            "exactly one of 'health.url' and 'health.command'",
        ),
        ({"health": None}, "health"),
        (
            {"health": {"url": "http://x", "successes": 10, "interval": 10, "deadline": 60}},
            "10 successes, 10 s apart, do not fit into the deadline of 60 s",
        ),
        ({"required_gates": []}, "required_gates"),
        ({"required_gates": None}, "required_gates"),
        ({"history": "/etc/passwd"}, "must be a path inside the repository"),
        ({"history": "../history.json"}, "must be a path inside the repository"),
        ({"provenance": "."}, "not the repository itself"),
        ({"name": "Shop!"}, "name"),
        ({"deploy_timeout": 0}, "deploy_timeout"),
        ({"composefile": "x"}, "composefile"),
    ],
)
def test_a_table_that_cannot_work_is_refused_with_the_reason(
    changes: dict[str, Any], message: str
) -> None:
    """When it is read, not when an incident needs it."""
    with pytest.raises(ValidationError) as raised:
        Target.model_validate(table(**changes))

    assert message in str(raised.value)


def test_a_target_knows_its_files_and_how_long_a_rollback_may_take() -> None:
    """Paths inside the repository; a build, a deployment and a health check, there and back."""
    target = Target.model_validate(table(deploy_timeout=100.0))

    assert Path("/srv/shop/deployments/history.json") == target.history_path
    assert Path("/srv/shop/provenance/abc.json") == target.provenance_path("abc")
    assert timedelta(seconds=2 * (2 * 100 + 60)) == target.rollback_timeout


def test_the_repository_counts_from_the_config_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from wherever the command is run."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    home.mkdir()
    (home / "aeef.toml").write_text(COMPOSE.format(repository="work/shop"))

    assert home / "work/shop" == load_settings().targets["shop"].repository


def test_a_service_finds_its_target(home: Path) -> None:
    """By the services of the table, and by the target's own name."""
    Path("aeef.toml").write_text(COMPOSE.format(repository="/srv/shop"))
    settings = load_settings()

    assert settings.target_of("checkout") is settings.target_of("shop") is settings.targets["shop"]
    assert settings.target_of("till") is None


@pytest.mark.parametrize("services", ['["checkout"]', '["shop"]'])
def test_a_service_belongs_to_one_target(home: Path, services: str) -> None:
    """Otherwise an incident could roll back the wrong one."""
    other = COMPOSE.format(repository="/srv/till").replace("targets.shop", "targets.till")
    other = other.replace('["checkout"]', services)
    Path("aeef.toml").write_text(COMPOSE.format(repository="/srv/shop") + other)
    with pytest.raises(ConfigurationError, match="belongs to two targets: shop and till"):
        load_settings()


@pytest.mark.parametrize("repository", ["3", "[]"])
def test_a_repository_that_is_no_path_is_named(home: Path, repository: str) -> None:
    """One clear line, no traceback."""
    text = COMPOSE.format(repository="x").replace('"x"', repository)
    Path("aeef.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"targets\.shop\.repository: "):
        load_settings()
