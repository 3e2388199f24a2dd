"""Translates database errors to ours: what failed, why, what to do; never a password."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schemas.errors import (
    AeefError,
    ConfigurationError,
    OutsideServiceError,
    PermanentError,
    TemporaryError,
)

SERVICE = "incident store"

# https://www.postgresql.org/docs/15/errcodes-appendix.html
_RACE = {"40001", "40P01", "23505"}
_SQLITE_BUSY = ("database is locked", "database table is locked", "database schema is locked")
_SQLITE_UNIQUE = "UNIQUE constraint failed"
_DISK_FULL = "53100"
_SQLITE_FULL = ("database or disk is full", "disk I/O error")
_SETTING_IS_WRONG = (
    "password authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
    "unable to open database file",
    "file is not a database",
    "readonly database",
    "no such table",
    "invalid connection option",
    "invalid port",
    "could not translate host name",
    "failed to resolve host",
)


def is_race(error: DBAPIError) -> bool:
    """True when another writer interfered: the same transaction can simply run again."""
    text = str(error.orig)
    if getattr(error.orig, "sqlstate", None) in _RACE:
        return True
    return any(busy in text for busy in _SQLITE_BUSY) or _SQLITE_UNIQUE in text


def is_away(error: DBAPIError) -> bool:
    """True when the database does not answer, and may again: not for a wrong setting."""
    if not isinstance(error, OperationalError | InterfaceError) or is_race(error):
        return False
    return not any(sign in str(error.orig) for sign in _SETTING_IS_WRONG)


def is_full(error: SQLAlchemyError) -> bool:
    """True when the disk had no space for it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    full = getattr(cause, "sqlstate", None) == _DISK_FULL
    return full or any(sign in str(cause) for sign in _SQLITE_FULL)


def as_ours(error: SQLAlchemyError, url: URL) -> AeefError:
    """The error to raise instead of a database error.

    ConfigurationError for a wrong setting, TemporaryError when a retry may succeed,
    PermanentError otherwise. Its text names the database without the password.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = without_password(" ".join(str(cause).split()), url)
    where = without_password(url.render_as_string(hide_password=True), url)
    if is_full(error):
        return TemporaryError(
            SERVICE,
            f"could not write the record: the disk of {where} is full ({reason}): make space"
            " there. It is tried again.",
        )
    if any(sign in reason for sign in _SETTING_IS_WRONG):
        return ConfigurationError(
            f"the incident store at {where} cannot be used: {reason}. "
            "Check AEEF_DATABASE_URL (or AEEF_HOME) and the rights of its user."
        )
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return TemporaryError(SERVICE, f"{where} does not answer: {reason}. It is tried again.")
    return PermanentError(SERVICE, f"{where} refused: {reason}")


def is_of_the_store(error: AeefError) -> bool:
    """True when the store could not be read or written, rather than what was to be done."""
    if isinstance(error, OutsideServiceError):
        return error.service == SERVICE
    return isinstance(error, ConfigurationError)


def without_password(text: str, url: URL) -> str:
    """The text with the URL's password, and one in its options, replaced in every form."""
    secrets = {url.password or "", *url.normalized_query.get("password", ())}
    forms = {form for s in secrets for form in (s, quote(s), quote(s, safe=""), quote_plus(s))}
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, "***")
    return text
