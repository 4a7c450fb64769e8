"""What version 3 added: how long jobs of each kind take, as learned. Frozen."""

from __future__ import annotations

STATEMENTS = (
    """
CREATE TABLE durations (
  kind TEXT NOT NULL PRIMARY KEY,
  law TEXT NOT NULL
) STRICT
""",
)
