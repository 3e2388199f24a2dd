"""The keys of all claims; a claim is the right to do one thing for an incident once.

Keys are stored in the database with their incident, so none of them may change.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.incident import Incident, Severity, SlackChannel

OCCURRENCE = ":occurrence-"
"""Between a key and the number of the occurrence, from the second on."""

RUNBOOK = "runbook:"
RUN = "run "
"""Before a flow run's id: the holder of what that run does."""
WORD = ":word"
"""At the end of a key: once more, since a guessed type has become somebody's word."""
WITHHELD_MARK = "withheld"
"""In the result of a runbook whose acts were not done, because the automation is not on."""
RETRY = "retry:"
PAGERDUTY_EVENT = "pagerduty-event:"
EMERGENCY_PATCH = "emergency-patch"
"""An incident's emergency patch runs beside its runbook."""

PAGE = "page:"
RAISED = ":raised"
"""At the end of a page's key: the severity rose to it, so it rings apart and is taken anew."""
ESCALATION = "escalation:"
STILL_ON_IT = "still-on-it:"
"""Subjects of pages: nobody took it; mitigation is late."""
BROKE_GLASS = "broke-glass:"
CONTACT = ":to:"
"""Before the contact's name in such a subject."""
PAGES_RESOLVED = "page:resolved"
PAGE_NOT_STARTED = "page:not-started"
PAGE_FAILED = "page:failed:"
PAGE_FAILED_BY_HAND = f"{PAGE_FAILED}by-hand"
CLOCK = "clock:"
"""Prefix of the subject of a regulatory clock's page, which rings on when the incident is over."""
CLOCK_PAGE = f"{PAGE}{CLOCK}"
LEAD_ASKED = "lead-asked"
TICKET = "ticket"
TICKET_CLOSED = "ticket-closed"
TICKET_WATCHED = "ticket-watched"
SLACK_MESSAGE = "slack"
SLACK_CHANGE = "slack-change"
"""Changing the messages, one process at a time; never done, as there may be more to change."""
SLACK_RESTRICTED_MESSAGE = "slack-restricted"
"""The message in the restricted channel of a data breach."""
PROGRESS = "progress:"
OWNER_MESSAGE = "owner-told"
RESTRICTED_CHANNEL = "breach-channel"

CLOCKS_STARTED = "clock:started"
CLOCK_CHANGE = "clock:change:"
CLOCK_RING = "clock:ring:"
DRIFT_NOTED = "drift:noted:"
BY_HAND = "by-hand:"
"""A procedure that a person has begun from the incident; held while it goes on."""


def of_occurrence(incident: Incident, key: str) -> str:
    """The key of what is done once for each occurrence: after a relapse it is done again."""
    return key if incident.occurrence == 1 else f"{key}{OCCURRENCE}{incident.occurrence}"


def occurrence_of(key: str) -> int:
    """The occurrence that a key belongs to; 1 also for what is done once for the incident."""
    number = key.partition(OCCURRENCE)[2]
    return int(number) if number.isdecimal() else 1


def runbook_key(incident: Incident, beside: str | None = None) -> str:
    """The runbook at the incident's present severity: it runs again when the severity rises.

    It also runs again when a guessed type becomes somebody's word, and after a relapse.
    beside: the name of another flow that runs once per occurrence.
    """
    own = f"{incident.severity}{_word(incident)}"
    return of_occurrence(incident, f"{RUNBOOK}{beside or own}")


def retry_key(run_id: UUID) -> str:
    """That a person wants a run tried again; held until the dispatcher has seen to it."""
    return f"{RETRY}{run_id}"


def newest_first(key: str) -> tuple[int, bool, str]:
    """Sorts the keys of an incident's runbooks, the newest first.

    The newest occurrence; in it, after somebody's word beats before, and P1 beats P2: severities
    only rise.
    """
    return -occurrence_of(key), not key.partition(OCCURRENCE)[0].endswith(WORD), key


def not_started_key(incident: Incident) -> str:
    """The page that no runbook has started."""
    return of_occurrence(incident, f"{PAGE_NOT_STARTED}{_word(incident)}")


def _word(incident: Incident) -> str:
    return WORD if incident.word_at else ""


def page_key(incident: Incident) -> str:
    """The page of this incident's present severity."""
    raised = RAISED if incident.raised else ""
    return of_occurrence(incident, f"{PAGE}{incident.severity}{raised}")


def flapping_key(incident: Incident) -> str:
    """The page that the incident comes and goes."""
    return of_occurrence(incident, f"{PAGE}flapping")


def digest_key(incident: Incident, worst: Severity) -> str:
    """The page that tells of other incidents, too; it rings again when the worst gets worse."""
    return of_occurrence(incident, f"{PAGE}digest:{worst}")


def is_collected(key: str) -> bool:
    """True for a page that may be told together with others, when there are too many at once.

    Never that the automation failed: the digest's words would not say so.
    """
    about = about_of(key)
    raised = people_of(about).endswith(RAISED)
    return is_the_incident(about) or raised or key.startswith(PAGE_NOT_STARTED)


def ends_with_acknowledgement(key: str) -> bool:
    """True for a page that nobody needs once somebody has taken the incident.

    Not of those for other people, for a decision, a failure or a legal duty.
    """
    about = about_of(key)
    mine = (f"{PAGE_NOT_STARTED}", f"{PAGE}flapping", f"{PAGE}digest:")
    levels = (f"{PAGE}{ESCALATION}", f"{PAGE}{STILL_ON_IT}", f"{PAGE}escalation-late:")
    raised = people_of(about).endswith(RAISED)
    return is_the_incident(about) or raised or key.startswith((*mine, *levels))


def team_page_key(incident: Incident, team: str) -> str:
    """The page of a breach team, `security` or `privacy`."""
    return of_occurrence(incident, f"{PAGE}{team}")


def escalation_key(incident: Incident, number: int, contact: str = "", takes: int = 0) -> str:
    """The page of a level, when nobody has it; contact: whose own address it goes to.

    takes: how often somebody had taken it, who gave it back.
    """
    again = f":again-{takes}" if takes else ""
    return _level_key(incident, f"{ESCALATION}{incident.severity}:{number}{again}", contact)


def still_on_it_key(incident: Incident, takes: int, number: int, contact: str = "") -> str:
    """The page of a step when mitigation is late; takes: how often somebody took the incident."""
    return _level_key(incident, f"{STILL_ON_IT}{incident.severity}:{takes}:{number}", contact)


def escalation_late_key(incident: Incident, done: int) -> str:
    """The page that the escalation itself is late."""
    return of_occurrence(incident, f"{PAGE}escalation-late:{incident.severity}:{done}")


def _level_key(incident: Incident, subject: str, contact: str) -> str:
    return of_occurrence(
        incident, f"{PAGE}{subject}{CONTACT}{contact}" if contact else PAGE + subject
    )


def contact_of(about: str) -> str | None:
    """The contact whose own address a page with this subject goes to; None: the on-call."""
    subject, _, contact = people_of(about).partition(CONTACT)
    return contact or None if subject.startswith((ESCALATION, STILL_ON_IT, BROKE_GLASS)) else None


def failure_key(run_id: UUID, attempt: int = 1) -> str:
    """The page about a failed run of the automation; one for each time that it began."""
    return f"{PAGE_FAILED}{run_id}{f':attempt-{attempt}' if attempt > 1 else ''}"


def waiting_key(run_id: UUID, begun: int = 0) -> str:
    """The page about a run that goes on by itself, and that no worker begins.

    begun: how often it had begun before: one page for each time.
    """
    return f"{PAGE}waiting:{run_id}{f':after-{begun}' if begun > 1 else ''}"


def approval_key(approval_id: UUID) -> str:
    """The page that asks for a decision; one for each question."""
    return f"{PAGE}approve:{approval_id}"


def broken_glass_key(approval_id: UUID, contact: str = "") -> str:
    """The page that somebody broke the glass; one for each approval."""
    return f"{PAGE}{BROKE_GLASS}{approval_id}{CONTACT + contact if contact else ''}"


def watch_key(incident: Incident, why: str) -> str:
    """The page by the watch over a recovery: it sees nothing, or broken while it is closed."""
    return of_occurrence(incident, f"{PAGE}watch-{why}")


def about_of(key: str) -> str:
    """The subject of a page: empty for the incident itself, else what rings separately.

    `occurrence-2` for the incident after a relapse: a pager does not ring again for the first.
    """
    about = key.removeprefix(PAGE)
    subject, _, occurrence = about.partition(OCCURRENCE)
    if subject not in set(Severity):
        return about
    return f"{OCCURRENCE.strip(':')}{occurrence}" if occurrence else ""


def is_the_incident(about: str) -> bool:
    """True when a page with this subject is about the incident itself, or a relapse of it."""
    return not about or about.startswith(OCCURRENCE.strip(":"))


def people_of(about: str) -> str:
    """The people that a page with this subject is for, whatever the occurrence."""
    return about.partition(OCCURRENCE)[0]


def keep_alive_key(channel: str) -> str:
    """The re-sending of the incident's alert in this channel, before it expires."""
    return f"{channel}:keep-alive"


def slack_message_key(place: SlackChannel) -> str:
    """The message in a channel other than the first: after its severity rose, for instance."""
    return f"{SLACK_MESSAGE}:{place.value}"


def slack_update_key(digest: str, *, restricted: bool = False) -> str:
    """One reply in the incident's thread, or in the thread of its restricted message."""
    return f"slack-update:{'restricted:' if restricted else ''}{digest}"


def slack_page_key(page: str) -> str:
    """The reply that asks for the on-call; one for each page."""
    return f"slack-page:{page}"


def revocation_key(target: str, command: str) -> str:
    """One command that revokes credentials of a target."""
    return f"revoke:{target}/{command}"


def clock_ring_key(clock: str, due: str, point: str) -> str:
    """The notification by one timer of a regulatory clock (`regime/deadline`)."""
    return f"{CLOCK_RING}{clock}:{due}:{point}"


def clock_page_key(clock: str, due: str, point: str) -> str:
    """The page of that timer."""
    return f"{CLOCK_PAGE}{clock}:{due}:{point}"


def pagerduty_event_key(event_id: str) -> str:
    """What somebody did in PagerDuty, taken in once."""
    return f"{PAGERDUTY_EVENT}{event_id}"


def pagerduty_incident_key(their_id: str) -> str:
    """That an incident of PagerDuty is one of our pages; its result says of which subject."""
    return f"pagerduty-incident:{their_id}"


def slack_request_key(request: str) -> str:
    """What somebody asked for in Slack, done once."""
    return f"slack-request:{request}"


def reported_key(mark: str) -> str:
    """Letting the pagers say how it stands, once for this state of a run."""
    return f"told:{mark}"


def repaired_key(run_id: UUID) -> str:
    """Taking back that this run failed."""
    return f"repaired:{run_id}"


def takes_the_incident(about: str) -> bool:
    """True for a page whose acknowledgement means: I have the incident.

    Not for one that asks for a decision, or tells of a legal duty. A failed run of the automation
    asks for somebody who takes over.
    """
    key = f"{PAGE}{about}"
    return ends_with_acknowledgement(key) or key.startswith(PAGE_FAILED)


def corrective_key(number: int, what: str) -> str:
    """What is done once for a corrective action: its ticket, or one notice."""
    return f"corrective:{number}:{what}"


def review_reminder_key(due_at: datetime, *, is_overdue: bool) -> str:
    """That people were reminded of a review, before it was due or after."""
    when = "overdue" if is_overdue else "near"
    return f"review-reminder:{when}:{due_at.isoformat(timespec='seconds')}"


def review_draft_key(since: datetime) -> str:
    """That people were notified of a review that was not drafted, though that was asked for."""
    return f"review-draft:{since.isoformat()}"
