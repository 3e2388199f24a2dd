"""Every command is run once to revoke credentials; its output is kept as evidence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from processes.rollback_process import ENVIRONMENT
from samples.breach import breach
from samples.targets import command_target
from schemas.errors import PermanentError
from schemas.settings import load_settings
from support import wait_until
from tasks.breach.revoke_credentials import plan_revocation, revoke_credentials
from tasks.store import Store, open_store


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    monkeypatch.setenv("AEEF_SLACK__TOKEN", "xoxb-our-own-secret")
    opened = open_store(load_settings())
    yield opened
    opened.close()


def configure(tmp_path: Path, timeout: float = 30.0, **commands: str) -> None:
    """Write the config file: the demo target, with shell scripts as its commands."""
    found = command_target(tmp_path)
    table = found.model_dump(mode="json", exclude={"name", "health"}, exclude_none=True)
    health = found.health.model_dump(mode="json", exclude_none=True)
    lines = ["[targets.demo]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
    lines += ["[targets.demo.health]", *(f"{k} = {json.dumps(v)}" for k, v in health.items())]
    lines += ["[targets.demo.breach]", f"command_timeout = {timeout}"]
    lines += ["[targets.demo.breach.revoke]"]
    lines += [f"{k} = {json.dumps(['/bin/sh', '-c', v])}" for k, v in commands.items()]
    Path("aeef.toml").write_text("\n".join(lines))


def incident_id(store: Store) -> str:
    """An open breach."""
    return str(breach(store, service="demo").incident_id)


def actions(store: Store, breached: str) -> list[str]:
    """What is on record."""
    return [each.action for each in store.incident(breached).actions_taken]


def test_every_command_runs_once_and_its_output_is_evidence(store: Store, tmp_path: Path) -> None:
    """A second call runs nothing again; our own secrets are not handed on."""
    out = tmp_path / "out"
    configure(tmp_path, db=f"echo new-password; env; echo db >> {out}", key=f"echo key >> {out}")
    breached = incident_id(store)

    said = revoke_credentials.directly(breached, "demo")
    again = revoke_credentials.directly(breached, "demo")

    assert said == again == "every command that revokes credentials of demo worked: db, key"
    assert ["db", "key"] == sorted(out.read_text().split())
    record = str(actions(store, breached))
    assert "revocation db of demo: it worked" in record
    assert "new-password" not in record
    kept = (load_settings().home / "evidence" / breached / "revoke-db.txt").read_text()
    assert "new-password" in kept
    assert "xoxb-our-own-secret" not in kept


def test_another_incident_revokes_again(store: Store, tmp_path: Path) -> None:
    """For another incident the commands run again: credentials may have leaked since."""
    out = tmp_path / "out"
    configure(tmp_path, db=f"echo db >> {out}")
    for service in ("demo", "api"):
        revoke_credentials.directly(str(breach(store, service=service).incident_id), "demo")

    assert "db\ndb\n" == out.read_text()


def test_one_that_fails_does_not_stop_the_others(store: Store, tmp_path: Path) -> None:
    """All are tried; the error names those that failed and not what they said; Retry completes."""
    out, fixed = tmp_path / "out", tmp_path / "fixed"
    configure(
        tmp_path,
        timeout=1.0,
        a=f"echo alice@example.com >&2; test -e {fixed}",
        b=f"echo b >> {out}",
        hangs=f"test -e {fixed} || sleep 60",
        zz=f"echo zz >> {out}",
    )
    breached = incident_id(store)

    with pytest.raises(PermanentError, match="2 of 4") as failed:
        revoke_credentials.directly(breached, "demo")

    assert "a ('a' ended with exit code 1)" in str(failed.value)
    assert "hangs ('hangs' did not finish within 1 s)" in str(failed.value)
    assert "alice" not in str(failed.value) + str(actions(store, breached))
    assert ["b", "zz"] == sorted(out.read_text().split())
    fixed.touch()
    revoke_credentials.directly(breached, "demo")
    assert ["b", "zz"] == sorted(out.read_text().split())
    assert 1 == sum("revocation a of demo: it worked" in each for each in actions(store, breached))


def test_a_program_that_is_missing_is_told(store: Store, tmp_path: Path) -> None:
    """By its name in the settings."""
    configure(tmp_path, db="true")
    text = Path("aeef.toml").read_text().replace("/bin/sh", "/no/such/program")
    Path("aeef.toml").write_text(text)

    with pytest.raises(PermanentError, match=r"db \('/no/such/program' cannot be run"):
        revoke_credentials.directly(incident_id(store), "demo")


def test_killed_in_the_middle_runs_the_unfinished_again(store: Store, tmp_path: Path) -> None:
    """What was done is not done again; what a killed run left behind ends first."""
    out, go_on, pids = tmp_path / "out", tmp_path / "go-on", tmp_path / "pids"
    wait = f"echo $$ >> {pids}; test -e {go_on} || exec sleep 60; echo slow >> {out}"
    configure(tmp_path, slow=wait, done=f"echo done >> {out}")
    breached = incident_id(store)
    code = (
        "import sys; from tasks.breach.revoke_credentials import revoke_credentials as step;"
        " step.directly(*sys.argv[1:])"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, breached, "demo"],
        env=ENVIRONMENT | {"AEEF_HOME": os.environ["AEEF_HOME"]},
    )
    claim = "revoke:demo/done"
    wait_until(lambda: store.claim_result(breached, claim) is not None, 30)
    wait_until(lambda: pids.exists() and pids.read_text().strip(), 30)
    orphan = psutil.Process(int(pids.read_text()))
    first.kill()
    first.wait(30)
    # A retry of the same flow run holds the same claims; this call stands for another run,
    # which takes over what a person freed.
    busy = store.claims(breached)["revoke:demo/slow"]
    assert busy.holder is not None
    with pytest.raises(PermanentError, match="slow is being run by"):
        revoke_credentials.directly(breached, "demo")
    store.release_claim(breached, "revoke:demo/slow", busy.holder)
    go_on.touch()

    revoke_credentials.directly(breached, "demo")

    assert ["done", "slow"] == sorted(out.read_text().split())
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_without_commands_the_record_says_so(store: Store, tmp_path: Path) -> None:
    """Somebody has to do it by hand."""
    configure(tmp_path)

    assert "revoke by hand" in revoke_credentials.directly(incident_id(store), "demo")


def test_a_dry_run_names_them_and_runs_none(store: Store, tmp_path: Path) -> None:
    """By name and program, without arguments, which may be long."""
    out = tmp_path / "out"
    configure(tmp_path, db=f"echo db >> {out}", key="true")

    said = plan_revocation(load_settings().targets["demo"])

    assert "would run db ('/bin/sh'), key ('/bin/sh')" == said
    assert not out.exists()
