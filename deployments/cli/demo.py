"""Creates a small target to try a rollback on: a git repository and three scripts, no Docker."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import ConfigurationError
from schemas.model import utc_now
from schemas.settings import Settings, config_path, load_settings
from tasks.base.home import make_home
from tasks.base.run_command import run_command

GATES = ("tests", "security-scan")
_TIMEOUT = 60.0
_IDENTITY = (
    "-c", "user.name=AEEF demo", "-c", "user.email=demo@example.invalid",
    "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null",
)  # fmt: skip

_DEPLOY = """\
#!/bin/sh
# Deploys a commit: unpacks it beside the others, then switches to it in one step.
set -eu
cd "${0%/*}"
commit=$1
if [ ! -d "run/releases/$commit" ]; then
    rm -rf run/unpacking
    mkdir -p run/releases run/unpacking
    git archive --output=run/unpacking.tar "$commit"
    tar -xf run/unpacking.tar -C run/unpacking
    mv run/unpacking "run/releases/$commit"
    rm -f run/unpacking.tar
fi
ln -sfn "releases/$commit" run/next
mv -T run/next run/current 2>/dev/null || mv -fh run/next run/current
"""
_RUNNING = """\
#!/bin/sh
# Prints the commit that runs.
release=$(readlink "${0%/*}/run/current")
echo "${release##*/}"
"""
_HEALTH = """\
#!/bin/sh
# Succeeds when the release that runs is healthy.
grep -q '^status=ok$' "${0%/*}/run/current/app.conf" && exit 0
echo "the running release says: $(cat "${0%/*}/run/current/app.conf")"
exit 1
"""
_README = """\
A sample target of AEEF Runbooks. `run/current` is the release that runs: a bad one.
`aeef rollback --target demo --to-last-known-good` goes back to the good one.
"""


def add_demo(settings: Settings, directory: Path | None) -> tuple[Path, Path]:
    """Create the sample target and add its table to the config file; returns where both are.

    directory: AEEF_HOME/demo by default.
    Raises ConfigurationError when there is a target 'demo', or as `create_demo` does.
    """
    place = (directory or settings.home / "demo").absolute()
    config = config_path() or settings.home / "aeef.toml"
    if "demo" in settings.targets:
        raise ConfigurationError(f"a target 'demo' is already configured in {config}")
    make_home(settings.home)
    config.parent.mkdir(parents=True, exist_ok=True)
    table = create_demo(place)
    with config.open("a", encoding="utf-8") as file:
        file.write(f"\n{table}")
    return place, config


def create_demo(directory: Path) -> str:
    """Create the sample target in an empty or new directory; returns its table for `aeef.toml`.

    Its second commit is bad and is deployed; its first is proven good. No process keeps running.
    Raises ConfigurationError when the directory is not empty, or git does not work.
    """
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(
            f"{directory} is not empty: name another directory for the sample target"
        )
    directory.mkdir(parents=True, exist_ok=True)
    try:
        _fill(directory)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)  # half a target would be in the way next time
        raise
    return _table(directory)


def _fill(directory: Path) -> None:
    _run(directory, "git", "init", "--quiet", "--template=", "--initial-branch=main")
    for name, text in (("deploy", _DEPLOY), ("running", _RUNNING), ("health", _HEALTH)):
        (directory / name).write_text(text, "utf-8")
        (directory / name).chmod(0o755)
    (directory / "README.md").write_text(_README, "utf-8")
    (directory / ".gitignore").write_text("/run/\n", "utf-8")
    good = _commit(directory, "status=ok\n", "A good release")
    bad = _commit(directory, "status=broken\n", "A bad release")
    for commit in (good, bad):
        _run(directory, "./deploy", commit)
    _write_records(directory, good, bad)


def _commit(directory: Path, configuration: str, message: str) -> str:
    (directory / "app.conf").write_text(configuration, "utf-8")
    _run(directory, "git", "add", "--all")
    _run(directory, "git", *_IDENTITY, "commit", "--quiet", "--message", message)
    return _run(directory, "git", "rev-parse", "HEAD")


def _write_records(directory: Path, good: str, bad: str) -> None:
    now = utc_now().replace(microsecond=0)
    history = {
        "deployments": [
            {
                "commit": commit,
                "status": status,
                "deployedAt": (now - timedelta(hours=hours)).isoformat(),
            }
            for commit, status, hours in ((good, "healthy", 24), (bad, "failed", 0))
        ],
        "rollbacks": [],
    }
    _write_json(directory / "deployments" / "history.json", history)
    for commit in (good, bad):
        stages = {gate: {"status": "pass"} for gate in GATES}
        _write_json(
            directory / "provenance" / f"{commit}.json", {"commit": commit, "stages": stages}
        )


def _write_json(path: Path, data: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n", "utf-8")


def _table(directory: Path) -> str:
    return f"""\
[targets.demo]
repository = {json.dumps(str(directory), ensure_ascii=False)}
services = ["demo-service"]
deploy_command = ["./deploy", "{{commit}}"]
running_command = ["./running"]
required_gates = {json.dumps(GATES)}

[targets.demo.health]
command = ["./health"]
successes = 3
interval = 0.2
settle = 0.4
deadline = 10.0
"""


def _run(directory: Path, *argv: str) -> str:
    finished = run_command(argv, cwd=directory, timeout=_TIMEOUT)
    if finished.problem:
        raise ConfigurationError(f"the sample target cannot be made: {finished}")
    return finished.output.strip()


def init_demo(
    directory: Annotated[Path | None, typer.Argument(help="Default: AEEF_HOME/demo.")] = None,
    if_no_targets: Annotated[
        bool, typer.Option("--if-no-targets", help="Do nothing when a target is configured.")
    ] = False,
) -> None:
    """Make a small sample target whose newest release is broken, to try a rollback on."""
    settings = load_settings()
    if if_no_targets and settings.targets:
        return
    place, config = add_demo(settings, directory)
    typer.echo(f"made the sample target {place} and added [targets.demo] to {config}")
    typer.echo("try it: aeef report deployment-failure --service demo --wait")
