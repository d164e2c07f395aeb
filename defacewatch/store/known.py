"""What is known of a page, unpacked: its approved looks and its profile.

Unpacking them costs several times what all queries of a check cost, and they hardly ever change, so what
was unpacked is kept. Features are those of a capture, read by a version of the engine; a profile is what
its digest says. Others never have the same stamp, whoever wrote them.

A profile that an older program wrote has no digest. It is given one when it is read first: what is read
cannot write, so that is noted here, and done by `name` in a transaction of its own.
"""

import hashlib

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection

from defacewatch.baselines import ApprovedLook, Baseline
from defacewatch.features import Features
from defacewatch.profiles import Profile
from defacewatch.store.cache import Cache
from defacewatch.store.rows import PROFILE, Values, dumped, profile_of, readable
from defacewatch.store.schema import approvals, profiles

FEATURES_KEPT = 96 << 20  # bytes
PROFILES_KEPT = 64 << 20
# What objects take in memory for each byte that is stored of them.
_PER_BYTE = 9
_PER_CHARACTER = 5

_APPROVED = (
    select(approvals.c.id, approvals.c.capture, approvals.c.features_version)
    .where(approvals.c.page == bindparam("page"), approvals.c.withdrawn_at.is_(None))
    .order_by(approvals.c.id)
)
_FEATURES = select(approvals.c.features_version, approvals.c.features).where(
    approvals.c.id == bindparam("approval")
)
_PROFILE = select(profiles.c.digest, profiles.c.data).where(profiles.c.page == bindparam("page"))
_NEW: Values = {name: bindparam(f"new_{name}") for name in ("version", "samples", "data", "digest")}
# Only where it is still what was read: another process may have written it meanwhile.
_NAME_PROFILE = (
    update(profiles)
    .where(
        profiles.c.page == bindparam("of"),
        profiles.c.digest.is_(None),
        profiles.c.data == bindparam("as_read"),
    )
    .values(digest=bindparam("new_digest"))
)
_SAVE_PROFILE = update(profiles).where(profiles.c.page == bindparam("of")).values(**_NEW)
_ADD_PROFILE = insert(profiles).values(page=bindparam("of"), **_NEW)


class Known:
    """Of features, those of `version` can be used; None: any (nothing is compared)."""

    def __init__(self, version: int | None) -> None:
        self.version = version
        self._features: Cache[Features] = Cache(FEATURES_KEPT)
        self._profiles: Cache[Profile] = Cache(PROFILES_KEPT)
        self.nameless: dict[str, str] = {}  # the text of profiles that were read and have no digest, by page

    def baseline(self, db: Connection, page_id: str) -> tuple[Baseline | None, bool]:
        """The approved looks of a page that can be used (None: no such look), and whether any is approved."""
        rows = db.execute(_APPROVED, {"page": page_id}).all()
        looks = []
        for approval, capture, version in rows:
            features = self._read(db, approval, capture, version)
            if features is not None:
                looks.append(ApprovedLook(capture, features))
        return Baseline(page_id, rows[-1].id, tuple(looks)) if looks else None, bool(rows)

    def profile(self, db: Connection, page_id: str, version: int | None, digest: str | None) -> Profile:
        """A page's profile, learned from features of `version`, whose text has this digest (None: not known).

        Empty where its features cannot be used: its keys are hashes that mean nothing to another version.
        """
        if self.version not in (None, version):
            return Profile(page_id)
        found = None if digest is None else self._profiles.get(page_id, digest)
        if found is not None:
            return found
        row = db.execute(_PROFILE, {"page": page_id}).one_or_none()
        if row is None:
            return Profile(page_id)
        read = profile_of(page_id, row.data)
        if row.digest is None:
            self.nameless[page_id] = row.data
        self._profiles.put(page_id, row.digest or _digest(row.data), read, _PER_CHARACTER * len(row.data))
        return read

    def name(self, db: Connection) -> None:
        """Give digests to the profiles that were read and have none."""
        for page_id in list(self.nameless):
            data = self.nameless.pop(page_id, None)
            if data is not None:
                db.execute(_NAME_PROFILE, {"of": page_id, "as_read": data, "new_digest": _digest(data)})

    def _read(self, db: Connection, approval: int, capture: str, version: int) -> Features | None:
        if self.version not in (None, version):
            return None
        found = self._features.get(capture, version)
        if found is not None:
            return found
        row = db.execute(_FEATURES, {"approval": approval}).one()
        features = readable(row.features)
        if features is not None and row.features_version == version:
            self._features.put(capture, version, features, _PER_BYTE * len(row.features))
        return features


def save_profile(db: Connection, profile: Profile, version: int | None) -> None:
    """Write a page's profile, learned from features of `version`; the caller has touched the page's state, so
    nobody else does at once."""
    data = dumped(PROFILE, profile)
    values: Values = {
        "of": profile.page,
        "new_version": version,
        "new_samples": profile.samples,
        "new_data": data,
        "new_digest": _digest(data),
    }
    if db.execute(_SAVE_PROFILE, values).rowcount == 0:
        db.execute(_ADD_PROFILE, values)


def _digest(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest()
