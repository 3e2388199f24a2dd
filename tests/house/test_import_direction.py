"""Who may import whom: each line of the picture, each library in its room, and no circle."""

from __future__ import annotations

import pytest

from house.plan import ROOMS, Arrow, arrows, circles, files_of, line_of, module_of, wrong_arrow


@pytest.mark.parametrize("room", ROOMS)
def test_every_arrow_goes_down(room: str) -> None:
    """To a lower line of the picture, and never along one."""
    assert [] == [str(arrow) for arrow in arrows(room) if wrong_arrow(room, arrow)]


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_goes_in_a_circle(room: str) -> None:
    """Neither between rooms nor inside one."""
    assert [] == circles(room)


@pytest.mark.parametrize("room", ROOMS)
def test_everything_stands_in_the_picture(room: str) -> None:
    """A new folder has a line, or this fails and says where to add it."""
    names = {module_of(path).split(".")[1] for path in files_of(room) if module_of(path) != room}

    assert names
    assert all(line_of(room, name) >= 0 for name in names)


@pytest.mark.parametrize(
    ("room", "arrow"),
    [
        ("schemas", Arrow("schemas.incident.alert", 1, "schemas.settings")),
        ("schemas", Arrow("schemas.incident.alert", 1, "tasks.base.http")),
        ("schemas", Arrow("schemas.breach.clocks", 1, "schemas.incident")),
        ("tasks", Arrow("tasks.drift.assess_drift", 1, "tasks.patch.plan_patch")),
        ("tasks", Arrow("tasks.channels.pagerduty", 1, "tasks.notify.page_on_call")),
        ("tasks", Arrow("tasks.base.http", 1, "tasks.store")),
        ("tasks", Arrow("tasks.base.http", 1, "typer")),
        ("flows", Arrow("flows.parts.runbook", 1, "flows.drift")),
        ("flows", Arrow("flows.drift", 1, "deployments.cli.app")),
        ("deployments", Arrow("deployments.registry.catalog", 1, "deployments.worker.child")),
        ("deployments", Arrow("deployments.worker.main", 1, "tests.support")),
    ],
    ids=str,
)
def test_an_arrow_that_runs_up_is_found(room: str, arrow: Arrow) -> None:
    """What this test is for would be seen."""
    assert wrong_arrow(room, arrow)
