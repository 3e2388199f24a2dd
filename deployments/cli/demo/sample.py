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
from schemas.settings import Settings, Target, config_path, load_settings
from schemas.settings.channels import InboxSettings
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
_ANSWER = """\
#!/bin/sh
# Prints what the service answers: what the release that runs makes of a request.
grep -q '^status=ok$' "${0%/*}/run/current/app.conf" && echo '200 OK' || echo '502 Bad Gateway'
"""
_HEALTH = """\
#!/bin/sh
# Succeeds when the release that runs is healthy.
[ "$("${0%/*}/answer")" = '200 OK' ] && exit 0
echo "the running release says: $(cat "${0%/*}/run/current/app.conf")"
exit 1
"""
_README = """\
The sample target of AEEF Runbooks. `run/current` is the release that runs: a bad one.
`aeef demo` reports that, shows how it is rolled back, and breaks it again the next time.
"""
GOOD, BAD = "200 OK", "502 Bad Gateway"


_INBOX = """
# What would have been paged is kept and shown, as long as there is nothing else. Take it out
# when a real target comes: it reaches nobody.
[inbox]
on = true
"""
_SCRIPTS = {"deploy": _DEPLOY, "running": _RUNNING, "answer": _ANSWER, "health": _HEALTH}


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
        file.write(f"\n{table}{_INBOX if settings.inbox == InboxSettings() else ''}")
    return place, config


def create_demo(directory: Path) -> str:
    """Create the sample target in an empty or new directory; returns its table for `aeef.toml`.

    Its newest commit is bad and is deployed; two before it are proven good, so that another
    rollback is possible after the first. No process keeps running.
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
    for name, text in _SCRIPTS.items():
        (directory / name).write_text(text, "utf-8")
        (directory / name).chmod(0o755)
    (directory / "README.md").write_text(_README, "utf-8")
    (directory / ".gitignore").write_text("/run/\n", "utf-8")
    releases = [
        _commit(directory, "status=ok\n# the first\n", "A good release"),
        _commit(directory, "status=ok\n", "A better release"),
        _commit(directory, "status=broken\n", "A bad release"),
    ]
    for commit in releases:
        _run(directory, "./deploy", commit)
    _write_records(directory, releases)


def is_sample(target: Target) -> bool:
    """True for what `create_demo` made: only that may be broken on purpose."""
    try:
        return (target.repository / "README.md").read_text("utf-8") == _README
    except (OSError, UnicodeDecodeError):
        return False


def answer_of(target: Target) -> str:
    """What the sample service answers now: `200 OK`; empty when it cannot be asked."""
    finished = run_command(["./answer"], cwd=target.repository, timeout=_TIMEOUT)
    return "" if finished.problem else finished.output.strip()


def break_it(target: Target) -> None:
    """Deploy the bad release again."""
    _run(target.repository, "./deploy", _run(target.repository, "git", "rev-parse", "main"))


def _commit(directory: Path, configuration: str, message: str) -> str:
    (directory / "app.conf").write_text(configuration, "utf-8")
    _run(directory, "git", "add", "--all")
    _run(directory, "git", *_IDENTITY, "commit", "--quiet", "--message", message)
    return _run(directory, "git", "rev-parse", "HEAD")


def _write_records(directory: Path, releases: list[str]) -> None:
    now = utc_now().replace(microsecond=0)
    history = {
        "deployments": [
            {
                "commit": commit,
                "status": status,
                "deployedAt": (now - timedelta(hours=hours)).isoformat(),
            }
            for commit, status, hours in zip(
                releases, ("healthy", "healthy", "failed"), (48, 24, 0), strict=True
            )
        ],
        "rollbacks": [],
    }
    _write_json(directory / "deployments" / "history.json", history)
    for commit in releases:
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

# The demo may be shown again and again: a real target stops after a few rollbacks in an hour.
[targets.demo.limits]
rollback = {{ per_hour = 1000, per_day = 1000 }}
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
    typer.echo("try it: `aeef demo`, while `aeef up` runs")
