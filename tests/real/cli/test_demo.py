"""The sample target that `aeef init-demo` makes."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import psutil
import pytest

from deployments.cli.demo.sample import BAD, GOOD, answer_of, break_it, create_demo
from fixtures.cli import Aeef
from samples.targets import git
from schemas.errors import ConfigurationError
from schemas.model import utc_now
from schemas.settings import Target
from tasks.deploy.check_health import unhealthy_because
from tasks.rollback.choose_release import choose_release
from tasks.rollback.deploy_release import deploy_release
from tasks.rollback.record_rollback import record_rollback


def _target(toml: str) -> Target:
    table = tomllib.loads(toml)["targets"]["demo"]
    return Target.model_validate(table | {"name": "demo"})


def test_the_demo_can_be_rolled_back(tmp_path: Path) -> None:
    """From a bad release that runs to a healthy one, with the settings as printed."""
    target = _target(create_demo(tmp_path / "demo"))
    assert "status=broken" in str(unhealthy_because(target))
    plan = choose_release(target)

    deployed = deploy_release(target, plan, home=tmp_path / "home")

    record_rollback(target, plan, deployed, incident_id=None, rollback_id="r", at=utc_now())
    assert unhealthy_because(target) is None
    # What was rolled back to can itself be left: the history has another proven release.
    assert git(target.repository, "rev-parse", "HEAD~1") == choose_release(target).to_commit


def test_the_service_answers_as_its_release(tmp_path: Path) -> None:
    """502 while the bad one runs, and again when it is broken on purpose."""
    target = _target(create_demo(tmp_path / "demo"))
    before = answer_of(target)
    good = git(target.repository, "rev-parse", "HEAD~1")
    subprocess.run(["./deploy", good], cwd=target.repository, check=True)
    mended = answer_of(target)
    break_it(target)

    assert (BAD, GOOD, BAD) == (before, mended, answer_of(target))


def test_only_the_sample_is_broken_on_purpose(aeef: Aeef, home: Path, tmp_path: Path) -> None:
    """A target of the user's own is left alone; without one it says what to do."""
    none = aeef("demo")
    table = create_demo(tmp_path / "own")
    (tmp_path / "own" / "README.md").write_text("Mine.\n")
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "aeef.toml").write_text(table)
    own = aeef("demo")

    assert (1, 1) == (none.code, own.code)
    assert "`aeef init-demo` makes one" in none.err
    assert "is left alone" in own.err


def test_the_demo_needs_no_git_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without name, mail or home directory can make it."""
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)

    target = _target(create_demo(tmp_path / 'a "strange" name'))

    assert target.repository.is_dir()


def test_the_demo_leaves_no_process(tmp_path: Path) -> None:
    """Nothing keeps running."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    create_demo(tmp_path / "demo")

    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before


def test_a_directory_with_files_is_refused(tmp_path: Path) -> None:
    """Nothing of the user's is overwritten, nor a demo that is there already."""
    create_demo(tmp_path / "demo")

    with pytest.raises(ConfigurationError, match="demo is not empty"):
        create_demo(tmp_path / "demo")


def test_the_work_tree_is_clean(tmp_path: Path) -> None:
    """Whoever looks at it with git sees only the records."""
    create_demo(tmp_path / "demo")

    status = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=tmp_path / "demo",
        check=True,
        capture_output=True,
        text=True,
    )

    assert status.stdout.split() == ["??", "deployments/", "??", "provenance/"]
