"""`aeef record`: a pipeline or hook writes its deployment, with what runs. Needs no server."""

from __future__ import annotations

from typing import Annotated

import typer

from deployments.cli.terminal import plain
from schemas.release import DeploymentStatus
from schemas.settings import load_settings
from tasks.base.salt import kept_salt


def record(
    commit: Annotated[str, typer.Option(help="What was deployed: its commit id.")],
    status: Annotated[DeploymentStatus, typer.Option(help="deploying, healthy or failed.")],
    target: Annotated[str | None, typer.Option(help="Needed when there are several.")] = None,
    environment: Annotated[str | None, typer.Option(help="For the history, e.g. staging.")] = None,
) -> None:
    """Write a deployment into the target's history, with the images and files that run now."""
    settings = load_settings()
    kept_salt(settings.home, settings.drift.salt)
    from tasks.rollback.record_deployment import record_deployment

    written = record_deployment(
        settings.target(target),
        commit.lower(),
        status,
        home=settings.home,
        environment=environment,
        report=lambda line: typer.echo(plain(f"note: {line}"), err=True),
    )
    typer.echo(plain(written))
