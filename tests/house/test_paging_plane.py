"""The paging plane knows no orchestrator: the intake imports no Prefect, through anything."""

from __future__ import annotations

import subprocess
import sys

from house.plan import ROOMS, Arrow, arrows
from support import ROOT

FORBIDDEN = "prefect"


def reached_from(folder: str) -> dict[str, Arrow]:
    """Every module that this folder's modules import, through each other, and by which import."""
    of_module: dict[str, list[Arrow]] = {}
    for room in ROOMS:
        for arrow in arrows(room):
            of_module.setdefault(arrow.module, []).append(arrow)
    reached: dict[str, Arrow] = {}
    ahead = [name for name in of_module if name.startswith(folder)]
    while ahead:
        for arrow in of_module.get(ahead.pop(), ()):
            for name in (arrow.imported, arrow.imported.rpartition(".")[0]):
                if name and name not in reached:
                    reached[name] = arrow
                    ahead.append(name)
    return reached


def test_no_import_leads_from_the_intake_to_prefect() -> None:
    """Also not one inside a function."""
    reached = reached_from("deployments.intake")

    assert "tasks.notify.page_on_call" in reached
    assert [] == [str(arrow) for name, arrow in reached.items() if name.split(".")[0] == FORBIDDEN]


def test_one_from_the_worker_does() -> None:
    """What the test above is for would be seen."""
    assert any(name.split(".")[0] == FORBIDDEN for name in reached_from("deployments.worker"))


def test_a_started_intake_has_not_loaded_it() -> None:
    """Whatever the libraries do that it uses."""
    asked = (
        "import sys, deployments.intake.main;"
        f" print([name for name in sys.modules if name.split('.')[0] == '{FORBIDDEN}'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.strip()
