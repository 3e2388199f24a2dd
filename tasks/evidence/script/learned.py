"""What was learned of an incident, against its entries: the review and the corrective actions."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def hash_of(data: Any) -> str:
    """SHA-256, in hex, of what AEEF takes the hash of."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def problems_of_review(entries: list[Any], review: Any) -> tuple[list[str], list[str]]:
    """What is broken of it, and what is missing. review: None: there is none in the bundle."""
    said = [each["details"]["review"] for each in entries if "review" in each["details"]]
    said = [each for each in said if isinstance(each, dict)]
    if review is None:
        return [], ["its review is missing"] if said else []
    if not said:
        return ["no entry vouches for its review"], []
    broken, missing = [], []
    if hash_of(review["document"]) != said[-1]["document"]:
        broken.append("its review is not as the entries left it")
    sealed = {
        (question, revision): its
        for each in said
        for question, (revision, its) in (each.get("texts") or {}).items()
    }
    newest: dict[str, int] = {}
    for question, revision in sealed:
        newest[question] = max(revision, newest.get(question, 0))
    there = {(each["question"], each["revision"]): each for each in review["texts"]}
    for key, each in there.items():
        of = f"what {each['actor']} wrote in its review of '{key[0]}'"
        if key in sealed and hash_of([each["text"], each["actor"], each["at"]]) != sealed[key]:
            broken.append(f"{of} was changed")
        elif key not in sealed and (said[-1]["isSealed"] or key[1] <= newest.get(key[0], 0)):
            broken.append(f"{of} is not on record")
    for question, revision in sorted({*sealed} - {*there}):
        missing.append(f"revision {revision} of '{question}' of its review is missing")
    return broken, missing


def problems_of_actions(entries: list[Any], actions: list[Any]) -> tuple[list[str], list[str]]:
    """What is broken of the corrective actions, and what is missing."""
    sealed = {}
    for each in entries:
        said = each["details"].get("corrective")
        if isinstance(said, dict) and "number" in said:
            sealed[said["number"]] = said["document"]
    there = {each["number"]: each for each in actions}
    broken = [
        f"corrective action CA-{number} is not as an entry left it"
        for number, each in there.items()
        if hash_of(each) != sealed.get(number)
    ]
    return broken, [f"corrective action CA-{n} is missing" for n in sorted({*sealed} - {*there})]
