"""Time and fresh ids, the two things nobody else may make up."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def new_claim() -> str:
    """A name no other claim has."""
    return secrets.token_hex(8)
