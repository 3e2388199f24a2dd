"""Whose word counts, and when enough have given it: N of M by role, each person once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.approvals import (
    Approval,
    ApprovalRule,
    Question,
    Signature,
    State,
    filled,
    is_granted,
    missing,
    refusal,
)
from schemas.approvals.settings import need_of
from schemas.people import APPROVERS, Role

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
WORDS = ("product", "engineering", "governance", "security", "governance or security", "anyone")
NEEDS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
ROLES = st.lists(st.sampled_from([*APPROVERS, Role.RESPONDER]), max_size=3).map(tuple)
PEOPLE = st.lists(st.tuples(st.sampled_from(["ann", "bob", "eve", "joe"]), ROLES), max_size=5)
AEEF = ApprovalRule(needs=("product", "engineering", "governance or security"))


def approval(rule: ApprovalRule = AEEF, *signed: Signature, **more: Any) -> Approval:
    """One that waits."""
    asked = {key: more.pop(key) for key in ("asked_by", "authors", "only") if key in more}
    question = Question(what="restore", subject="shop", shown="Give shop back", **asked)
    made = Approval(
        id=uuid4(),
        incident_id=uuid4(),
        question=question,
        rule=rule,
        needs_proof=True,
        state=State.WAITING,
        asked_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        signatures=signed,
    )
    return made.model_copy(update=more)


def word(by: str, *roles: Role, **more: Any) -> Signature:
    """Somebody's word, proven, on what is shown."""
    return Signature.model_validate(
        {
            "by": by,
            "called": by.capitalize(),
            "on_record": f"{by} (token)",
            "roles": roles,
            "proven": True,
            "digest": approval().question.digest,
            "at": NOW,
            **more,
        }
    )


def most(needs: Sequence[str], people: dict[str, frozenset[Role]]) -> int:
    """The most needs that can be met, by trying every order of people."""
    slots = [need_of(each) for each in needs]
    padded = [*people, *[None] * len(slots)]
    return max(
        sum(
            name is not None and slot.is_met_by(people[name])
            for slot, name in zip(slots, order, strict=True)
        )
        for order in permutations(padded, len(slots))
    )


@given(NEEDS, PEOPLE)
def test_as_many_needs_are_met_as_can_be_each_by_another_person(
    needs: list[str], signed: list[tuple[str, tuple[Role, ...]]]
) -> None:
    """Whatever the order; somebody with four roles is one person."""
    people = {name: frozenset(roles) for name, roles in signed}
    signatures = [word(name, *roles) for name, roles in signed]

    met = filled([need_of(each) for each in needs], signatures)

    assert most(needs, people) == len(met)
    assert len(met) <= len(people)


@given(NEEDS, PEOPLE, st.integers(1, 4))
def test_one_more_signature_never_takes_away_what_was_granted(
    needs: list[str], signed: list[tuple[str, tuple[Role, ...]]], enough: int
) -> None:
    """Once granted, it stays so; before, something is said to be missing."""
    rule = ApprovalRule(needs=tuple(needs), at_least=min(enough, len(needs)))
    by_person = {name: word(name, *roles) for name, roles in signed}
    seen: list[bool] = []
    for number in range(len(by_person) + 1):
        one = approval(rule, *list(by_person.values())[:number])
        seen.append(is_granted(one))
        assert bool(missing(one)) is not seen[-1]
    assert sorted(seen) == seen


@pytest.mark.proves("REQ-010-16")
def test_two_of_three_are_not_enough_nor_is_one_person_twice() -> None:
    """Product, Engineering, and Governance or Security: three people."""
    ann, bob = word("ann", Role.PRODUCT, Role.ENGINEERING), word("bob", Role.ENGINEERING)
    both = approval(AEEF, ann, bob)

    assert not is_granted(both)
    assert missing(both) == "Governance or Security"
    assert not is_granted(approval(AEEF, ann, ann, ann))
    assert refusal(both, ann, NOW) == (
        "Ann has approved the restore of shop before: somebody else has to"
    )
    assert is_granted(approval(AEEF, ann, bob, word("eve", Role.SECURITY)))


def test_two_of_three_are_enough_where_the_rule_says_so() -> None:
    """N of M."""
    rule = AEEF.model_copy(update={"at_least": 2})

    assert is_granted(approval(rule, word("ann", Role.PRODUCT), word("bob", Role.SECURITY)))
    assert missing(approval(rule, word("ann", Role.PRODUCT))).startswith("1 of: Engineering")


@pytest.mark.proves("REQ-009-04")
@pytest.mark.parametrize(
    ("signature", "asked", "why"),
    [
        (word("ann", Role.PRODUCT), {"asked_by": "Ann"}, "asked for"),
        (word("ann", Role.PRODUCT), {"authors": ("ann",)}, "made what"),
        (word("ann", Role.PRODUCT, names=("a@x.org",)), {"authors": ("A@X.org",)}, "made what"),
        (word("ann", Role.PRODUCT), {"only": ("Bob",)}, "not among those who may"),
        (word("ann", Role.RESPONDER), {}, "has none of the roles"),
        (word("ann"), {}, "has none of the roles"),
        (word("ann", Role.PRODUCT, proven=False), {}, "is not proven"),
        (word("ann", Role.PRODUCT, digest="0" * 64), {}, "has changed since"),
        (word("ann", proven=True, breaks_glass=True), {}, "needs a reason"),
    ],
    ids=str,
)
def test_whose_word_does_not_count(signature: Signature, asked: dict[str, Any], why: str) -> None:
    """Each is told why."""
    refused = refusal(approval(AEEF, **asked), signature, NOW)

    assert refused is not None
    assert why in refused


def test_a_word_that_was_not_proven_grants_nothing() -> None:
    """Even if it came into the record by another way."""
    rule = ApprovalRule()
    made_up = word("ann", *APPROVERS, proven=False)

    assert not is_granted(approval(rule, made_up))
    assert is_granted(approval(rule, made_up, needs_proof=False))


def test_what_was_signed_of_another_text_grants_nothing() -> None:
    """A change voids it."""
    assert not is_granted(approval(ApprovalRule(), word("ann", Role.ADMIN, digest="0" * 64)))
    assert is_granted(approval(ApprovalRule(), word("ann", Role.ADMIN)))


def test_too_late() -> None:
    """After its time nobody's word counts."""
    late = refusal(approval(), word("ann", Role.PRODUCT), NOW + timedelta(hours=1))

    assert late is not None
    assert "waited until 2026-11-27 04:00 UTC: ask anew" in late


def test_breaking_the_glass() -> None:
    """Anybody of ours, alone, with a reason; even who asked for it."""
    glass = word("ann", Role.RESPONDER, breaks_glass=True, reason="people are locked in")

    assert refusal(approval(AEEF, asked_by="ann"), glass, NOW) is None
    assert is_granted(approval(AEEF, glass))


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"needs": ["cto"]}, "no role 'cto'; there are: product, engineering"),
        ({"needs": ["product"], "at_least": 2}, "at_least is 2, but there are 1 needs"),
        ({"needs": []}, "at least 1"),
    ],
)
def test_a_rule_that_cannot_be_met(table: dict[str, Any], why: str) -> None:
    """It is refused at the start."""
    with pytest.raises(ValidationError, match=why):
        ApprovalRule.model_validate(table)
