"""What is said when somebody goes without approvals in an emergency, and when others have looked at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.lifecycle import Recorded
from bot.domain.model import GroupDef, GroupName, Member, Request
from bot.domain.notices import Message, Paragraph, Small, Who
from bot.domain.policy import BreakGlass
from bot.domain.wording.pairs import bold, counted, needed, plain
from bot.domain.wording.thread import phrase


def announcement(
    request: Request, members: Sequence[Member], rule: BreakGlass, groups: Mapping[GroupName, GroupDef]
) -> Message:
    """Said at once, under the card and in its channel."""
    hours = int(rule.review_within.total_seconds() // 3600)
    text = f"broke the glass for request #{request.id}: {phrase(members)} goes without approvals. Reason: {request.reason}"
    by_when = f" must look at it within {counted(hours, 'hour')}."
    return Message(
        text=text,
        parts=(
            Paragraph((bold("Glass broken. "), Who(request.requester.user), plain(f" {text}"))),
            Small((*needed(rule.review, groups), plain(by_when))),
        ),
        lead=request.requester.user,
    )


def reviewed(recorded: Recorded) -> Message:
    """Somebody has looked at it."""
    user = recorded.decision.person.user
    if not recorded.decision.approve:
        text = f"objects to the breaking of the glass: {recorded.decision.reason} To take the share back, use unshare."
    elif recorded.missing:
        text = f"has reviewed the breaking of the glass. Still needed: {recorded.missing}."
    else:
        text = "has reviewed the breaking of the glass and finds it right."
    return Message(text=text, parts=(Paragraph((Who(user), plain(f" {text}"))),), lead=user)


def not_reviewed() -> Message:
    """Nobody looked at it in time."""
    text = (
        "Nobody has reviewed the breaking of the glass in time. That stays on the card and in the audit log."
    )
    return Message(text=text, parts=(Paragraph((bold("Not reviewed. "), plain(text))),))


def to_be_reviewed() -> Message:
    """A reminder."""
    text = "The breaking of the glass still waits for its review."
    return Message(text=text, parts=(Paragraph((plain(text),)),))
