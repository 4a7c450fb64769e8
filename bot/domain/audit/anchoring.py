"""Heads of the log that were noted outside it. Whoever rewrites the log cannot rewrite these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import BugError

HEAD_ANCHORED = "head_anchored"
"""The kind of the event that is itself the noted head."""
HEAD_SAID = "audit_head"
"""The log line that notes a head."""
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """An event that was the last one when it was noted. Ids count up from 1, so its id is also how many there
    were."""

    id: int
    hash: str
    source: str = ""
    """Where the note stands, for people: " in heads.log, line 12"."""


class Anchors:
    """The noted heads, met one after the other as a log is read in order of id."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self._waiting = sorted(anchors, key=lambda anchor: anchor.id, reverse=True)

    @property
    def next(self) -> Anchor | None:
        """The first that was not met yet."""
        return self._waiting[-1] if self._waiting else None

    def fits(self, id: int, hash: str) -> bool:
        """Whether every note up to this event speaks of what is there."""
        while self._waiting and self._waiting[-1].id <= id:
            anchor = self._waiting.pop()
            if anchor.id != id or anchor.hash != hash:
                return False
        return True


def anchors_in(lines: Iterable[str], name: str) -> tuple[Anchor, ...]:
    """The heads noted in lines of the bot's log; whatever else stands there is passed over.

    A line may carry a prefix of whoever collected it. Raises BugError for a line that names `audit_head` and
    cannot be read.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if HEAD_SAID not in line:
            continue
        where = f" in {name}, line {number}"
        try:
            said, _ = json.JSONDecoder().raw_decode(line[line.index("{") :])
            if said.get("event") == HEAD_SAID:
                found.append(_anchor(said["id"], said["hash"], said["count"], where))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BugError(f"A noted head{where} cannot be read: {line.strip()[:200]}") from error
    return tuple(found)


def _anchor(id: object, hash: object, count: object, where: str) -> Anchor:
    if type(id) is not int or id < 1 or count != id or not isinstance(hash, str) or not HASH.fullmatch(hash):
        raise ValueError("this is no head")
    return Anchor(id=id, hash=hash, source=where)


def is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Whether a head is to be noted: never done, long enough ago, or the clock was set back behind it."""
    return last is None or not last <= now < last + every
