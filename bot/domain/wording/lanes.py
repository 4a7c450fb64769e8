"""One lane on a card: where it is, its pairs with their outcomes, who decided or may decide, its buttons."""

from __future__ import annotations

from bot.domain.lifecycle import countable, in_state
from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    ClickKind,
    Decision,
    Glass,
    Lane,
    Member,
)  # fmt: skip
from bot.domain.notices import (
    Bullets,
    Buttons,
    Choice,
    Group,
    Line,
    Moment,
    Paragraph,
    Part,
    Small,
    Span,
    Who,
)  # fmt: skip
from bot.domain.policy import still_missing
from bot.domain.states import JobState, LaneState, MemberOutcome
from bot.domain.wording.pairs import (
    bold,
    counted,
    lasting,
    names,
    needed,
    pair_lines,
    plain,
)  # fmt: skip
from bot.domain.wording.views import CardView, LaneView


def lane_parts(view: CardView, lane_view: LaneView, buttons: bool) -> list[Part]:
    lane = lane_view.lane
    parts: list[Part] = [Paragraph(_state_line(lane_view))]
    parts += [Bullets(_lines(view.request.action, lane_view))] if lane_view.members else []
    parts += [Paragraph((bold("Warning: "), plain(warning))) for warning in lane.verdict.warnings]
    if lane.state is LaneState.AWAITING_APPROVAL:
        parts += _waiting(view, lane_view)
    elif lane.state in (LaneState.DENIED, LaneState.HOLDING):
        parts += _refusal(lane)
    elif lane.note and lane.state is not LaneState.REJECTED:
        parts.append(Paragraph((plain(lane.note),)))
    parts += [Paragraph(line) for line in _decided(lane_view)]
    parts += _facts(lane_view)
    choices = choices_of(lane_view) if buttons and not tried_again(view, lane_view) else ()
    if choices:
        parts.append(Buttons(lane=lane.id, plan_hash=lane.plan_hash, choices=choices))
    return parts


def tried_again(view: CardView, lane_view: LaneView) -> bool:
    """Whether what failed here stands in a later lane: then that one has the button."""
    failed = {m.pair for m in lane_view.members if m.outcome is MemberOutcome.FAILED}
    later = (other for other in view.lanes if other.lane.number > lane_view.lane.number)
    return any(m.pair in failed for other in later for m in other.members)


REVIEW_WORDS = {
    LaneState.AWAITING_APPROVAL: "The breaking of the glass waits for its review",
    LaneState.SUCCEEDED: "The breaking of the glass was reviewed and found right",
    LaneState.REJECTED: "A reviewer objects to the breaking of the glass",
    LaneState.EXPIRED: "Nobody reviewed the breaking of the glass in time",
}


def already(lane_view: LaneView) -> bool:
    return bool(lane_view.members) and all(
        m.outcome is MemberOutcome.NOTHING_TO_DO for m in lane_view.members
    )


def _state_line(lane_view: LaneView) -> Line:
    lane, members = lane_view.lane, lane_view.members
    if lane.verdict.glass is Glass.REVIEW:
        return (bold(REVIEW_WORDS.get(lane.state, in_state(lane.state).capitalize())),)
    size = f" ({counted(len(members), 'pair')})"
    if already(lane_view):
        return (bold("Already so, nothing to do"), plain(size))
    head: list[Span] = [bold(in_state(lane.state).capitalize()), plain(size)]
    if lane.state is LaneState.PARTLY_SUCCEEDED:
        good = sum(m.outcome in (MemberOutcome.DONE, MemberOutcome.NOTHING_TO_DO) for m in members)
        head.append(plain(f": {good} of {len(members)} verified, {len(members) - good} not"))
    if lane.state is LaneState.APPROVED and lane.verdict.requirement == NO_REQUIREMENT:
        head = [bold("Goes now, no approval needed"), plain(size)]
    return tuple(head)


def _lines(action: Action, lane_view: LaneView) -> tuple[Line, ...]:
    """Pairs with their own outcome: failures carry their reason, verified shares whether the receiver has accepted."""
    return pair_lines(action, lane_view.members, _remark)


def _remark(member: Member) -> str:
    if member.outcome is MemberOutcome.FAILED:
        return f"failed: {member.detail}"
    if member.outcome is MemberOutcome.NOTHING_TO_DO:
        return "already so"
    if member.outcome is MemberOutcome.DONE and member.cloud_status:
        return (
            "shared, accepted by the receiver"
            if member.cloud_status == "accepted"
            else "shared, not yet accepted"
        )
    return ""


def _waiting(view: CardView, lane_view: LaneView) -> list[Part]:
    lane = lane_view.lane
    missing = still_missing(
        lane.verdict.requirement, countable(lane_view.decisions, lane.verdict, view.request.requester)
    )
    line: list[Span] = [bold("Needs "), *needed(missing, view.groups)]
    if lane.deadline is not None:
        line += [plain(", before "), Moment(lane.deadline)]
    return [Paragraph((*line, plain("."))), *_attention(view, lane_view), *_because(lane)]


def _attention(view: CardView, lane_view: LaneView) -> list[Part]:
    spans: list[Span] = []
    for name in sorted(lane_view.tell):
        known = view.groups.get(name)
        spans += [
            plain(", ") if spans else plain("For the attention of "),
            Group(name, known.slack_usergroup if known else None),
        ]
    return [Small(tuple(spans))] if spans else []


def _because(lane: Lane) -> list[Part]:
    """Which rule asks for it. Where several do, which of them asks for what."""
    if len(lane.verdict.rules) == 1:
        return [Small((plain("rule "), *names(lane.verdict.rules)))]
    return [Small((plain(lane.verdict.why),))] if lane.verdict.why else []


def _refusal(lane: Lane) -> list[Part]:
    parts: list[Part] = [Paragraph((plain(lane.note or lane.verdict.why),))]
    if (
        lane.verdict.nearest
        and lane.state is LaneState.DENIED
        and lane.verdict.nearest not in lane.verdict.why
    ):
        parts.append(Paragraph((bold("Nearest way through: "), plain(lane.verdict.nearest))))
    if lane.state is LaneState.HOLDING and lane.deadline is not None:
        parts.append(
            Small(
                (
                    plain("It is looked at again until it is known, at the latest until "),
                    Moment(lane.deadline),
                )
            )
        )
    return parts


def _decided(lane_view: LaneView) -> list[Line]:
    lines: list[Line] = []
    for decision in lane_view.decisions:
        word = _decision_word(lane_view.lane, decision)
        line: list[Span] = [plain(word), Who(decision.person.user), plain(", "), Moment(decision.at)]
        if decision.reason:
            line.append(plain(f": {decision.reason}"))
        lines.append(tuple(line))
    return lines


def _decision_word(lane: Lane, decision: Decision) -> str:
    match lane.verdict.glass, decision.approve:
        case Glass.BROKEN, True:
            return "Glass broken, no approval: by "
        case Glass.REVIEW, True:
            return "Reviewed by "
        case Glass.REVIEW, False:
            return "Objection by "
        case _:
            return "Approved by " if decision.approve else "Rejected by "


def _says_why(lane: Lane) -> bool:
    """Whether the verdict's sentence, which names the rule, stands on the card already."""
    states = (LaneState.AWAITING_APPROVAL, LaneState.DENIED, LaneState.HOLDING)
    return bool(lane.verdict.why) and lane.state in states


def _facts(lane_view: LaneView) -> list[Part]:
    """Small print: the rules, the cloud's job ids, how many calls are still open."""
    lane = lane_view.lane
    spans: list[Span] = []
    if lane.verdict.rules and not already(lane_view) and not _says_why(lane):
        spans += [plain("rule "), *names(lane.verdict.rules)]
    ids = [job.cloud_job for job in lane_view.jobs if job.cloud_job]
    if ids:
        spans += [plain(" · job " if spans else "job "), *names(ids)]
    still = sum(job.state is not JobState.DONE for job in lane_view.jobs)
    if still and len(lane_view.jobs) > 1:
        spans.append(plain(f" · {still} of {len(lane_view.jobs)} calls not finished"))
    spans += _time_limit(lane_view, bool(spans))
    return [Small(tuple(spans))] if spans else []


def _time_limit(lane_view: LaneView, goes_on: bool) -> list[Span]:
    """For how long; until when, once it is shared. What is not shared yet is not said to be."""
    lane = lane_view.lane
    if lane.verdict.share_for is None:
        return []
    head = " · " if goes_on else ""
    ends = next((m.shared_until for m in lane_view.members if m.shared_until), None)
    if ends is None:
        return [plain(f"{head}{lasting(lane.verdict.share_for).strip()} from the moment it is shared")]
    return [plain(f"{head}shared{lasting(lane.verdict.share_for)}, until "), Moment(ends)]


REVIEWED = Choice(ClickKind.APPROVE, "Reviewed, It Was Right")
OBJECT = Choice(ClickKind.REJECT, "Object")
BREAK_GLASS = Choice(
    ClickKind.BREAK_GLASS,
    "Break Glass",
    "danger",
    "You go without the approvals. It is announced at once, stays on this card for ever, and somebody else reviews it.",
)
APPROVE = Choice(ClickKind.APPROVE, "Approve", "primary")
CHOOSE = Choice(ClickKind.CHOOSE, "Approve Some…")
REJECT = Choice(ClickKind.REJECT, "Reject")
CANCEL = Choice(
    ClickKind.CANCEL, "Cancel Request", "plain", "The requester takes this part of the request back."
)
RETRY = Choice(ClickKind.RETRY, "Retry Failed")
CHECK_AGAIN = Choice(ClickKind.RETRY, "Check Again")


def choices_of(lane_view: LaneView) -> tuple[Choice, ...]:
    """The buttons that make sense in the lane's state; a settled lane has none but, where pairs failed, Retry."""
    lane = lane_view.lane
    if lane.state is LaneState.AWAITING_APPROVAL and lane.verdict.glass is Glass.REVIEW:
        return REVIEWED, OBJECT
    if lane.state is LaneState.AWAITING_APPROVAL and lane.verdict.glass is Glass.OFFERED:
        return APPROVE, REJECT, CANCEL, BREAK_GLASS
    if lane.state is LaneState.AWAITING_APPROVAL:
        return (APPROVE, CHOOSE, REJECT, CANCEL) if len(lane_view.members) > 1 else (APPROVE, REJECT, CANCEL)
    if lane.state in (LaneState.HOLDING, LaneState.APPROVED):
        return (CANCEL,)
    if lane.state is LaneState.STUCK:
        return (CHECK_AGAIN,)
    if lane.state in (LaneState.FAILED, LaneState.PARTLY_SUCCEEDED) and any(
        m.outcome is MemberOutcome.FAILED for m in lane_view.members
    ):
        return (RETRY,)
    return ()
