"""The tables of the incident store. JSON and times are text, so both databases hash them alike."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

# SQLite numbers rows automatically only for a primary key of type INTEGER.
Sequence = BigInteger().with_variant(Integer(), "sqlite")
NOT_OVER = text("status NOT IN ('resolved', 'closed')")

incidents = Table(
    "aeef_incidents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("type", Text, nullable=False),
    Column("severity", String(2), nullable=False),
    Column("status", String(13), nullable=False),
    Column("dedup_key", Text, nullable=False),
    # The index is on the hash: a key of 1000 characters may not fit PostgreSQL's index pages.
    Column("dedup_hash", String(64), nullable=False),
    Column("opened_at", String(32), nullable=False),
    Column("acknowledged_at", String(32)),
    Column("document", Text, nullable=False),
    Column("alert", Text, nullable=False),
    # Not in the document, which is the spec's: who says that it is of its type.
    Column("type_source", String(6), nullable=False),
    Column("guessed_from", Text, nullable=False),
    Column("word_at", String(32)),
    Column("occurrence", Integer, nullable=False, server_default="1"),
    Column("relapsed_at", String(32)),
    Column("raised", Integer, nullable=False, server_default="0"),
    # What people call it, `#1284`. 0: none, put in by a process that is older than this column.
    Column("number", Integer, nullable=False, server_default="0"),
    # Alerts of this group belong to it while it is open; none: only those with its key.
    Column("group_key", Text),
    Column("group_hash", String(64)),
    # An exercise: its pages say so, and no figure counts it.
    Column("is_drill", Integer, nullable=False, server_default="0"),
)
Index(
    "aeef_incidents_one_open_per_key",
    incidents.c.dedup_hash,
    unique=True,
    sqlite_where=NOT_OVER,
    postgresql_where=NOT_OVER,
)
Index(
    "aeef_incidents_one_open_per_group",
    incidents.c.group_hash,
    unique=True,
    sqlite_where=NOT_OVER,
    postgresql_where=NOT_OVER,
)
Index("aeef_incidents_group", incidents.c.group_hash)
Index("aeef_incidents_key", incidents.c.dedup_hash)
Index("aeef_incidents_opened", incidents.c.opened_at)
NUMBERED = text("number > 0")
Index(
    "aeef_incidents_number",
    incidents.c.number,
    unique=True,
    sqlite_where=NUMBERED,
    postgresql_where=NUMBERED,
)
# For the metrics, which every scrape asks for: no row of the table is read.
Index("aeef_incidents_kinds", incidents.c.type, incidents.c.severity, incidents.c.status)
LATER = text("occurrence > 1")
Index(
    "aeef_incidents_relapsed",
    incidents.c.occurrence,
    sqlite_where=LATER,
    postgresql_where=LATER,
)

audit = Table(
    "aeef_audit",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("entry_id", String(36), nullable=False, unique=True),
    Column("incident_id", String(36)),
    Column("timestamp", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("automated", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
Index("aeef_audit_incident", audit.c.incident_id, audit.c.seq)

audit_head = Table(
    "aeef_audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    # How many anchors each machine has written: see `tasks/store/audit/expected.py`.
    Column("anchored", Text),
)

claims = Table(
    "aeef_claims",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("holder", Text),
    Column("leased_until", String(32)),
    Column("attempts", Integer, nullable=False),
    Column("result", Text),
    Column("done_at", String(32)),
)
UNFINISHED = text("done_at IS NULL")
Index(
    "aeef_claims_unfinished",
    claims.c.incident_id,
    claims.c.key,
    sqlite_where=UNFINISHED,
    postgresql_where=UNFINISHED,
)

# One row per incident that somebody had to look at: the look is due while `asked` > `answered`.
looks = Table(
    "aeef_looks",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("asked_at", String(32), nullable=False),
    Column("severity", String(2), nullable=False),
    Column("repeated_only", Integer, nullable=False),
    Column("leased_until", String(32)),
    Column("outcome", Text),
)

# What people said of the automation's mode. Never changed: what was said before holds again when
# the time of the newest is over.
automation = Table(
    "aeef_automation",
    metadata,
    Column("number", Sequence, primary_key=True),
    Column("target", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("since", String(32), nullable=False),
    Column("until", String(32)),
)
Index("aeef_automation_target", automation.c.target, automation.c.number)

# Every act that was begun on a target, by the automation or by a person: the limits count them.
acts = Table(
    "aeef_acts",
    metadata,
    Column("number", Sequence, primary_key=True),
    Column("target", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("automated", Integer, nullable=False),
)
Index("aeef_acts_counted", acts.c.target, acts.c.act, acts.c.at)
# One row per incident: what was done since its page was due, or since somebody took it. Every
# change raises `revision`, and the intake changes only what it has read: who takes it wins.
escalations = Table(
    "aeef_escalations",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("severity", String(2), nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("began_at", String(32), nullable=False),
    Column("done", Integer, nullable=False),
    Column("due_at", String(32)),
    Column("taken_at", String(32)),
    Column("taken_by", Text, nullable=False),
    Column("takes", Integer, nullable=False),
    Column("leased_until", String(32)),
    Column("revision", Integer, nullable=False),
)
DUE = text("due_at IS NOT NULL")
Index("aeef_escalations_due", escalations.c.due_at, sqlite_where=DUE, postgresql_where=DUE)
# One row per incident that people did something with: who has it while `acknowledged_at` stands.
standings = Table(
    "aeef_standings",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("owner", Text),
    Column("owner_since", String(32)),
    Column("lead", Text),
    Column("lead_since", String(32)),
    # Somebody who cannot end it by themselves says that it is over.
    Column("proposed_by", Text),
    Column("proposed_why", Text),
    Column("proposed_at", String(32)),
    Column("disposition", Text),
    # Alerts of this incident belong to that one.
    Column("merged_into", String(36), ForeignKey("aeef_incidents.id")),
    # It is less now, and its review is owed for this.
    Column("reviewed_as", String(2)),
)
MERGED = text("merged_into IS NOT NULL")
Index(
    "aeef_standings_merged",
    standings.c.merged_into,
    sqlite_where=MERGED,
    postgresql_where=MERGED,
)
LOWERED = text("reviewed_as IS NOT NULL")
Index(
    "aeef_standings_reviewed_as",
    standings.c.reviewed_as,
    sqlite_where=LOWERED,
    postgresql_where=LOWERED,
)
# Incidents that have to do with each other: two rows for each pair.
related = Table(
    "aeef_related",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("other_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
)
# The alerts of an incident, by their own keys: each once, however often it was repeated.
alerts = Table(
    "aeef_alerts",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("severity", String(2), nullable=False),
    Column("service", Text),
    Column("source", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_at", String(32), nullable=False),
    Column("last_at", String(32), nullable=False),
    # When its sender said that it is over.
    Column("over_at", String(32)),
)
Index("aeef_alerts_key", alerts.c.key_hash)
Index("aeef_alerts_last", alerts.c.incident_id, alerts.c.last_at)

# One row per incident that its sender ended: what comes back soon after flaps.
flaps = Table(
    "aeef_flaps",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    # How often it came back in a row, since when, and the newest end.
    Column("times", Integer, nullable=False),
    Column("since", String(32), nullable=False),
    Column("ended_at", String(32), nullable=False),
    # When it came back, while nobody knows yet whether it stays.
    Column("back_at", String(32)),
    # 1: it stays open until it has been quiet.
    Column("flapping", Integer, nullable=False),
    # When somebody has to look at it next.
    Column("due_at", String(32)),
)
Index("aeef_flaps_due", flaps.c.due_at)

# One row per page that may be collected with others: how fast somebody is paged.
paged = Table(
    "aeef_paged",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("contact", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("at", String(32), nullable=False),
    # The incident whose page tells of it; none: it has a page of its own.
    Column("carrier", String(36), ForeignKey("aeef_incidents.id")),
    Column("notified_at", String(32)),
)
Index("aeef_paged_at", paged.c.contact, paged.c.at)
UNTOLD = text("carrier IS NOT NULL AND notified_at IS NULL")
Index("aeef_paged_untold", paged.c.carrier, sqlite_where=UNTOLD, postgresql_where=UNTOLD)

UNSENT = text("sent_at IS NULL")
outbox = Table(
    "aeef_outbox",
    metadata,
    Column("seq", Sequence, primary_key=True),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("occurred_at", String(32), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("leased_by", Text),
    Column("leased_until", String(32)),
    Column("sent_at", String(32)),
)
Index("aeef_outbox_unsent", outbox.c.seq, sqlite_where=UNSENT, postgresql_where=UNSENT)

# Which receivers of our events there are, and how far each has read the outbox.
webhooks = Table(
    "aeef_webhooks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seq", Sequence, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("delivered_at", String(32)),
)

# One row per event that a receiver has not taken yet, or never took.
deliveries = Table(
    "aeef_deliveries",
    metadata,
    Column("webhook", String(64), primary_key=True),
    Column("event_id", String(36), primary_key=True),
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), nullable=False),
    Column("seq", Sequence, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("leased_by", Text),
    Column("leased_until", String(32)),
    Column("error", Text, nullable=False),
)
Index(
    "aeef_deliveries_due",
    deliveries.c.webhook,
    deliveries.c.incident_id,
    deliveries.c.seq,
)

# One row per death of a run that was followed by a take-over.
takeovers = Table(
    "aeef_takeovers",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("death", String(36), nullable=False),
    Column("at", String(32), nullable=False),
)

# One row per target that a run changes at the moment.
turns = Table(
    "aeef_turns",
    metadata,
    Column("target", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("since", String(32), nullable=False),
)

# Pages that are tried again until something that rings takes them.
untaken_pages = Table(
    "aeef_untaken_pages",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("page", Text, nullable=False),
    Column("due_at", String(32), nullable=False),
)

# One row: where the clock of leases stood when this machine's boot was first seen (SQLite only).
lease_clock = Table(
    "aeef_lease_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("boot", String(64), nullable=False),
    Column("ticks", BigInteger, nullable=False),
    Column("moment", String(32), nullable=False),
)

# What is written and read back to see that it can be: one row for each process that looks.
written = Table(
    "aeef_written",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("text", Text, nullable=False),
)

# What a process beside the intake says of itself; the intake reads whether it lives.
processes = Table(
    "aeef_processes",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("seen_at", String(32), nullable=False),
    Column("problems", Text, nullable=False),
    Column("alike", Text, nullable=False, server_default="{}"),
)

# Of secrets that all machines must have alike: whose was kept first, to compare with.
fingerprints = Table(
    "aeef_fingerprints",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("machine", Text, nullable=False),
    Column("kept_at", String(32), nullable=False),
)

# One row per approval that was asked for. `document`: all of it, the signatures too; the columns
# are for finding it.
approvals = Table(
    "aeef_approvals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("asked_at", String(32), nullable=False),
    # 1: somebody has to look at it, as it waits, or is to go on, or the glass was broken.
    Column("pending", Integer, nullable=False),
    Column("document", Text, nullable=False),
)
Index("aeef_approvals_incident", approvals.c.incident_id)
PENDING = text("pending = 1")
Index(
    "aeef_approvals_pending",
    approvals.c.asked_at,
    sqlite_where=PENDING,
    postgresql_where=PENDING,
)

# One row per target that recovers from an incident; `going_on`: 1 until its watch has ended.
recoveries = Table(
    "aeef_recoveries",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("target", Text, primary_key=True),
    Column("began_at", String(32), nullable=False),
    Column("going_on", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

# What people sign in with and are signed in by; of the secret itself only a hash.
people_keys = Table(
    "aeef_people_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("person", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("used_at", String(32)),
    Column("ended_at", String(32)),
    # By which one a session began; it ends with it.
    Column("parent", String(16)),
    Column("details", Text, nullable=False),
)

# Messages of senders that were refused: the last of each sender and reason.
refused = Table(
    "aeef_refused",
    metadata,
    Column("number", Sequence, primary_key=True, autoincrement=True),
    Column("sender", String(100), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("detail", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("is_whole", Integer, nullable=False),
    Column("at", String(32), nullable=False),
    # Who wants it to be taken after all: an intake does so.
    Column("asked_by", Text),
    # A number that was dropped is not given again: a person may have it at hand.
    sqlite_autoincrement=True,
)

# Who has sent, and how long (milliseconds) each has been silent while an intake listened.
heard_senders = Table(
    "aeef_heard_senders",
    metadata,
    Column("sender", String(100), primary_key=True),
    Column("heard_at", String(32)),
    Column("listened_at", String(32), nullable=False),
    Column("silent_for", BigInteger, nullable=False),
    Column("is_reported", Integer, nullable=False),
)

# When what happened in each occurrence: an index over the audit log, which has it too.
moments = Table(
    "aeef_moments",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("occurrence", Integer, primary_key=True, autoincrement=False),
    Column("detected_at", String(32), nullable=False),
    Column("paged_at", String(32)),
    Column("acknowledged_at", String(32)),
    Column("contained_at", String(32)),
    Column("mitigated_at", String(32)),
    Column("resolved_at", String(32)),
    Column("closed_at", String(32)),
    # Which of them the automation brought about: their names, with spaces between.
    Column("by_machine", Text, nullable=False),
    Column("is_drill", Integer, nullable=False),
    # Of the incident as it is now, so that figures read this table alone.
    Column("severity", String(2), nullable=False, server_default=""),
    Column("type", Text, nullable=False, server_default=""),
    Column("service", Text, nullable=False, server_default=""),
    Column("team", Text, nullable=False, server_default=""),
    # Of the detection, in UTC: 0 is Monday. For targets that are business days.
    Column("weekday", Integer, nullable=False, server_default="0"),
    # Microseconds from the detection on, so that figures parse no times.
    Column("paged_us", BigInteger),
    Column("acknowledged_us", BigInteger),
    Column("contained_us", BigInteger),
    Column("mitigated_us", BigInteger),
    Column("resolved_us", BigInteger),
)
Index("aeef_moments_detected", moments.c.detected_at)

# One row per incident whose review was begun. `document`: all of it but the texts.
reviews = Table(
    "aeef_reviews",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("form", String(5), nullable=False),
    Column("state", String(8), nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("document", Text, nullable=False),
    # 1: the incident went on again: it begins anew when that is over.
    Column("waits", Integer, nullable=False, server_default="0"),
)
Index("aeef_reviews_due", reviews.c.state, reviews.c.due_at)

# What people wrote into a review: the newest text of each question.
review_texts = Table(
    "aeef_review_texts",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("question", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    # The last revision whose hash is in the audit log: somebody still writes what is newer.
    Column("noted", Integer, nullable=False, server_default="0"),
)
BEING_WRITTEN = text("revision > noted")
Index(
    "aeef_review_texts_being_written",
    review_texts.c.at,
    sqlite_where=BEING_WRITTEN,
    postgresql_where=BEING_WRITTEN,
)

# Each text of a review whose hash is in the audit log: what somebody had written when they ended,
# or when somebody else went on. Never changed.
review_history = Table(
    "aeef_review_history",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    Column("question", String(32), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", String(32), nullable=False),
)

# One row per corrective action; `document`: all of it, the columns are for finding it.
corrective_actions = Table(
    "aeef_corrective_actions",
    metadata,
    Column("number", Sequence, primary_key=True, autoincrement=True),
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), nullable=False),
    Column("category", String(20), nullable=False),
    Column("stage", String(8), nullable=False),
    Column("owner", Text, nullable=False),
    Column("due_at", String(32), nullable=False),
    # When somebody, or a flow, has to look at it next: overdue, a waiver's end, its effect.
    Column("look_at", String(32)),
    Column("document", Text, nullable=False),
    # `CA-12` stays that one, whatever is disposed of.
    sqlite_autoincrement=True,
)
Index("aeef_corrective_actions_incident", corrective_actions.c.incident_id)
Index("aeef_corrective_actions_look", corrective_actions.c.look_at)

# What is counted for ever, so that no scrape counts it anew and no restart forgets it. `labels`:
# JSON, in the order of their names.
tallies = Table(
    "aeef_tallies",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("labels", String(300), primary_key=True),
    Column("value", Float(53), nullable=False),
)
# Legal holds: nothing of these incidents is deleted. One incident, or (`wanted`) a filter as JSON.
holds = Table(
    "aeef_holds",
    metadata,
    Column("number", Sequence, primary_key=True, autoincrement=True),
    # No foreign key: who is held is asked before anything is deleted, not found out by an error.
    Column("incident_id", String(36)),
    Column("wanted", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Column("ended_by", Text, nullable=False),
    Column("ended_why", Text, nullable=False),
    sqlite_autoincrement=True,
)
STANDING = text("ended_at IS NULL")
Index("aeef_holds_standing", holds.c.number, sqlite_where=STANDING, postgresql_where=STANDING)

# Incidents that are no more: an index over the entries of the audit log that say so.
disposals = Table(
    "aeef_disposals",
    metadata,
    Column("incident_id", String(36), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("severity", String(2), nullable=False),
    Column("at", String(32), nullable=False),
    # The entry that says so, and what it lists of this one.
    Column("seq", BigInteger, nullable=False),
)
Index("aeef_disposals_number", disposals.c.number)
Index("aeef_disposals_at", disposals.c.at)

# The keys of original alerts. Without its key nobody reads an original, here or in a backup.
original_keys = Table(
    "aeef_original_keys",
    metadata,
    Column("incident_id", String(36), ForeignKey("aeef_incidents.id"), primary_key=True),
    # Empty: it was destroyed.
    Column("key", Text, nullable=False),
)

# Whoever deletes an incident asks these whether they have something of it.
Index("aeef_outbox_incident", outbox.c.incident_id)
Index("aeef_acts_incident", acts.c.incident_id)
Index("aeef_deliveries_incident", deliveries.c.incident_id)
Index("aeef_related_other", related.c.other_id)
Index("aeef_paged_carrier", paged.c.carrier)

# One row per review by the calendar, and per formal review of repeated warnings. `entry`: the
# number of the audit entry that has the hash of `document`.
calendar_reviews = Table(
    "aeef_calendar_reviews",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("period", String(32), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("drawn_at", String(32), nullable=False),
    Column("document", Text, nullable=False),
    Column("entry", BigInteger),
    # When people were notified of it, and who is about to.
    Column("notified_at", String(32)),
    Column("leased_until", String(32)),
)
Index("aeef_calendar_reviews_drawn", calendar_reviews.c.drawn_at)
