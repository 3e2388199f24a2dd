"""Counts at the end of a storm what must be zero, and what is worth knowing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from chaos.storm import Sent
from fixtures.stack import Stack

TAKE_OVER = "take over"


def count(stack: Stack, sent: Sequence[Sent]) -> tuple[dict[str, int], dict[str, int]]:
    """What happened, by name; and what must not have, each number with its name."""
    taken = [each for each in sent if each.incident_id]
    done = [each for each in taken if _is_done(stack, each)]
    handed_over = [each for each in taken if each not in done and _is_handed_over(stack, each)]
    happened = {
        "sent": len(sent),
        "accepted": len(taken),
        "incidents": len({each.incident_id for each in taken}),
        "rung": sum(_rang(stack, each) for each in taken),
        "rolled back": len(done),
        "handed over to a person": len(handed_over),
        "deployed again after a kill": sum(each.gates.times_run("deploy") > 1 for each in taken),
    }
    wrong = {
        "never accepted": len(sent) - len(taken),
        "lost": sum(not _is_on_record(stack, each) for each in taken),
        "not rung": len(taken) - happened["rung"],
        "two incidents for one": len(taken) - happened["incidents"],
        "rolled back twice": sum(_rollbacks(each) > 1 for each in taken),
        "stuck": len(taken) - len(done) - len(handed_over),
        "messages twice": _posted_twice(stack, taken),
        "broken audit chain": int(stack.command("audit", "verify").returncode != 0),
        "requests that no vendor takes": sum(
            len(each.violations) for each in (stack.pagerduty, stack.slack, stack.jira)
        ),
    }
    return happened, wrong


def is_settled(stack: Stack, sent: Sent) -> bool:
    """True when nothing more is to come: rolled back, or a person was called."""
    return _rang(stack, sent) and (_is_done(stack, sent) or _is_handed_over(stack, sent))


def _is_on_record(stack: Stack, sent: Sent) -> bool:
    return stack.ask("GET", f"/incidents/{sent.incident_id}").status_code == 200


def _rang(stack: Stack, sent: Sent) -> bool:
    return sent.incident_id in stack.pagerduty.alerts


def _is_done(stack: Stack, sent: Sent) -> bool:
    return stack.state(str(sent.incident_id)) == "done" and _rollbacks(sent) > 0


def _is_handed_over(stack: Stack, sent: Sent) -> bool:
    return any(TAKE_OVER in summary for summary in stack.handed_over(str(sent.incident_id)))


def _rollbacks(sent: Sent) -> int:
    history = json.loads(sent.gates.target.history_path.read_text())
    return len(history.get("rollbacks", []))


def _posted_twice(stack: Stack, taken: Sequence[Sent]) -> int:
    """Incidents with more than one message of their own in the channels."""
    posts = Counter(
        each.incident_id
        for each in taken
        for post in stack.slack.messages
        if post.thread_ts is None and str(each.incident_id) in json.dumps(post.blocks)
    )
    return sum(number > 1 for number in posts.values())
