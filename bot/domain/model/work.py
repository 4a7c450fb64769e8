"""What waits to be acted on, and what is written down for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.model.ids import InboxId, LaneId, RequestId
from bot.domain.model.people import Person


class InboxKind(StrEnum):
    CLICK = "click"
    WHO = "who"
    WHY = "why"
    DRY_RUN = "dry_run"


class ClickKind(StrEnum):
    APPROVE = "approve"
    CHOOSE = "choose"
    """Opens the form in which some pairs of a lane are approved and the rest is left waiting."""
    BREAK_GLASS = "break_glass"
    REJECT = "reject"
    CANCEL = "cancel"
    RETRY = "retry"


@dataclass(frozen=True, kw_only=True)
class InboxItem:
    """Something acknowledged and not yet acted on. Its dedupe key makes a second delivery the same item."""

    id: InboxId
    kind: InboxKind
    dedupe_key: str
    person: Person
    channel: str
    received_at: datetime
    body: Mapping[str, str] = field(default_factory=dict)
    """For a click: click, lane, plan_hash, reason, message_ts, chosen. For who: image; for why: request; for dry_run: text."""
    response_url: str | None = field(default=None, repr=False)
    """Emptied when handled."""
    handled_at: datetime | None = None


class DueKind(StrEnum):
    """What a due row asks for; the use case that acts on it has the same name."""

    PLAN = "plan"
    INBOX = "inbox"
    ANSWER = "answer"
    START = "start"
    SUBMIT = "submit"
    POLL = "poll"
    VERIFY = "verify"
    DELIVER = "deliver"
    DEADLINE = "deadline"
    REMIND = "remind"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, kw_only=True)
class Due:
    """Something to act on at a time, and the claim under which it is acted on."""

    kind: DueKind
    subject: str
    """Id of the row it is about: request, inbox item, lane, job or notice."""
    at: datetime
    claim: str
    attempts: int = 1
    """How many times it was claimed, this time included."""


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One row of the audit log. `hash` covers all other fields and `previous`, see bot.domain.audit."""

    id: int
    at: datetime
    kind: str
    """What happened, past tense: request_received, decision_recorded, click_refused, policy_loaded, ..."""
    actor: Person | None
    """None: the bot itself."""
    request: RequestId | None
    lane: LaneId | None
    data: Mapping[str, object]
    """JSON values only; never a secret, a token or a response_url."""
    previous: str
    hash: str
