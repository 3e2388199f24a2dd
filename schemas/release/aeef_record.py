"""Provenance records as AEEF's own tools write them, read as they are; nothing is guessed.

Two shapes: what `/aeef-provenance` of AEEF's command-line tools writes (`aeef-provenance-v1`), and
the record of the schema `ai-provenance` (all of it below `provenance`). Each is a claim of its
writer, as our own shape is: its `integrity_hash` is without a key, so it proves nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HUMAN_REVIEW = "human-review"
"""The gate that a record's own review stands for: whoever has it pending is not proven."""
SECURITY_SCAN = "security-scan"
_NO_STATUS = "no status"
_PASSED = {"status": "pass"}


def part(data: Any, name: str) -> dict[str, Any]:
    """An object inside an object; empty when it is not there, or is none."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def is_aeef_record(data: Any) -> bool:
    """True for either shape, and not for ours, which has `stages`."""
    return isinstance(data, dict) and "stages" not in data and bool(_run(data) or _generated(data))


def commit_of(data: dict[str, Any]) -> str | None:
    """The commit that the record is for; None when it does not say."""
    if _generated(data):
        return _text(part(_generated(data), "output").get("commit_sha"))
    return _text(part(data, "source").get("head_commit"))


def commits_of(data: dict[str, Any]) -> tuple[str, ...]:
    """Every commit that the record is about, the one that it is for first."""
    listed = part(data, "source").get("commits")
    others = [
        _text(each.get("sha"))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    ]
    found = [each for each in (commit_of(data), *others) if each]
    return tuple(dict.fromkeys(found))


def stages_of(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The record's gates as our provenance has them; a gate without a result has no `pass`.

    Of a record that has both shapes, both count; what is said twice passed only if both say so.
    """
    found: dict[str, dict[str, Any]] = {}
    for gate, result in (*_of_run(data), *_of_schema(_generated(data))):
        if found.get(gate, _PASSED) == _PASSED:
            found[gate] = result
    return found


def _of_run(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for gate, result in part(data, "quality_gates").items():
        status = result.get("status") if isinstance(result, dict) else result
        yield str(gate), {"status": _text(status) or _NO_STATUS}
    compliance = part(data, "compliance")
    if compliance.get("human_review_required") or "human_review_completed" in compliance:
        is_done = _is_true(compliance.get("human_review_completed"))
        yield HUMAN_REVIEW, {"status": "pass" if is_done else "pending"}


def _of_schema(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not record:
        return
    approval = _text(part(record, "review").get("approval_status"))
    passed = approval == "approved"
    yield HUMAN_REVIEW, {"status": "pass" if passed else approval or _NO_STATUS}
    compliance = part(record, "compliance")
    if "security_scan_passed" in compliance:
        scanned = compliance["security_scan_passed"] is True
        yield SECURITY_SCAN, {"status": "pass" if scanned else "fail"}


def _run(data: dict[str, Any]) -> bool:
    return isinstance(data.get("quality_gates"), dict) or data.get("$schema") == (
        "aeef-provenance-v1"
    )


def _generated(data: dict[str, Any]) -> dict[str, Any]:
    return part(data, "provenance")


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _is_true(value: Any) -> bool:
    """The tools write `true` as a word too."""
    return value is True or value == "true"
