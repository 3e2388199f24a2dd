"""Levers are tried on real disks, repositories and services, and change nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import docker
import pytest

from samples.targets import command_target, git
from schemas.errors import AeefError
from schemas.model import utc_now
from schemas.settings import Settings, Target, load_settings
from standins.jira import Jira
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from support import not_available
from tasks.armed import installation, people, targets
from tasks.armed.installation import _outside
from tasks.armed.lever import Disarmed, NotConfigured
from tasks.armed.levers import levers_of
from tasks.channels.channels import channel_named
from tasks.isolation.quarantine import PROBE_LABEL
from tasks.store import open_store


@contextmanager
def mounted(path: Path, *options: str) -> Iterator[None]:
    """A file system of its own at this folder."""
    if os.geteuid() != 0 or subprocess.run(["mount", *options, str(path)], check=False).returncode:
        not_available("only root may mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """The folder cannot be written, not even by root."""
    with mounted(path, "--bind", str(path)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)
        yield


def settings_with(home: Path, **values: object) -> Settings:
    """Settings whose home is there."""
    home.mkdir(mode=0o700, exist_ok=True)
    return Settings.model_validate({"home": home, **values})


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """The sample target: its newest release is bad, the one before is proven."""
    return command_target(tmp_path)


@pytest.mark.proves("REQ-010-09")
def test_a_target_that_can_go_back_is_armed(target: Target, home: Path) -> None:
    """Where to, and how it is judged what it answers."""
    said = targets.rollback(target, settings_with(home))

    assert f"could go back to {git(target.repository, 'rev-parse', 'HEAD~1')[:12]}" in said
    assert "now NOT healthy" in said


def test_a_repository_on_a_read_only_mount_is_found(target: Target, home: Path) -> None:
    """It can be read, so a rehearsal that only reads would say that all is well."""
    settings = settings_with(home)
    with read_only(target.repository), pytest.raises(Disarmed) as caught:
        targets.rollback(target, settings)

    assert "Read-only file system" in str(caught.value)
    assert str(target.repository) in str(caught.value)


def test_a_repository_on_a_full_disk_is_found(target: Target, home: Path) -> None:
    """Whether nothing can be written, or less than is wanted."""
    settings = settings_with(home)
    aside = target.repository.with_name("aside")
    target.repository.rename(aside)
    target.repository.mkdir()
    with mounted(target.repository, "-t", "tmpfs", "-o", "size=4m", "none"):
        subprocess.run(["cp", "-a", f"{aside}/.", str(target.repository)], check=True)
        with pytest.raises(Disarmed, match="MB free"):
            targets.rollback(target, settings)
        with suppress(OSError), (target.repository / "filler").open("wb") as file:
            while file.write(b"x" * 65_536):
                pass
        with pytest.raises(Disarmed, match=r"No space left|MB free"):
            targets.rollback(target, settings)


def test_broken_objects_are_found(target: Target, home: Path) -> None:
    """Of the release to go back to: what git has kept is damaged, not missing."""
    settings = settings_with(home)
    good = git(target.repository, "rev-parse", "HEAD~1")
    changed = git(target.repository, "diff", "--name-only", "HEAD", good).split()
    for name in changed:
        blob = git(target.repository, "rev-parse", f"{good}:{name}")
        path = target.repository / ".git" / "objects" / blob[:2] / blob[2:]
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")

    with pytest.raises(Disarmed, match="cannot be read"):
        targets.rollback(target, settings)


def test_a_stale_lock_and_a_local_change_are_found(
    target: Target, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with the file that is in the way."""
    monkeypatch.setattr("tasks.rollback.check_work_tree._LOCK_PATIENCE", 0.05)
    settings = settings_with(home)
    lock = target.repository / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(Disarmed, match=r"index\.lock"):
        targets.rollback(target, settings)
    lock.unlink()
    (target.repository / "app.txt").write_text("mine\n")
    git(target.repository, "add", "app.txt")

    with pytest.raises(Disarmed, match=r"app\.txt"):
        targets.rollback(target, settings)


def test_home_must_have_room(home: Path) -> None:
    """Really written to; less than is wanted is said before it is nothing."""
    settings = settings_with(home)
    assert "MB free" in installation.disk(settings)
    with read_only(home), pytest.raises(Disarmed, match="Read-only file system"):
        installation.disk(settings)
    wants = settings_with(home, armed={"free_megabytes": 10**9})
    with pytest.raises(Disarmed, match="AEEF_ARMED__FREE_MEGABYTES"):
        installation.disk(wants)


def test_the_store_is_written_to(store_settings: Settings) -> None:
    """And nothing in it is changed."""
    store_settings.home.mkdir(mode=0o700)

    assert installation.store(store_settings)
    assert "0 entries" in installation.audit_log(store_settings, full=False)


def test_a_store_that_is_read_only_is_found(home: Path) -> None:
    """Reading it goes on to work."""
    settings = settings_with(home)
    installation.store(settings)
    open_store(settings).close()
    with read_only(home), pytest.raises(AeefError, match="cannot be written"):
        installation.store(settings)


def test_the_clock_is_compared(
    home: Path, pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a service that is used; without any there is nothing to compare with."""
    with pytest.raises(NotConfigured):
        installation.clock(settings_with(home))
    for name, value in pagerduty.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AEEF_HOME", str(home))
    settings = load_settings()

    assert "within 1 s of PagerDuty" == installation.clock(settings)
    monkeypatch.setattr(installation, "_now", lambda: utc_now().timestamp() + 90)
    with pytest.raises(Disarmed, match=r"our clock is off: 8\d\.\d s from PagerDuty"):
        installation.clock(settings)


@pytest.mark.parametrize(
    ("theirs", "off"), [(0.0, 0.0), (0.4, 0.0), (5.0, 4.5), (-3.0, 3.0), (-0.9, 0.9)]
)
def test_what_the_question_took_does_not_count(theirs: float, off: float) -> None:
    """The other clock was read somewhere between the question and its answer."""
    now = utc_now()
    asked, answered = now.timestamp(), now.timestamp() + 0.5

    assert off == pytest.approx(
        _outside(now + timedelta(seconds=theirs), asked, answered), abs=0.001
    )


def test_the_clock_of_the_database_is_compared(
    store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has one of its own; a file has ours."""
    store_settings.home.mkdir(mode=0o700)
    if store_settings.database.startswith("sqlite"):
        with pytest.raises(NotConfigured):
            installation.clock(store_settings)
        return
    assert "within 1 s of the database" == installation.clock(store_settings)
    monkeypatch.setattr(installation, "_now", lambda: utc_now().timestamp() - 30)
    with pytest.raises(Disarmed, match="from the database"):
        installation.clock(store_settings)


def test_slack_must_have_the_bot_in_each_channel(
    home: Path, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that signs in is not enough to post; what cannot be seen is said."""
    for name, value in slack.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AEEF_HOME", str(home))
    settings, channel = load_settings(), channel_named("slack")

    assert "in #aeef-incidents, #aeef-warnings, #aeef-info" in people.channel(channel, settings)
    slack.members.discard("aeef-warnings")
    with pytest.raises(AeefError, match="#aeef-warnings: not_in_channel: invite the bot"):
        people.channel(channel, settings)
    slack.members.add("aeef-warnings")
    del slack.channels["aeef-info"]
    with pytest.raises(AeefError, match="#aeef-info: channel_not_found"):
        people.channel(channel, settings)
    slack.scopes.discard("channels:read")
    assert "its channels were not looked at" in people.channel(channel, settings)
    assert [] == slack.messages


def test_jira_must_have_the_project(
    home: Path, jira: Jira, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user that signs in does not see every project."""
    for name, value in jira.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AEEF_HOME", str(home))
    channel = channel_named("jira")
    assert "project AEEF" in people.channel(channel, load_settings())
    monkeypatch.setenv("AEEF_JIRA__PROJECT", "NONE")

    with pytest.raises(AeefError, match="there is no project NONE"):
        people.channel(channel, load_settings())
    assert [] == jira.issues


@pytest.mark.proves("REQ-010-09")
def test_isolating_is_tried_with_a_network_that_is_removed_again(
    tmp_path: Path, home: Path
) -> None:
    """As a quarantine is made; a second probe removes what a killed one left."""
    try:
        docker.from_env().close()
    except docker.errors.DockerException:
        not_available("Docker is not installed")
    command = command_target(tmp_path).model_dump(exclude={"deploy_command", "running_command"})
    target = Target.model_validate({**command, "compose_file": "compose.yml"})
    settings = settings_with(home)
    wanted = {"label": f"{PROBE_LABEL}={target.name}"}
    with closing(docker.from_env()) as client:
        left = client.networks.create(
            f"aeef-probe-left-{target.name}", labels={PROBE_LABEL: target.name}
        )
        try:
            assert "a quarantine network can be made" == targets.isolation(target, settings)
            assert [] == client.networks.list(filters=wanted)
        finally:
            for network in client.networks.list(filters=wanted):
                assert network.id == left.id
                network.remove()


def test_isolating_by_command_needs_its_programs(target: Target, home: Path) -> None:
    """They are not run: what they do is not known to be harmless."""
    settings = settings_with(home)
    with pytest.raises(NotConfigured, match="isolate_command"):
        targets.isolation(target, settings)
    how = {
        "isolate_command": ["sh", "-c", "touch ran"],
        "restore_command": ["sh"],
        "isolated_command": ["sh"],
    }
    with_commands = Target.model_validate({**target.model_dump(), "isolation": how})
    assert "they were not run" in targets.isolation(with_commands, settings)
    how["restore_command"] = ["no-such-program"]
    without = Target.model_validate({**target.model_dump(), "isolation": how})

    with pytest.raises(Disarmed, match="no-such-program"):
        targets.isolation(without, settings)
    assert not (target.repository / "ran").exists()


def test_every_lever_has_a_name_of_its_own(target: Target, home: Path) -> None:
    """They are rows of one table."""
    settings = settings_with(home, targets={target.name: target.model_dump()})
    names = [lever.name for lever in levers_of(settings)]

    assert len(set(names)) == len(names)
    assert {"incident store", "audit log", "disk", "clock", "paging", "target demo"} <= set(names)
