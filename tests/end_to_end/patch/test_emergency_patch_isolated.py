"""A hotfix for a service that is isolated: it comes back by the approval, and not before."""

from __future__ import annotations

import httpx

from fixtures.stack import Stack
from processes.emergency_patch import decide, start, wait_for_state
from samples.patch_findings import details, vulnerable
from samples.targets import ComposeSample, commit, write_history
from tasks.deploy.running_commit import running_commit

PATCH = """
[targets.{name}.patch]
gates = {{ tests = ["grep", "-q", "2.31.0", "requirements.txt"], security-scan = ["true"] }}
"""


def answers(sample: ComposeSample) -> bool:
    """True when the published port does."""
    try:
        return httpx.get(f"{sample.url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


BREAKS_IT = """\
--- a/www/health
+++ b/www/health
@@ -1 +1 @@
-{"status": "ok"}
\\ No newline at end of file
+{"status": "broken"}
\\ No newline at end of file
"""


def isolated(stack: Stack, sample: ComposeSample, patch: str | None = None) -> tuple[str, str]:
    """A vulnerable release that was isolated; the incident, and the commit that runs."""
    name = sample.target.name
    page = {"www/health": '{"status": "ok"}', "requirements.txt": "requests==2.30.0\n"}
    runs = commit(sample.path, page, "Ask for requests")
    sample.serve_bad()
    write_history(sample.target, (sample.good, "healthy"), (runs, "healthy"))
    stack.configure(sample.target, more=PATCH.format(name=name))
    found = details(vulnerable("requests", "2.31.0"), patch=patch)
    incident_id = stack.report(name, "P1", type="security", description="CVE", details=found)
    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    assert not answers(sample)
    return incident_id, runs


def approve(stack: Stack, sample: ComposeSample, incident_id: str) -> str:
    """Approve its hotfix once it waits; the state in which the run ends."""
    link = f"/incidents/{incident_id}/run/emergency-patch"
    stack.wait_for(lambda: stack.ask("GET", link).status_code == 303)
    run_id = stack.ask("GET", link).headers["location"].rsplit("/", 1)[1]
    wait_for_state(stack, run_id, "Suspended", "Failed")
    assert not answers(sample)
    assert 0 == decide(stack, incident_id).returncode
    return str(wait_for_state(stack, run_id, "Completed", "Failed")["state_name"])


def test_an_isolated_service_is_back_patched_when_a_person_approves(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """Isolated by the security runbook, patched beside it, restored and resolved."""
    sample = compose_sample
    incident_id, runs = isolated(stack, sample)

    start(stack, incident_id)  # of several runs one does it
    assert "Completed" == approve(stack, sample, incident_id), stack.actions(incident_id)

    assert answers(sample)
    assert runs != running_commit(sample.target)
    assert "resolved" == stack.incident(incident_id)["status"]
    assert any(each.startswith("restored") for each in stack.actions(incident_id))


def test_a_hotfix_that_fails_leaves_the_service_isolated(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """The vulnerable release is put back, in new containers: they too are taken off the network."""
    sample = compose_sample
    incident_id, runs = isolated(stack, sample, BREAKS_IT)

    assert "Failed" == approve(stack, sample, incident_id), stack.actions(incident_id)

    assert not answers(sample)
    assert runs == running_commit(sample.target)
    assert "mitigated" == stack.incident(incident_id)["status"]
    said = stack.actions(incident_id)
    assert any("was put back" in each for each in said), said
    assert any(each.startswith("looked again") for each in said), said
    assert stack.handed_over(incident_id)
