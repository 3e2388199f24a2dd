"""Chooses how a target is deployed."""

from __future__ import annotations

from pathlib import Path

from schemas.settings import Target
from tasks.deploy.command_deployer import CommandDeployer
from tasks.deploy.compose.deployer import ComposeDeployer
from tasks.deploy.deployer import Deployer


def deployer_for(target: Target, home: Path) -> Deployer:
    """The target's deployer. home: where to put our generated files."""
    return ComposeDeployer(target, home) if target.compose_file else CommandDeployer(target)
