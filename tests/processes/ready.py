"""How tests start processes that need not import everything: as forks of one that has done so."""

from __future__ import annotations

from multiprocessing import get_context

READY = get_context("forkserver")
"""A new process of ours takes a second of processor time to import what takes a tenth to do its
work, and the tests start hundreds. Prefect is left out: it reads the environment when it is
imported."""
READY.set_forkserver_preload(["deployments.cli.app", "tasks.store"])
