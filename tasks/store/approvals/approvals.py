"""The approvals of one database: each change is one transaction with its entry on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from schemas.approvals import (
    Approval,
    ApprovalRule,
    Question,
    Signature,
    State,
    is_granted,
    missing,
    refusal,
)
from schemas.errors import InvalidInput, NotPossibleNow
from tasks.store.approvals.rows import (
    OURS,
    approval_of,
    as_now,
    columns_of,
    details_of,
    end,
    keep,
    put_on_record,
)
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import approvals
from tasks.store.records import Change, find, incident_of

_ONE = select(approvals)


class Approvals:
    """Ask, sign, reject, end; and what waits."""

    def __init__(self, log: AuditLog, masked: Callable[[str], str]) -> None:
        self._log = log
        self._masked = masked

    def ask(
        self,
        incident_id: UUID | str,
        question: Question,
        rule: ApprovalRule,
        *,
        actor: str,
        needs_proof: bool,
        expires: timedelta,
    ) -> tuple[Approval, bool]:
        """The approval that this question has, and whether it was asked only now.

        The same question is asked once. Another text, rule or proof makes what was asked before,
        with all its signatures, void.
        """
        asked = question.model_copy(update={"shown": self._masked(question.shown)})

        def work(chain: Chain) -> tuple[Approval, bool]:
            change = Change(chain, incident_of(find(chain.connection, incident_id)))
            for present in self._open_ones(change, asked):
                why = _no_longer(present, asked, rule, needs_proof=needs_proof)
                if chain.now >= present.expires_at:
                    end(change, present, State.EXPIRED, f"nobody decided on the {present.title}")
                elif why:
                    end(change, present, State.VOID, f"the {present.title} is void: {why}")
                else:
                    return _carried_by(change, present, asked), False
            made = Approval(
                id=uuid4(),
                incident_id=change.incident.incident_id,
                question=asked,
                rule=rule,
                needs_proof=needs_proof,
                state=State.WAITING,
                asked_at=chain.now,
                expires_at=chain.now + expires,
            )
            chain.connection.execute(insert(approvals).values(**columns_of(made)))
            put_on_record(
                change, made, f"asked to approve the {made.title}: {missing(made)}", actor
            )
            return made, True

        return self._log.change(work)

    def sign(self, approval_id: UUID, signature: Signature) -> Approval:
        """Add a person's word; it is granted or rejected as soon as the rule says so.

        Raises NotPossibleNow that says why it does not count.
        """
        said = signature.model_copy(update={"reason": self._masked(signature.reason)})

        def work(chain: Chain) -> Approval:
            change, present = self._read(chain, approval_id)
            if present.review_due and said.approves:
                return _review(change, present, said)
            if why := refusal(present, said, chain.now):
                raise NotPossibleNow(why)
            signed = present.model_copy(update={"signatures": (*present.signatures, said)})
            if not said.approves:
                because = f": {said.reason}" if said.reason else ""
                return end(
                    change, signed, State.REJECTED, f"rejected the {present.title}{because}",
                    said.on_record,
                )  # fmt: skip
            return _signed(change, signed, said)

        return self._log.change(work)

    def expire(self, approval_id: UUID) -> Approval:
        """Put on record that nobody decided in time. Once."""

        def work(chain: Chain) -> Approval:
            change, present = self._read(chain, approval_id)
            if not present.is_late(chain.now):
                return present
            return end(change, present, State.EXPIRED, f"nobody decided on the {present.title}")

        return self._log.change(work)

    def done(self, approval_id: UUID, said: str = "") -> Approval:
        """What was approved has begun: nothing more goes on by itself. Once."""

        def work(chain: Chain) -> Approval:
            change, present = self._read(chain, approval_id)
            if present.done_at is not None:
                return present
            after = present.model_copy(update={"done_at": chain.now})
            keep(chain, after)
            change.note(
                said or f"the {after.title} goes on, {after.state.value}",
                actor=OURS,
                automated=True,
                details=details_of(after),
            )
            return after

        return self._log.change(work)

    def get(self, approval_id: UUID | str) -> Approval:
        """One approval. Raises InvalidInput when there is none with this id."""
        with self._log.database.read() as connection:
            row = connection.execute(_ONE.where(approvals.c.id == str(approval_id))).one_or_none()
        if row is None:
            raise InvalidInput(f"there is no approval {str(approval_id)[:40]!a}")
        return as_now(approval_of(row), self._log)

    def pending(self) -> list[Approval]:
        """All that wait, that are to go on, or that have to be reviewed; the oldest first."""
        query = _ONE.where(approvals.c.pending == 1).order_by(approvals.c.asked_at)
        with self._log.database.read() as connection:
            rows = connection.execute(query).all()
        return [as_now(approval_of(row), self._log) for row in rows]

    def of(self, incident_id: UUID | str) -> list[Approval]:
        """Those of one incident, the oldest first."""
        with self._log.database.read() as connection:
            wanted = find(connection, incident_id).id
            query = _ONE.where(approvals.c.incident_id == wanted).order_by(approvals.c.asked_at)
            rows = connection.execute(query).all()
        return [as_now(approval_of(row), self._log) for row in rows]

    def _open_ones(self, change: Change, asked: Question) -> list[Approval]:
        """What was asked before of the same, and was neither carried out nor ended."""
        query = _ONE.where(
            approvals.c.incident_id == str(change.incident.incident_id),
            approvals.c.what == asked.what,
            approvals.c.subject == asked.subject,
            approvals.c.state.in_([State.WAITING.value, State.GRANTED.value]),
        )
        found = map(approval_of, change.chain.connection.execute(query).all())
        return [each for each in found if each.done_at is None]

    def _read(self, chain: Chain, approval_id: UUID) -> tuple[Change, Approval]:
        query = _ONE.where(approvals.c.id == str(approval_id))
        row = chain.connection.execute(query).one_or_none()
        if row is None:
            raise InvalidInput(f"there is no approval {approval_id}")
        return Change(chain, incident_of(find(chain.connection, row.incident_id))), approval_of(row)


def _carried_by(change: Change, present: Approval, asked: Question) -> Approval:
    """A run that asks, too, waits for the answer: it is what goes on."""
    if asked.carried.run_id in (None, present.question.carried.run_id):
        return present
    question = present.question.model_copy(update={"carried": asked.carried})
    after = present.model_copy(update={"question": question})
    keep(change.chain, after)
    said = f"what waits for the {after.title} is run {asked.carried.run_id} now"
    change.note(said, actor=OURS, automated=True, details=details_of(after))
    return after


def _no_longer(
    present: Approval, asked: Question, rule: ApprovalRule, *, needs_proof: bool
) -> str | None:
    """Why what was signed before does not count for what is asked now."""
    if present.question.digest != asked.digest:
        return "what was shown has changed"
    if (present.rule, present.needs_proof) != (rule, needs_proof):
        return "whose approval it needs has changed"
    if present.question.only != asked.only or present.question.authors != asked.authors:
        return "who may approve it has changed"
    return None


def _signed(change: Change, signed: Approval, said: Signature) -> Approval:
    granted = is_granted(signed)
    glass = "BROKE THE GLASS for" if said.breaks_glass else "approved"
    because = f": {said.reason}" if said.reason else ""
    left = "" if granted else f"; still needed: {missing(signed)}"
    review = "; somebody else has to review it afterwards" if said.breaks_glass else ""
    text = f"{glass} the {signed.title}{because}{left}{review}"
    if granted:
        due = signed.model_copy(update={"review_due": said.breaks_glass})
        return end(change, due, State.GRANTED, text, said.on_record)
    keep(change.chain, signed)
    put_on_record(change, signed, text, said.on_record)
    return signed


def _review(change: Change, present: Approval, said: Signature) -> Approval:
    """Somebody else looks at what was done by breaking the glass."""
    looked = present.model_copy(
        update={
            "state": State.WAITING,
            "expires_at": change.chain.now + timedelta(days=1),
            "signatures": tuple(each for each in present.signatures if each.breaks_glass),
        }
    )
    why = refusal(looked, said.model_copy(update={"breaks_glass": False}), change.chain.now)
    if why:
        raise NotPossibleNow(f"the review of the {present.title}: {why}")
    after = present.model_copy(update={"review_due": False, "reviewed_by": said.on_record})
    keep(change.chain, after)
    text = f"reviewed the {present.title}, granted by {present.approved_by}"
    put_on_record(
        change, after, f"{text}{': ' + said.reason if said.reason else ''}", said.on_record
    )
    return after
