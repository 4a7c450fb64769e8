"""Trying failed members again, as a new lane under the same approvals; and looking again at a stuck lane.

The policy has the last word: the new lane is judged once more before it starts, like every approved lane.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.lifecycle import in_state, job_step, settle
from bot.domain.model import (
    Due,
    DueKind,
    InboxItem,
    Lane,
    LaneId,
    Member,
    Person,
    Request,
    RequestId,
)  # fmt: skip
from bot.domain.notices import Message
from bot.domain.plan import plan_hash, unread
from bot.domain.states import JobEvent, JobState, LaneState, MemberOutcome, RequestState
from bot.domain.wording import replies, thread
from bot.ports import Outside, Transaction
from bot.usecases.advance import Happened, lane_and_request, redraw, save_step, schedule, tell_thread
from bot.usecases.refuse_click import UNKNOWN_LANE, click_done, refuse_click

RETRIABLE = (LaneState.FAILED, LaneState.PARTLY_SUCCEEDED, LaneState.STUCK)


async def retry_request(outside: Outside, person: Person, number: RequestId) -> Message:
    """`retry #12`: every failed or stuck lane."""
    now = outside.clock.now()

    def store(tx: Transaction) -> Message:
        request = tx.request(number)
        if request is None:
            return replies.unknown_request(number)
        if not may_retry(tx, request, person):
            tx.record(
                "retry_refused",
                at=now,
                actor=person,
                request=number,
                data={"why": "neither asked nor approved"},
            )
            return replies.not_yours(request, "retry")
        retried = [lane for lane in tx.lanes(number) if retry_lane(tx, request, lane, person, now)]
        if not retried:
            return replies.nothing_to("retry", request)
        return replies.done(f"Request #{number}: trying again; the outcome follows in the thread.")

    return await outside.store.write(store)


def may_retry(tx: Transaction, request: Request, person: Person) -> bool:
    """The requester, or somebody who approved a lane of it."""
    approvers = {d.person for lane in tx.lanes(request.id) for d in tx.decisions(lane.id) if d.approve}
    return person == request.requester or person in approvers


def retry_lane(tx: Transaction, request: Request, lane: Lane, person: Person, now: datetime) -> bool:
    """Whether there was anything to try again in this lane."""
    if lane.state is LaneState.STUCK:
        _look_again(tx, request, lane, person, now)
        return True
    if lane.state not in RETRIABLE:
        return False
    failed = [m for m in tx.members(lane.id) if m.outcome is MemberOutcome.FAILED]
    if not failed or _tried_already(tx, lane, failed):
        return False
    _open_again(
        tx, request, lane, failed, Happened(kind="lane_retried", at=now, actor=person, data={"of": lane.id})
    )
    tell_thread(tx, request, thread.retried(person.user, failed), now)
    return True


def _tried_already(tx: Transaction, lane: Lane, failed: list[Member]) -> bool:
    """A failed pair that already stands in a later lane of the request must be retried there."""
    pairs = {m.pair for m in failed}
    later = (other for other in tx.lanes(lane.request) if other.number > lane.number)
    return any(m.pair in pairs for other in later for m in tx.members(other.id))


def _look_again(tx: Transaction, request: Request, lane: Lane, person: Person, now: datetime) -> None:
    jobs = []
    for job in tx.jobs(lane.id):
        if job.state is JobState.STUCK:
            job = tx.save_job(job_step(job, JobEvent.OPERATOR_RESUMED))
            data = {"job": job.id, "state": job.state.value}
            tx.record("job_resumed", at=now, actor=person, request=request.id, lane=lane.id, data=data)
            tx.plan_work(DueKind.VERIFY, str(job.id), now)
        jobs.append(job)
    resumed = replace(settle(lane, jobs, tx.members(lane.id), now), note="")
    save_step(tx, request, resumed, Happened(kind="lane_resumed", at=now, actor=person))
    tell_thread(tx, request, thread.checked_again(person.user), now)


def _open_again(
    tx: Transaction, request: Request, lane: Lane, failed: list[Member], happened: Happened
) -> None:
    """The failed members as a new approved lane; fewer members than were approved, so the approvals go with them."""
    number = max(other.number for other in tx.lanes(request.id)) + 1
    new = replace(
        lane,
        id=LaneId(f"{request.id}.{number}"),
        number=number,
        state=LaneState.APPROVED,
        plan_hash=plan_hash(request, [(m.image, m.project) for m in failed]),
        created_at=happened.at,
        note="Another try of what failed above.",
        ended_at=None,
        version=0,
    )
    members = [_pending(m, new.id) for m in failed]
    tx.add_lane(new, members)
    for decision in tx.decisions(lane.id):
        tx.add_decision(replace(decision, lane=new.id, plan_hash=new.plan_hash))
    if request.state is RequestState.ENDED:
        tx.save_request(replace(request, state=RequestState.PLANNED))
    tx.record(
        happened.kind,
        at=happened.at,
        actor=happened.actor,
        request=request.id,
        lane=new.id,
        data={
            "state": new.state.value,
            "plan_hash": new.plan_hash,
            "pairs": [list(m.pair) for m in members],
            **(happened.data or {}),
        },
    )
    redraw(tx, request, happened.at)
    schedule(tx, new, happened.at)


def _pending(failed: Member, lane: LaneId) -> Member:
    """What is known of its image was read before it failed, or long before: its member list counts as not read, so that the start
    looks anew."""
    image = unread(failed.image)
    return replace(
        failed, lane=lane, image=image, outcome=MemberOutcome.PENDING, detail="", cloud_status="", job=None
    )


async def retry_by_click(outside: Outside, due: Due, item: InboxItem) -> None:
    """The Retry Failed or Check Again button of one lane."""
    now = outside.clock.now()

    def store(tx: Transaction) -> None:
        found = lane_and_request(tx, item.body["lane"])
        why = _retry(tx, found, item, now)
        if why is not None:
            refuse_click(tx, item, found, why, now)
        click_done(tx, due, item, now)

    await outside.store.write(store)


def _retry(tx: Transaction, found: tuple[Lane, Request] | None, item: InboxItem, now: datetime) -> str | None:
    """Retried, and None; or why not."""
    if found is None:
        return UNKNOWN_LANE
    lane, request = found
    if not may_retry(tx, request, item.person):
        return "Only the person who asked, or somebody who approved it, can try it again."
    if not retry_lane(tx, request, lane, item.person, now):
        return f"There is nothing left to try again here: it is {in_state(lane.state)}, or it is being tried already."
    return None
