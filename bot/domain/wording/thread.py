"""What is said under a card when something happened. Each sentence says no more than the store and the cloud hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.errors import BotError, OperatorError
from bot.domain.lifecycle import Recorded
from bot.domain.model import Action, Job, Lane, Member, Request
from bot.domain.notices import Bullets, Line, Message, Moment, Paragraph, Part, Small, Span, Who
from bot.domain.states import LaneState, MemberOutcome
from bot.domain.wording.pairs import (
    bold,
    counted,
    image_names,
    lasting,
    names,
    pair_lines,
    plain,
    project_names,
    spoken,
)  # fmt: skip

GOOD = (MemberOutcome.DONE, MemberOutcome.NOTHING_TO_DO)


def phrase(members: Sequence[Member]) -> str:
    """The pairs for the ear: `base-ubuntu-24 with shop-dev, shop-prod`."""
    return f"{spoken(image_names(members))} with {spoken(project_names(members))}"


def decided(recorded: Recorded, members: Sequence[Member], waiting: int = 0) -> Message:
    """Somebody approved or rejected, and it counts. `waiting`: members of the lane they left undecided."""
    decision, user = recorded.decision, recorded.decision.person.user
    if not decision.approve:
        said = f"rejected it: {decision.reason}" if decision.reason else "rejected it."
        text = f"{said.rstrip('.')}. Not shared: {phrase(members)}."
        return Message(text=text, parts=(Paragraph((Who(user), plain(f" {text}"))),), lead=user)
    if waiting:
        text = f"approved only {phrase(members)}; the other {counted(waiting, 'pair')} wait on. {_rest(recorded)}"
    else:
        text = f"approved sharing {phrase(members)}. {_rest(recorded)}"
    return Message(text=text, parts=(Paragraph((Who(user), plain(f" {text}"))),), lead=user)


def _rest(recorded: Recorded) -> str:
    return (
        f"Still needed: {recorded.missing}." if recorded.missing else "Nothing else is needed; it goes now."
    )


def result(request: Request, lane: Lane, members: Sequence[Member], jobs: Sequence[Job]) -> Message:
    """A lane has ended after it ran: what the read-back proved, pair by pair."""
    good = [m for m in members if m.outcome in GOOD]
    bad = [m for m in members if m.outcome not in GOOD]
    head = _headline(request.action, good, bad)
    parts: list[Part] = [Paragraph((bold(head.split(":")[0]), plain(head[len(head.split(":")[0]) :])))]
    if good and bad:
        parts.append(Bullets(pair_lines(request.action, good)))
    if bad:
        parts += [Paragraph((bold("Not done:"),)), Bullets(pair_lines(request.action, bad, _why))]
        if any(m.outcome is MemberOutcome.FAILED for m in bad):
            parts.append(Paragraph((plain("Press Retry Failed on the card to try the failed pairs again."),)))
    if request.action is Action.SHARE and any(m.cloud_status == "pending" for m in good):
        parts.append(Small((plain("The receiving projects must accept the image before they can use it."),)))
    parts += _small_print(lane, good, jobs)
    return Message(text=f"{head} (request #{request.id})", parts=tuple(parts))


def _headline(action: Action, good: Sequence[Member], bad: Sequence[Member]) -> str:
    verb = "shared" if action is Action.SHARE else "no longer shared"
    if good and not bad:
        return f"Done and verified: {spoken(image_names(good))} {verb} with {spoken(project_names(good))}."
    if good:
        return (
            f"Partly done: {len(good)} of {counted(len(good) + len(bad), 'pair')} verified, {len(bad)} not."
        )
    return f"Failed: none of {counted(len(bad), 'pair')} went through."


def _why(member: Member) -> str:
    return member.detail or "no reason is known"


def _small_print(lane: Lane, good: Sequence[Member], jobs: Sequence[Job]) -> list[Part]:
    spans: list[Span] = []
    ids = [job.cloud_job for job in jobs if job.cloud_job]
    if ids:
        spans += [plain("job "), *names(ids), plain(" · read back from the member list")]
    until = next((m.shared_until for m in good if m.shared_until), None)
    if until is not None:
        spans += [plain(f" · shared{lasting(lane.verdict.share_for)}; taken back on "), Moment(until)]
    return [Small(tuple(spans))] if spans else []


def expired(lane: Lane, members: Sequence[Member]) -> Message:
    """Nobody decided in time, or a fact stayed unknown."""
    reason = "a fact the policy needs could not be found out" if lane.note else "nobody decided in time"
    text = f"Expired: {reason}. Not shared: {phrase(members)}. Ask again if it is still wanted."
    return Message(text=text, parts=(Paragraph((bold("Expired"), plain(text[len("Expired") :]))),))


def cancelled(by: str, members: Sequence[Member]) -> Message:
    text = f"cancelled this part of the request. Nothing was changed for: {phrase(members)}."
    return Message(text=text, parts=(Paragraph((Who(by), plain(f" {text}"))),), lead=by)


def now_forbidden(members: Sequence[Member]) -> Message:
    """The policy refuses now what it allowed when the plan was made."""
    text = f"The policy no longer allows this: nothing was shared of {phrase(members)}."
    return Message(
        text=text, parts=(Paragraph((plain(text),)), Bullets(pair_lines(Action.SHARE, members, _why)))
    )


def not_enough(missing: str) -> Message:
    """The requirement has grown since it was approved."""
    text = f"The policy asks for more than when this was approved. Still needed: {missing}."
    return Message(text=text, parts=(Paragraph((plain(text),)),))


def stuck(lane: Lane, members: Sequence[Member]) -> Message:
    """The bot cannot tell; what a person can do."""
    text = (
        f"Stuck: {lane.note} It is not known whether this was done: {phrase(members)}. "
        "Look at the image's sharing page in the cloud's console, then press Check Again on the card."
    )
    return Message(text=text, parts=(Paragraph((bold("Stuck"), plain(text[len("Stuck") :]))),))


def reminder(lane: Lane, members: Sequence[Member], needed: Line, up: Line = ()) -> Message:
    """`up`: groups to whom the wait is escalated now."""
    text = f"Still waiting for a decision: {phrase(members)}."
    line: list[Span] = [plain(f"{text} Needs "), *needed]
    if lane.deadline is not None:
        line += [plain(", before "), Moment(lane.deadline)]
    parts: list[Part] = [Paragraph((*line, plain(".")))]
    parts += [Paragraph((plain("For the attention of "), *up))] if up else []
    return Message(text=text, parts=tuple(parts))


def retried(by: str, members: Sequence[Member]) -> Message:
    text = f"asked to try the failed pairs again: {phrase(members)}."
    return Message(text=text, parts=(Paragraph((Who(by), plain(f" {text}"))),), lead=by)


def checked_again(by: str) -> Message:
    text = "asked to check again: the member list is read once more."
    return Message(text=text, parts=(Paragraph((Who(by), plain(f" {text}"))),), lead=by)


def kept_by_another(members: Sequence[Member], at: datetime) -> Message:
    """The time of a share is over, but a later request shares the same pairs for longer."""
    text = (
        f"The agreed time is over; kept, because a later request shares them for longer: {phrase(members)}."
    )
    return Message(text=text, parts=(Paragraph((plain(text), plain(" "), Moment(at))),))


def still_waiting(error: BotError, lane: Lane) -> Message:
    """A call cannot be sent to the cloud, and it does not depend on the people in the channel."""
    if isinstance(error, OperatorError):
        why = "the cloud does not accept the bot's credentials; the bot's operator has to mend that"
    else:
        why = "the cloud does not take calls just now"
    if lane.state is LaneState.APPROVED:
        text = f"Nothing was sent to the cloud yet: {why}. It is tried again by itself; until it is sent, the request can be cancelled."
    else:  # another call of this part was sent before: what is left cannot be cancelled any more
        text = f"A part of this is not sent to the cloud yet: {why}. It is tried again by itself."
    return Message(text=text, parts=(Paragraph((plain(text),)),))
