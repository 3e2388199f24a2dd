"""Everything that can go wrong, as one small tree.

AeefError                        every error of ours; its text names what failed and what to do
├── ConfigurationError           a setting is missing or wrong
├── InvalidInput                 an alert, a record or an argument that cannot be accepted
├── IncidentNotFound             no incident, or more than one, has that id
├── NotAllowed                   whoever asks may not do this
├── NotPossibleNow               the incident's state does not allow it
│   ├── AwaitsApproval           people have to approve it first
│   └── Outdated                 what was pressed was shown for an earlier state
├── AuditBroken                  the audit chain does not verify
├── OutsideServiceError          an outside service did not do what was asked
│   ├── TemporaryError           worth trying again (may carry `retry_after` seconds)
│   └── PermanentError           trying again cannot help
├── NotConfirmed                 a step that cannot be undone, on a type that is only guessed
├── Withheld                     an automatic act that mode or limit of the automation forbid
├── PageNotDelivered             no channel took the page
├── RunbookFailed                a runbook ended without completing everything
├── UnexpectedError              a defect: a step raised an unexpected exception
├── PatchError                   an emergency patch could not be made, or may not be deployed
├── TargetError                  a target cannot be read or changed; `stage` says at what
│   ├── NoProvenRelease          none of its releases is proven good
│   ├── DirtyWorkTree            local changes in its repository would be lost
│   └── DeployFailed             a release could not be built, started or made healthy
└── RollbackError                a rollback failed; `stage` says where

No error text may contain a secret: clients put into it only what a reader needs.
"""

from __future__ import annotations


class AeefError(Exception):
    """Base of every error that AEEF Runbooks raises on purpose."""


class ConfigurationError(AeefError):
    """A setting is missing or wrong; the text names the setting and the remedy."""


class InvalidInput(AeefError):
    """Input that cannot be accepted; the text names the field."""


class IncidentNotFound(AeefError):
    """No incident has this id, or a shortened id fits more than one."""


class NotAllowed(AeefError):
    """Whoever asks may not do this; the text says which role may. HTTP: 403."""


class NotPossibleNow(AeefError):
    """The incident's state does not allow this act; the text says what is missing. HTTP: 409."""


class AwaitsApproval(NotPossibleNow):
    """It waits for people's approval; the text says whose, until when, and where they give it."""


class Outdated(NotPossibleNow):
    """What was pressed was shown before something changed; the text says what. Nothing was done."""


class AuditBroken(AeefError):
    """The audit chain does not verify; the text names the first broken link."""


class OutsideServiceError(AeefError):
    """An outside service did not do what was asked.

    `service` is its display name, `status` the HTTP status if there was a response.
    """

    def __init__(self, service: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{service}: {message}")
        self.service = service
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling: Prefect keeps the exceptions of failed steps."""
        message = str(self).removeprefix(f"{self.service}: ")
        return _rebuild, (type(self), (self.service, message), self.__dict__)


class TemporaryError(OutsideServiceError):
    """Worth trying again; `retry_after` is the delay that the service asked for, in seconds."""

    def __init__(
        self,
        service: str,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(service, message, status=status)
        self.retry_after = retry_after


class PermanentError(OutsideServiceError):
    """Trying again cannot help: the request or the configuration must change."""


class NotConfirmed(AeefError):
    """A step that cannot be undone was refused: nobody says that the incident is of its type."""


class Withheld(AeefError):
    """An automatic act was not begun, and nothing was changed by it.

    needs_person: True when its limit is reached, or nobody knows the mode: somebody must take over;
    False when a person has set the mode, who knows.
    """

    def __init__(self, message: str, *, needs_person: bool) -> None:
        super().__init__(message)
        self.needs_person = needs_person

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling: Prefect keeps the exceptions of failed steps."""
        return _withheld, (str(self), self.needs_person)


class PageNotDelivered(AeefError):
    """No channel took the page; the text lists each channel with its reason."""


class RunbookFailed(AeefError):
    """A runbook ended without completing everything; the text lists what is missing."""


class UnexpectedError(AeefError):
    """A defect: a step raised an unexpected exception. The text has no secret; see the log."""


class PatchError(AeefError):
    """An emergency patch could not be made, or may not be deployed; the text says what to do."""


class TargetError(AeefError):
    """A target cannot be read or changed: its repository, its records, its running services.

    `stage` is what was being done: `read history`, `wait for lock`, `frozen`, `health`, …
    """

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling: Prefect keeps the exceptions of failed steps."""
        return _rebuild, (type(self), (self.stage, str(self)), self.__dict__)


class NoProvenRelease(TargetError):
    """There is no release that is proven good."""


class DirtyWorkTree(TargetError):
    """The target's work tree has local changes that a checkout would lose."""


class DeployFailed(TargetError):
    """The release could not be built, started or made healthy."""


class RollbackError(AeefError):
    """A rollback failed; `stage` is the part of the rollback that failed."""

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(f"rollback stopped at '{stage}': {message}")
        self.stage = stage

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling: Prefect keeps the exceptions of failed steps."""
        message = str(self).removeprefix(f"rollback stopped at '{self.stage}': ")
        return _rebuild, (type(self), (self.stage, message), self.__dict__)


def _rebuild(
    kind: type[AeefError], arguments: tuple[str, ...], state: dict[str, object]
) -> AeefError:
    error = kind(*arguments)
    error.__dict__.update(state)
    return error


def _withheld(message: str, needs_person: bool) -> Withheld:
    return Withheld(message, needs_person=needs_person)
