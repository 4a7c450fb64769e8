"""What version 4 added, with the words of that day written out: what a reply is about, which digest said it, and what is drawn
where a card stands. Frozen."""

from __future__ import annotations

STATEMENTS = (
    """
ALTER TABLE notices ADD COLUMN topic TEXT NOT NULL DEFAULT 'talk'
CHECK (topic IN ('talk', 'report', 'reminder'))
""",
    "ALTER TABLE notices ADD COLUMN digest INTEGER REFERENCES notices (id)",
    "ALTER TABLE cards ADD COLUMN shown TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE cards ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0 CHECK (repeated IN (0, 1))",
    """
CREATE INDEX reports_waiting ON notices (channel)
WHERE kind = 'thread' AND state = 'pending' AND digest IS NULL
""",
    "CREATE INDEX digests_waiting ON notices (channel) WHERE digest = id AND state = 'pending'",
    "CREATE INDEX notices_by_digest ON notices (digest) WHERE digest IS NOT NULL",
)
