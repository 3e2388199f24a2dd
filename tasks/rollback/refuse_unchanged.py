"""Refuses to call it a rollback when nothing that runs has changed."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.errors import DeployFailed
from schemas.release import RollbackPlan
from schemas.wording import some
from tasks.deploy.deployer import Deployer


def refuse_unchanged(plan: RollbackPlan, before: Mapping[str, str], deployer: Deployer) -> None:
    """Raise when the same images run with the same configuration: what failed runs on.

    before: `Deployer.snapshot` as it was. A recreated release (drift) is asked for even so.
    """
    if not before or plan.recreate or before != deployer.snapshot():
        return
    commit = plan.to_commit[:12]
    why = (
        f"The history has just these images for {commit}"
        if before.keys() <= plan.images.keys()
        else f"What the compose file of {commit} names means the same image today; a history with"
        " its images ('aeef record') would keep them apart"
    )
    raise DeployFailed(
        "compare",
        f"nothing has changed, so this is no rollback: {some(sorted(before))} with the same"
        f" image and configuration as before. {why}",
    )
