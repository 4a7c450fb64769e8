"""What is said under a card when a part that was on hold has been planned again: an edited card notifies nobody, and those who now
have to act, or whose wish is now refused, shall hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.model import GroupDef, GroupName, Lane, Member, Request
from bot.domain.notices import Bullets, Line, Message, Moment, Paragraph, Span
from bot.domain.states import LaneState
from bot.domain.wording.pairs import bold, needed, plain
from bot.domain.wording.thread import phrase

Planned = tuple[Lane, Sequence[Member]]


_WORDS = {
    LaneState.AWAITING_APPROVAL: "Waits for a decision",
    LaneState.DENIED: "Refused",
    LaneState.HOLDING: "Still on hold",
    LaneState.SUCCEEDED: "Already so",
}


def known_now(request: Request, planned: Sequence[Planned], groups: Mapping[GroupName, GroupDef]) -> Message:
    """Part by part, as just planned: what goes, who has to approve what, what is refused and why. Nobody has voted yet."""
    head = f"What was on hold has been looked at again (request #{request.id})."
    parts = [f"{_word(lane)}: {phrase(members)}.{_why(lane)}" for lane, members in planned]
    lines = tuple(_line(lane, members, groups) for lane, members in planned)
    return Message(
        text=" ".join((head, *parts)),
        parts=(Paragraph((plain("What was on hold has been looked at again:"),)), Bullets(lines)),
    )


def _word(lane: Lane) -> str:
    return _WORDS.get(lane.state, "Goes now")


def _why(lane: Lane) -> str:
    verdict = lane.verdict
    if lane.state not in (LaneState.DENIED, LaneState.HOLDING):
        return ""
    way = verdict.nearest if lane.state is LaneState.DENIED and verdict.nearest not in verdict.why else ""
    return f" {verdict.why}" + (f" Nearest way through: {way}" if way else "")


def _line(lane: Lane, members: Sequence[Member], groups: Mapping[GroupName, GroupDef]) -> Line:
    line: list[Span] = [bold(f"{_word(lane)}: "), plain(f"{phrase(members)}.{_why(lane)}")]
    if lane.state is LaneState.AWAITING_APPROVAL:
        line += [plain(" Needs "), *needed(lane.verdict.requirement, groups)]
        line += [] if lane.deadline is None else [plain(", before "), Moment(lane.deadline)]
        line.append(plain("."))
    return tuple(line)
