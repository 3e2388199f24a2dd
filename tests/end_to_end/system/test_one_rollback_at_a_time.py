"""One rollback of a target at a time: on a Prefect server that other machines use, too."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from prefect import flow
from prefect.client.orchestration import get_client

from fixtures.stack import Stack
from schemas.settings import Settings, Target
from tasks.rollback.one_at_a_time import limit_of, one_rollback_at_a_time


def test_a_run_holds_a_limit_on_the_server(stack: Stack, tmp_path: Path) -> None:
    """It makes the limit when there is none, and gives it back; by hand nobody asks for it."""
    (tmp_path / ".git").mkdir()
    target = Target.model_validate(
        {
            "name": f"shop-{uuid4().hex[:8]}",
            "repository": tmp_path,
            "deploy_command": ["true"],
            "health": {"command": ["true"]},
            "required_gates": ["tests"],
        }
    )
    settings = Settings(home=tmp_path / "home")
    assert not settings.prefect_embedded

    def slots() -> int:
        with get_client(sync_client=True) as client:
            return client.read_global_concurrency_limit_by_name(limit_of(target.name)).active_slots

    @flow(name=f"test-{uuid4()}")
    def a_rollback() -> int:
        with one_rollback_at_a_time(target, settings):
            return slots()

    with stack.prefect_settings():
        assert 1 == a_rollback()
        with one_rollback_at_a_time(target, settings):
            assert 0 == slots()
