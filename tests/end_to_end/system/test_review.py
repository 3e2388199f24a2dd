"""From an alert to a closed P1: reviewed by two people, one of them on another machine."""

from __future__ import annotations

from fixtures.stack import Stack
from schemas.review import QUESTIONS
from schemas.validation import validate

ACTION = ("--verifier", "rob", "--due", "14d", "--category")


def test_a_p1_is_closed_once_it_is_reviewed(stack: Stack) -> None:
    """The flow drafts it; the command writes it; the export has the post-mortem."""
    incident_id = stack.report("nobody-s-service", description="it answers 502")
    stack.wait_until_over(incident_id)
    ended = stack.command("resolve", incident_id, "--disposition", "fixed", "--root-cause", "x")
    assert 0 == ended.returncode, ended.stderr

    def drafted() -> dict[str, object] | None:
        answer = stack.ask("GET", f"/v1/incidents/{incident_id}/review")
        facts: dict[str, object] | None = answer.json().get("review", {}).get("facts")
        return facts

    facts = stack.wait_for(drafted)
    assert facts["sections"]
    assert any("no configured target" in each for each in facts["notSeen"])  # type: ignore[attr-defined]
    there = {"AEEF_URL": stack.url, "AEEF_TOKEN": stack.token_of("ann")}

    def ann(*arguments: str) -> str:
        done = stack.command(*arguments, **there)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "Root cause" in ann("close", incident_id)
    assert "is asked for" in ann("review", incident_id, "--draft")
    stack.wait_for(lambda: (anew := drafted()) and anew["draftedAt"] != facts["draftedAt"])
    for each in QUESTIONS:
        words = each.choices[0] if each.choices else f"about {each.name}"
        ann("review-answer", incident_id, each.name, words)
    for category in ("training", "test-improvement"):
        ann("action-add", incident_id, f"more {category}", *ACTION, category)
    assert "review complete" in ann("review-complete", incident_id)
    assert "somebody else has to read it" in ann("review-read", incident_id)
    assert "nothing proves" in stack.command("review-read", incident_id).stderr
    there["AEEF_TOKEN"] = stack.token_of("rob")
    assert "read by rob" in ann("review-read", incident_id)
    assert "closed" in ann("close", incident_id)

    record = stack.incident(incident_id)
    validate("incident", record)
    assert "about root-cause" == record["rootCause"]
    assert 2 == len(record["postMortem"]["actionItems"])
    assert "about defect" in record["postMortem"]["rootCauseAnalysis"]
    assert 0 == stack.command("audit", "verify").returncode
