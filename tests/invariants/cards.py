"""Promise 4, where it is read: what stands on a card at the end, and the end of a lane as its pairs make it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.model import Action, ClickKind
from bot.domain.notices import Buttons
from bot.domain.states import LaneState, MemberOutcome
from tests.invariants.evidence import Evidence, Said

_GOOD = (MemberOutcome.DONE, MemberOutcome.NOTHING_TO_DO)


def ends_fit_their_pairs(evidence: Evidence) -> Iterator[str]:
    """Done is a lane with every pair done, failed one with none, partly done one with some."""
    for lane in evidence.stored.lanes:
        good = [member.outcome in _GOOD for member in evidence.stored.members_of(lane.id)]
        fits = {
            LaneState.SUCCEEDED: all(good),
            LaneState.FAILED: not any(good),
            LaneState.PARTLY_SUCCEEDED: any(good) and not all(good),
        }
        if not fits.get(lane.state, True):
            yield f"lane {lane.id} is {lane.state.value}, and {sum(good)} of {len(good)} pairs are done"


def failures_were_read(evidence: Evidence) -> Iterator[str]:
    """No pair is called failed before a member list was read, after it was last sent, on which it is not as was asked."""
    if not evidence.listings:
        return
    jobs = {job.id: job for job in evidence.stored.jobs}
    for member in evidence.stored.members:
        job = (
            jobs.get(member.job)
            if member.job is not None and member.outcome is MemberOutcome.FAILED
            else None
        )
        if job is None:
            continue
        image, project = member.pair
        sent = [call.at for call in evidence.calls if job.cloud_job and call.job_id == job.cloud_job]
        since, shared = max(sent, default=0.0), job.action is Action.SHARE
        read = [
            one.members.get(project) for one in evidence.listings if one.image == image and one.at >= since
        ]
        if not any((status in (None, "rejected")) is shared for status in read):
            yield f"{member.pair} of lane {member.lane} is called failed, and no list showed that: {member.detail}"


def cards_show_the_end(evidence: Evidence) -> Iterator[str]:
    """To be asked at the end: no card that the bot could draw offers to approve what waits for nothing any more."""
    lanes = {lane.id: lane.state for lane in evidence.stored.lanes}
    last: dict[object, Said] = {said.ref: said for said in evidence.said if said.ref is not None}
    for request, copy in evidence.stored.cards:
        ref, shown = getattr(copy, "ref", copy), getattr(copy, "shown", "")
        if not shown or ref not in last or last[ref].gone:
            continue
        for part in last[ref].message.parts:
            offers = isinstance(part, Buttons) and any(c.click is ClickKind.APPROVE for c in part.choices)
            if isinstance(part, Buttons) and offers and lanes[part.lane] is not LaneState.AWAITING_APPROVAL:
                yield f"the card of #{request} offers to approve lane {part.lane}, which is {lanes[part.lane].value}"
