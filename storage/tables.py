"""The schema, once: every table, column and index, for MySQL and for SQLite.

Instants are integers: seconds since the epoch, UTC, unless the name says minutes. Columns of the type
`Sealed` hold encrypted text; nothing that names or describes a person may be in a column of another type.
Nothing here runs a statement.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import mysql

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_PLAIN = {"charset": "ascii", "collation": "ascii_bin"}
_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    # Keys and names are compared as they are: other collations take "a" for "A" and one emoji for another.
    "mysql_collate": "utf8mb4_bin",
}

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column that is exactly INTEGER PRIMARY KEY."""
Hash = String(64).with_variant(mysql.VARCHAR(64, **_PLAIN), "mysql")
Sealed = Text().with_variant(mysql.MEDIUMTEXT(**_PLAIN), "mysql")
Name = String(64)
Key = String(190)
Instant = BigInteger()

people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("role", Name, nullable=False),  # the name of the flow that talks to them
    Column("address_hash", Hash, nullable=False),
    Column("address", Sealed, nullable=False),
    Column("name", Sealed),
    Column("language", Name, nullable=False),
    Column("zone", Name),
    Column("created_at", Instant, nullable=False),
    Column("opted_out_at", Instant),  # since when they want no messages but answers to their own
    Column("notice_version", Name),  # of the privacy notice that they agreed to last
    Column("queued", BigInteger, nullable=False, server_default="0"),  # how often to their calendar
    UniqueConstraint("role", "address_hash"),
    **_OPTIONS,
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("flow", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("memory", Sealed, nullable=False),  # JSON: memory, misses, offer
    Column("wakes_at", Instant),  # overwritten by every turn, so that a stale one cannot exist
    Column("flow_hash", Hash, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("heard_at", Instant),  # when the person was last heard: WhatsApp's 24 hours begin there
    UniqueConstraint("person_id"),
    Index(None, "wakes_at"),
    **_OPTIONS,
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", Key, nullable=False),
    Column("flow", Name, nullable=False),
    Column("address_hash", Hash, nullable=False),
    Column("address", Sealed, nullable=False),
    Column("kind", Name, nullable=False),
    Column("body", Sealed, nullable=False),  # JSON: text, tap, replied_to, name, event, data
    Column("heard_at", Instant, nullable=False),
    Column("taken_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("failed_reason", String(500)),
    UniqueConstraint("key"),
    Index(None, "taken_at", "id"),
    Index(None, "address_hash", "heard_at"),
    **_OPTIONS,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("conversation_id", BigInteger, ForeignKey(conversations.c.id), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("flow", Name, nullable=False),
    Column("address", Sealed, nullable=False),
    Column("body", Sealed, nullable=False),  # JSON: text, options, template, unasked
    Column("state", Name, nullable=False),  # pending | sending | sent | unknown | failed | withheld
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("provider_sid", Hash),
    Column("provider_status", Name),
    Column("error_code", Integer),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    # How often it was sent again after it was in doubt or came back.
    Column("resent", Integer, nullable=False, server_default="0"),
    Column("template_only", Integer, nullable=False, server_default=text("0")),  # 1: free text came back
    Column("urgent", Integer, nullable=False, server_default=text("0")),  # 1: waits for no other message
    UniqueConstraint("conversation_id", "turn", "position"),
    Index(None, "state", "next_try_at"),
    # Which message is a conversation's first unsent one must not cost more the longer it has lasted.
    Index(None, "state", "conversation_id", "turn", "position"),
    Index(None, "provider_sid"),
    **_OPTIONS,
)

timers = Table(
    "timers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", Key, nullable=False),
    Column("flow", Name, nullable=False),
    Column("address_hash", Hash, nullable=False),
    Column("address", Sealed, nullable=False),
    Column("event", Name, nullable=False),
    Column("data", Sealed, nullable=False),  # JSON
    Column("due_at", Instant, nullable=False),
    UniqueConstraint("key"),
    Index(None, "due_at"),
    **_OPTIONS,
)

journal = Table(
    "journal",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("inbox_id", BigInteger, nullable=False),
    Column("conversation_id", BigInteger, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("event", Name, nullable=False),
    Column("state_before", Name, nullable=False),
    Column("state_after", Name, nullable=False),
    Column("trail", Text, nullable=False),  # JSON: the rules that were followed
    Column("read_by", Name),
    Column("confidence", Double),
    Column("at", Instant, nullable=False),
    UniqueConstraint("inbox_id"),
    Index(None, "conversation_id", "turn"),
    **_OPTIONS,
)

therapists = Table(
    "therapists",
    metadata,
    Column("person_id", BigInteger, ForeignKey(people.c.id), primary_key=True, autoincrement=False),
    Column("code", Name, nullable=False),
    Column("name", Sealed, nullable=False),
    Column("zone", Name, nullable=False),
    Column("position", Integer, nullable=False),
    Column("holidays", Name, nullable=False, server_default=""),
    Column("most_a_day", Integer),
    Column("most_a_week", Integer),
    UniqueConstraint("code"),
    **_OPTIONS,
)

services = Table(
    "services",
    metadata,
    Column("code", Name, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("about", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("price", Name, nullable=False, server_default=""),
    Column("before_minutes", Integer),
    Column("after_minutes", Integer),
    Column("start_every_minutes", Integer),
    Column("minimum_notice_minutes", Integer),
    Column("horizon_days", Integer),
    **_OPTIONS,
)

offerings = Table(
    "offerings",
    metadata,
    Column("therapist_id", BigInteger, ForeignKey(therapists.c.person_id), nullable=False),
    Column("service", Name, ForeignKey(services.c.code), nullable=False),
    Column("service_type", Name, nullable=False),
    Column("minutes", Integer),
    Column("price", Name),
    PrimaryKeyConstraint("therapist_id", "service", "service_type"),
    **_OPTIONS,
)

# Hours for one service or one way to meet only name it; the others have empty names.
weekly_hours = Table(
    "weekly_hours",
    metadata,
    Column("therapist_id", BigInteger, ForeignKey(therapists.c.person_id), nullable=False),
    Column("weekday", Integer, nullable=False, autoincrement=False),  # 0 is Monday
    Column("from_minute", Integer, nullable=False, autoincrement=False),  # of the local day
    Column("until_minute", Integer, nullable=False),
    Column("service", Name, nullable=False, server_default=""),
    Column("service_type", Name, nullable=False, server_default=""),
    PrimaryKeyConstraint("therapist_id", "weekday", "from_minute", "service", "service_type"),
    **_OPTIONS,
)

dated_hours = Table(
    "dated_hours",
    metadata,
    Column("therapist_id", BigInteger, ForeignKey(therapists.c.person_id), nullable=False),
    Column("day", String(10), nullable=False),  # the local date, ISO 8601
    Column("from_minute", Integer, nullable=False, autoincrement=False),
    Column("until_minute", Integer, nullable=False),  # the same: nothing on that day
    Column("service", Name, nullable=False),
    Column("service_type", Name, nullable=False),
    PrimaryKeyConstraint("therapist_id", "day", "from_minute", "service", "service_type"),
    **_OPTIONS,
)

times_off = Table(
    "times_off",
    metadata,
    Column("therapist_id", BigInteger, ForeignKey(therapists.c.person_id), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("from_minute", Integer, nullable=False, autoincrement=False),
    Column("last_day", String(10), nullable=False),
    Column("until_minute", Integer, nullable=False),
    PrimaryKeyConstraint("therapist_id", "first_day", "from_minute"),
    **_OPTIONS,
)

# The way to clients, where a therapist's differs from the practice's.
journeys = Table(
    "journeys",
    metadata,
    Column("therapist_id", BigInteger, ForeignKey(therapists.c.person_id), nullable=False),
    Column("service_type", Name, nullable=False),
    Column("minutes", Integer, nullable=False),
    PrimaryKeyConstraint("therapist_id", "service_type"),
    **_OPTIONS,
)

practice_settings = Table(
    "practice_settings",
    metadata,
    Column("name", Name, primary_key=True),
    Column("value", Text, nullable=False),
    **_OPTIONS,
)

# Which key the hashes of addresses hang on: lets a wrong SECRET_KEY be noticed before it does harm.
sealing_marks = Table(
    "sealing_marks",
    metadata,
    Column("name", Name, primary_key=True),
    Column("mark", Hash, nullable=False),
    **_OPTIONS,
)

appointments = Table(
    "appointments",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("therapist_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("client_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("service", Name, nullable=False),
    Column("service_type", Name, nullable=False),
    Column("starts_at", Instant, nullable=False),  # epoch minutes, like the three after it
    Column("ends_at", Instant, nullable=False),
    Column("claimed_from", Instant, nullable=False),  # with buffers and travel
    Column("claimed_until", Instant, nullable=False),
    Column("zone", Name, nullable=False),
    Column("wall_time", String(16), nullable=False),  # YYYY-MM-DDTHH:MM as promised, in that zone
    Column("address", Sealed),
    Column("status", Name, nullable=False),
    Column("expires_at", Instant),  # seconds: the end of the hold, or the deadline of the answer
    Column("cancelled_by", Name),
    Column("client_confirmed_at", Instant),  # when the client last said that they will be there
    Column("op_key", Key, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # The appointment that is moved by this one: no foreign key, as MySQL would check it row by row.
    Column("replaces", BigInteger),
    Column("cancelled_late", Integer),  # 1: within the time in which the practice counts on it
    Column("reason", Sealed),  # why the therapist has declined, proposed or cancelled
    Column("series", BigInteger),  # the first of those that were taken together; its own number in itself
    UniqueConstraint("op_key"),
    Index(None, "therapist_id", "ends_at", "starts_at"),
    Index(None, "therapist_id", "claimed_until", "claimed_from"),
    Index(None, "client_id", "status"),
    Index(None, "replaces"),
    Index(None, "series"),
    **_OPTIONS,
)

# The times of a `proposed` appointment, of which the client chooses one; all of them are claimed.
proposals = Table(
    "proposals",
    metadata,
    Column("appointment_id", BigInteger, ForeignKey(appointments.c.id), nullable=False, autoincrement=False),
    Column("position", Integer, nullable=False, autoincrement=False),
    Column("starts_at", Instant, nullable=False),  # all as in `appointments`
    Column("ends_at", Instant, nullable=False),
    Column("claimed_from", Instant, nullable=False),
    Column("claimed_until", Instant, nullable=False),
    Column("zone", Name, nullable=False),
    Column("wall_time", String(16), nullable=False),
    PrimaryKeyConstraint("appointment_id", "position"),
    **_OPTIONS,
)

claims = Table(
    "claims",
    metadata,
    Column("resource_id", BigInteger, nullable=False, autoincrement=False),
    Column("unit", BigInteger, nullable=False, autoincrement=False),
    Column("appointment_id", BigInteger, ForeignKey(appointments.c.id), nullable=False),
    # The constraint that makes a double booking impossible, whoever writes.
    PrimaryKeyConstraint("resource_id", "unit"),
    Index(None, "appointment_id"),
    sqlite_with_rowid=False,
    **_OPTIONS,
)

# Who waits for a time to become free. An entry ends with a booking, or by itself when its time is over.
waitlist = Table(
    "waitlist",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),  # the order in which people wait
    Column("client_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("service", Name, nullable=False),
    Column("service_type", Name, nullable=False),
    Column("therapist_id", BigInteger),  # the one whom they asked for; null: whoever is free
    Column("wish", Sealed, nullable=False),  # JSON: which days and times suit
    Column("from_minute", Instant, nullable=False),  # epoch minutes between which all of these lie
    Column("until_minute", Instant, nullable=False),
    Column("offered", BigInteger),  # the hold that is on offer to them now
    Column("created_at", Instant, nullable=False),
    Index(None, "client_id"),
    Index(None, "until_minute"),
    **_OPTIONS,
)

# Each time that somebody on it was offered: nobody is offered the same twice.
waitlist_offers = Table(
    "waitlist_offers",
    metadata,
    Column("entry_id", BigInteger, ForeignKey(waitlist.c.id), nullable=False, autoincrement=False),
    Column("therapist_id", BigInteger, nullable=False, autoincrement=False),
    Column("starts_at", Instant, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("entry_id", "therapist_id", "starts_at"),
    **_OPTIONS,
)

# The private calendar feed of whoever has asked for one. A new version ends the link of before.
calendar_links = Table(
    "calendar_links",
    metadata,
    Column("person_id", BigInteger, ForeignKey(people.c.id), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    **_OPTIONS,
)

# Somebody may be in danger. The message itself is in the inbox, sealed.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("client_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("rule", Name, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("told", Integer, nullable=False),  # how often somebody was told of it
    Column("acknowledged_by", BigInteger, ForeignKey(people.c.id)),
    Column("acknowledged_at", Instant),
    Index(None, "client_id", "id"),
    **_OPTIONS,
)

# What was made in WhatsApp beforehand: templates, and the bodies of messages with buttons and lists.
contents = Table(
    "contents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Key, nullable=False),
    Column("sid", String(64), nullable=False),
    Column("kind", Name, nullable=False),  # template | buttons | list | described
    Column("text_key", Key, nullable=False),
    Column("language", Name, nullable=False),
    Column("places", Text, nullable=False),  # JSON: the names that the variables stand for
    Column("buttons", Text, nullable=False),  # JSON: the events that the buttons mean
    Column("approval", Name, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("body", Text),  # of a template, with its variables; nobody knows it of those of an earlier version
    UniqueConstraint("name"),
    **_OPTIONS,
)

# Evidence of what people agreed to and asked for. Rows are only ever added.
consent_ledger = Table(
    "consent_ledger",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("kind", Name, nullable=False),  # opted_out | opted_in | consented
    Column("at", Instant, nullable=False),
    Column("how", Name, nullable=False),
    Column("wording", Sealed),
    Column("text_version", Name),
    Column("inbox_id", BigInteger, nullable=False),
    Index(None, "person_id", "id"),
    **_OPTIONS,
)

# When therapists give no appointments. It is in the way of new ones only.
blocked_times = Table(
    "blocked_times",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("therapist_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("from_minute", Instant, nullable=False),  # epoch minutes, like the next one
    Column("until_minute", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    Index(None, "therapist_id", "until_minute", "from_minute"),
    **_OPTIONS,
)

# Behind which clients' own words are. The hash is slow, and sealed besides.
therapist_pins = Table(
    "therapist_pins",
    metadata,
    Column("person_id", BigInteger, ForeignKey(people.c.id), primary_key=True, autoincrement=False),
    Column("sealed_hash", Sealed, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("paused_until", Instant, nullable=False),
    Column("open_until", Instant, nullable=False),
    **_OPTIONS,
)

# Who has read what a client wrote, and when; never what. Rows are only ever added.
access_log = Table(
    "access_log",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("client_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("what", Name, nullable=False),
    Column("at", Instant, nullable=False),
    **_OPTIONS,
)

# Which client and therapist talk to each other through us; what they say is in the inbox, sealed.
relays = Table(
    "relays",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("client_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("therapist_id", BigInteger, ForeignKey(people.c.id), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("closed_at", Instant),
    UniqueConstraint("client_id", "therapist_id"),
    Index(None, "therapist_id", "closed_at", "last_at"),
    **_OPTIONS,
)
