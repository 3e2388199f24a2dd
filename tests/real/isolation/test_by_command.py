"""What is deployed by a command is isolated by the operator's own commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.isolation import new_incident
from samples.isolation import config_of
from samples.targets import command_target
from schemas.errors import InvalidInput, PermanentError, TemporaryError
from schemas.isolation import TargetIsolation
from schemas.settings import Settings, load_settings
from tasks.isolation.isolate_service import isolate_service, plan_isolation
from tasks.isolation.journal import read_isolation
from tasks.isolation.restore_service import restore_service
from tasks.store import Store

APPROVER = "Ada Lovelace"


def commanded(
    tmp_path: Path, services: tuple[str, ...], **changes: object
) -> tuple[Settings, Path]:
    """The demo target, configured; a service counts as isolated while a file of its name is."""
    folder = tmp_path / "isolated"
    folder.mkdir(exist_ok=True)
    file = f"{folder}/{{service}}.off"
    isolation = TargetIsolation.model_validate(
        {
            "isolate_command": ("touch", file),
            "restore_command": ("rm", file),
            "isolated_command": ("test", "-e", file),
        }
        | {key: value for key, value in changes.items() if key != "isolation"}
    )
    target = command_target(tmp_path / str(len(list(tmp_path.iterdir()))))
    target = target.model_copy(
        update={"services": services, "isolation": changes.get("isolation", isolation)}
    )
    Path("aeef.toml").write_text(config_of(target))
    return load_settings(), folder


def test_the_commands_are_run_and_believed(shop_store: Store, tmp_path: Path) -> None:
    """Once for each service, never through a shell; and undone."""
    settings, folder = commanded(tmp_path, services=("api", "worker"))
    incident_id = new_incident(shop_store)

    plan = plan_isolation("demo", [], settings)
    done = isolate_service.directly(incident_id, "demo", [])

    assert "would run 'touch' for api; worker" == plan
    assert ["api", "worker"] == done.services
    assert {"api.off", "worker.off"} == {path.name for path in folder.glob("*.off")}
    isolate_service.directly(incident_id, "demo", ["api"])
    restored = restore_service.directly(incident_id, "demo", ["api"], APPROVER)
    assert [
        "still isolated: worker",
        f"approved by local user {APPROVER}, not proven",
    ] == restored.notes
    restore_service.directly(incident_id, "demo", [], APPROVER)
    assert [] == list(folder.glob("*.off"))
    assert read_isolation("demo", settings.home) is None


def test_a_name_that_is_not_configured_is_no_argument(shop_store: Store, tmp_path: Path) -> None:
    """Refused before anything is run."""
    _, folder = commanded(tmp_path, services=("api",))
    incident_id = new_incident(shop_store)

    for name in ("; rm -rf /", "../x", "--help"):
        with pytest.raises(InvalidInput, match="is no service of target demo, which has: api"):
            isolate_service.directly(incident_id, "demo", [name])
    assert [] == list(folder.iterdir())


def test_what_does_not_work_is_told(shop_store: Store, tmp_path: Path) -> None:
    """The command's own words, and what the verification says."""
    commanded(tmp_path, services=("api",), isolate_command=("false",))
    with pytest.raises(TemporaryError, match="NOT isolated: isolated_command says that it is"):
        isolate_service.directly(new_incident(shop_store), "demo", [])
    commanded(tmp_path, services=("api",), isolated_command=("sh", "-c", "exit 7"))
    with pytest.raises(TemporaryError, match="isolated_command cannot tell"):
        isolate_service.directly(new_incident(shop_store), "demo", [])


def test_without_commands_it_says_what_to_configure(shop_store: Store, tmp_path: Path) -> None:
    """A PermanentError that names the keys."""
    commanded(tmp_path, services=(), isolation=None)
    with pytest.raises(PermanentError, match=r"set isolate_command.*targets.demo.isolation"):
        isolate_service.directly(new_incident(shop_store), "demo", [])
