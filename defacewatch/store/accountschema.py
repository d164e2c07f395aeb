"""The tables of accounts, and the audit log."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from defacewatch.audit import Act
from defacewatch.store.columns import Moment, Words
from defacewatch.store.schema import Id, metadata, numbered

BROKEN = f"act = '{Act.LOG_BROKEN.value}'"  # as it stands in the index: a parameter would not find it

# Never deleted: the audit log and timelines name them. `totp` is sealed (sealing.py).
accounts = Table(
    "accounts",
    metadata,
    numbered(),
    Column("name", Text, nullable=False),
    Column("display", Words, nullable=False),
    Column("officer", Text),
    Column("role", Text, nullable=False),
    Column("language", Text),
    Column("disabled", Boolean, nullable=False),
    Column("password", Text),
    Column("totp", Text),
    Column("totp_step", Integer),  # of the code that was used last: none is taken twice
    Column("created_at", Moment, nullable=False),
    Column("signed_in_at", Moment),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    numbered(),
    Column("account", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("hash", Text, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("address", Text, nullable=False),
    Column("agent", Words, nullable=False),
    Column("proof", Text),  # NULL: a password; else what a provider has proved
    UniqueConstraint("hash"),
    sqlite_autoincrement=True,
)

# One account of ours for one of a provider's, and at most one of each provider's for one of ours.
identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account", Id, ForeignKey("accounts.id"), nullable=False),
    Column("bound_at", Moment, nullable=False),
    UniqueConstraint("account", "issuer"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("account", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("used_at", Moment),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    numbered(),
    Column("account", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("hash", Text, nullable=False),
    Column("label", Words, nullable=False),
    Column("scope", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("hash"),
    sqlite_autoincrement=True,
)

# Numbered by us, without gaps. Never changed, never deleted; `meta` holds the sealed head.
audit = Table(
    "audit",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("who", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("act", Text, nullable=False),
    Column("object", Words, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Index("ix_audit_broken", "number", sqlite_where=text(BROKEN), postgresql_where=text(BROKEN)),
)
