"""A patch that nobody has approved, in a whole system: it learns nothing and starts nothing."""

from __future__ import annotations

from pathlib import Path

import psutil

from fixtures.stack import Stack
from processes.emergency_patch import decide, start, wait_for_state
from samples.patch_findings import details, in_code
from samples.targets import command_target, git
from standins.pagerduty import SECURITY_KEY
from support import not_available
from tasks.base.programs.sandbox import sandbox_problem
from tasks.deploy.running_commit import running_commit

GATES = 'gates = { tests = ["sh", "-c", ". ./app.conf"], security-scan = ["true"] }'
THIEF = """\
status=ok
for each in /proc/[0-9]*; do tr '\\0' '\\n' <$each/environ | grep -a -e AEEF_ -e PREFECT_; done
for port in {ports}; do
  if bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"; then echo REACHED; fi
done
(setsid sleep {seconds} &)
echo through
"""
SECONDS = 87_654


def patch_of(repository: Path, text: str) -> str:
    """A diff that makes `app.conf` this text."""
    before = git(repository, "show", "HEAD:app.conf")
    (repository / "app.conf").write_text(text)
    found = git(repository, "diff", "HEAD", "--", "app.conf")
    (repository / "app.conf").write_text(before + "\n")
    return found + "\n"


def test_an_unapproved_patch_takes_nothing_and_approves_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    """It looks for keys and for Prefect; it is tested all the same, and waits for a person."""
    if problem := sandbox_problem(stack.home):
        not_available(f"no sandbox: {problem}")
    target = command_target(tmp_path).model_copy(update={"name": "supplied", "services": ()})
    stack.configure(target, more=f"[targets.supplied.patch]\n{GATES}")
    before = running_commit(target)
    assert before == git(target.repository, "rev-parse", "HEAD")
    ports = f"{stack.intake_port} {stack.prefect_api.rpartition(':')[2].removesuffix('/api')}"
    patch = patch_of(target.repository, THIEF.format(ports=ports, seconds=SECONDS))
    incident_id = stack.report(
        "supplied", "P2", type="unknown", description="fix", details=details(in_code(), patch=patch)
    )
    stack.wait_until_over(incident_id)
    run_id = start(stack, incident_id)

    wait_for_state(stack, run_id, "Suspended", "Failed", "Completed")

    assert "Suspended" == stack.run(run_id)["state_name"], stack.logs()
    [log] = (stack.home / "evidence" / incident_id).glob("gate-tests-*.log")
    said = log.read_text()
    assert said.endswith("through\n"), said
    assert not {"AEEF_", "PREFECT_", "REACHED"} & set(said.replace("=", " ").split()), said
    assert before == running_commit(target)
    assert [] == [p for p in psutil.process_iter(["cmdline"]) if f"{SECONDS}" in _words(p)]
    actions = stack.actions(incident_id)
    assert any("the gates ran in a sandbox, without network and secrets" in a for a in actions)
    assert not any("approved by" in each for each in actions)
    assert 0 == decide(stack, incident_id, "--reject").returncode
    wait_for_state(stack, run_id, "Completed", "Failed")
    assert before == running_commit(target)


def _words(process: psutil.Process) -> list[str]:
    return process.info["cmdline"] or []


def test_no_process_of_the_system_begins_with_a_secret(stack: Stack) -> None:
    """Its environment says where it is at home, and no more of our settings or Prefect's."""
    incident_id = stack.report("secretive", "P1", type="unknown", description="a run has been")
    stack.wait_until_over(incident_id)

    everyone = stack.process.children(recursive=True)

    assert len(everyone) > 5
    for process in everyone:
        try:
            environment = process.environ()
        except psutil.NoSuchProcess:
            continue
        ours = {name for name in environment if name.startswith(("AEEF_", "PREFECT_"))}
        assert ours <= {"AEEF_HOME"}, process.cmdline()
        assert SECURITY_KEY not in " ".join(environment.values())
