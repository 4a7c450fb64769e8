"""What version 2 changed: the oldest audit events may be removed behind a seal, and the newest seal and noted head
are found without a walk. Frozen, like every version.

A seal is an event of kind `audit_retained`. It must name an event that is there, with the hash it carries of the one
before it. Only what stands before the newest seal's event can be removed, and only from the beginning.
"""

from __future__ import annotations

_UPKEEP = "kind IN ('head_anchored', 'audit_retained')"
_APPEND_ONLY = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"

STATEMENTS = (
    " ".join(("CREATE INDEX events_of_upkeep ON events (kind, id) WHERE", _UPKEEP)),
    "DROP TRIGGER events_are_never_removed",
    " ".join(
        (
            "CREATE TRIGGER events_are_removed_only_behind_a_seal BEFORE DELETE ON events",
            "WHEN OLD.id != (SELECT min(id) FROM events) OR OLD.id >= coalesce(",
            "(SELECT json_extract(data, '$.first_kept') FROM events WHERE kind = 'audit_retained' AND",
            _UPKEEP,
            "ORDER BY id DESC LIMIT 1), OLD.id)",
            _APPEND_ONLY,
        )
    ),
    " ".join(
        (
            "CREATE TRIGGER a_seal_fits_the_log BEFORE INSERT ON events",
            "WHEN NEW.kind = 'audit_retained' AND NOT EXISTS (SELECT 1 FROM events AS kept",
            "WHERE kept.id = json_extract(NEW.data, '$.first_kept')",
            "AND kept.previous = json_extract(NEW.data, '$.previous'))",
            _APPEND_ONLY,
        )
    ),
)
