"""Keeps tests away from a real Prefect server, and orders them to keep all processes busy."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from support import ROOT, SHARED_PLACE, shares_stack

_shared = None
if SHARED_PLACE not in os.environ:  # else this is one of several processes of a run
    _shared = tempfile.TemporaryDirectory(prefix="aeef-tests-")
    os.environ[SHARED_PLACE] = _shared.name
# What is imported and collected, thousands of tests, stays: to look for garbage in it takes long.
gc.set_threshold(50_000, 20, 50)
_prefect_home = tempfile.TemporaryDirectory(prefix="aeef-test-prefect-")
# Before anything imports Prefect: in this process its server is a port where nobody listens.
# And no test speaks to the outside: to read all authorities takes 20 ms, and each client does.
os.environ |= {
    "SSL_CERT_FILE": str(ROOT / "deployments/prefect_server/no_authority.pem"),
    "PREFECT_HOME": _prefect_home.name,
    "PREFECT_API_URL": "http://127.0.0.1:9/api",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
}
# What the unit tier needs; what imports servers, Docker and Prefect is in the tiers' own conftest.
pytest_plugins = ["fixtures.home", "fixtures.templates"]

# On a busy machine everything is slow: that says nothing of the code.
settings.register_profile(
    "side-by-side", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("side-by-side")

TIERS = ("end_to_end", "house", "unit", "real")
LONGEST = (
    "test_warm_worker.py",
    "test_killed.py",
    "test_main_job.py",
    "test_installed.py",
    "test_regulatory_clock.py",
    "test_up.py",
    "test_page.py",
    "test_taken_over.py",
    "test_application.py",
    "test_prefect_hiccups.py",
    "test_every_type.py",
    "test_drift.py",
    "test_relapse.py",
    "test_the_guide.py",
)
"""Files of a running system that take minutes and mostly wait, the longest first."""
LONGEST_WITHOUT = (
    "test_compose_deployer.py",
    "test_application.py",
    "test_restore_service.py",
    "test_isolate_service.py",
    "test_seven.py",
    "test_drift_compose.py",
    "test_settled.py",
    "test_review.py",
    "test_record_deployment.py",
    "test_image_pins.py",
    "test_what_is_said_was_seen.py",
    "test_audit.py",
    "test_slack.py",
    "test_deploy_release.py",
    "test_app.py",
    "test_figures.py",
    "test_ringing.py",
    "test_escalations.py",
    "test_audit_witness.py",
    "test_live.py",
    "test_acting.py",
    "test_sns.py",
    "test_oidc.py",
    "test_by_link.py",
    "test_storm.py",
    "test_follow_drift.py",
    "test_freeze_target.py",
)
"""Others that take half a minute and more, the longest first: they are taken from the end, so that
at last nobody waits for a long one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a running system comes first, and in each part what takes longest outermost.

    `make test` gives whole files to its processes: to some from the front, to others from the end.
    """
    sharing = {item.path for item in items if shares_stack(item)}
    items.sort(key=lambda item: _turn(item.path, shares=item.path in sharing))
    gc.collect()
    gc.freeze()


def _turn(path: Path, *, shares: bool) -> tuple[bool, int, int]:
    tier = next((n for n, tier in enumerate(TIERS) if tier in path.parts), len(TIERS))
    has_system = "end_to_end" in path.parts or shares
    long = LONGEST.index(path.name) if has_system and path.name in LONGEST else len(LONGEST)
    if not has_system and path.name in LONGEST_WITHOUT:
        long += len(LONGEST_WITHOUT) - LONGEST_WITHOUT.index(path.name)
    return not has_system, tier, long


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives whole files to the processes, so that some wait for a system while others compute."""

    def _assign_work_unit(self, node: object) -> None:
        """To more than half of them from the front, where the running systems are."""
        place = list(self.assigned_work).index(node)
        if place > len(self.assigned_work) // 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        """What has a system of its own without patches, apart."""
        file: str = super()._split_scope(nodeid)
        return f"{file} without patches" if "[patches-off" in nodeid else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile | None:
    """How `--dist loadfile` distributes the tests."""
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    # pytest looks through everything for garbage five times: after the first there is none.
    gc.collect()
    gc.freeze()
    _prefect_home.cleanup()
    if _shared is not None:
        _shared.cleanup()
