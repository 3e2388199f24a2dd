"""What people said of the automation's mode: appended, never changed, and on the audit log."""

from __future__ import annotations

from datetime import timedelta

from pydantic import ValidationError
from sqlalchemy import func, insert, or_, select

from schemas.automation import Automation, Mode, Word
from schemas.errors import ConfigurationError
from tasks.base.storable import clean_text, moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import automation


def say(
    log: AuditLog, mode: Mode, *, target: str, why: str, actor: str, lasts: timedelta | None
) -> Word:
    """A person says how the automation behaves; see `Store.set_automation`."""

    def work(chain: Chain) -> Word:
        until = None if lasts is None else chain.now + lasts
        values = {
            "target": target,
            "mode": mode.value,
            "why": clean_text(why),
            "actor": clean_text(actor),
            "since": moment_text(chain.now),
            "until": until and moment_text(until),
        }
        number = chain.connection.execute(insert(automation).values(**values)).inserted_primary_key
        word = Word.model_validate({"number": number and number[0], **values})
        chain.append(None, str(word), actor=actor, automated=False, details=word.to_json())
        return word

    return log.change(work)


def standing(log: AuditLog) -> Automation:
    """The words that hold now.

    Raises ConfigurationError when one of them cannot be understood.
    """
    now = log.clock()
    holds = or_(automation.c.until.is_(None), automation.c.until > moment_text(now))
    newest = select(func.max(automation.c.number)).where(holds).group_by(automation.c.target)
    query = select(automation).where(automation.c.number.in_(newest))
    with log.database.read() as connection:
        rows = connection.execute(query).all()
    try:
        words = [Word.model_validate(dict(row._mapping)) for row in rows]  # noqa: SLF001 (documented)
    except ValidationError as error:
        raise ConfigurationError(
            "what was said of the automation's mode cannot be understood: a newer version, or"
            " something else, wrote it; `aeef automation on`, `observe` or `off` says it anew"
        ) from error
    return Automation(words, now)
