"""The requester takes a request, or one lane of it, back. Only what has not been sent to the cloud can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.lifecycle import close_members, in_state, job_step, step
from bot.domain.model import Due, InboxItem, Lane, Person, Request, RequestId
from bot.domain.notices import Message
from bot.domain.states import JobEvent, JobState, LaneEvent, LaneState, RequestState
from bot.domain.wording import replies, thread
from bot.ports import Outside, Transaction
from bot.usecases.advance import Happened, lane_and_request, save_step, tell_thread
from bot.usecases.refuse_click import UNKNOWN_LANE, click_done, refuse_click

CANCELLABLE = (LaneState.HOLDING, LaneState.AWAITING_APPROVAL, LaneState.APPROVED)


async def cancel_request(outside: Outside, person: Person, number: RequestId) -> Message:
    """`cancel #12`: every lane that has not been sent yet; the answer says what could not be stopped."""
    now = outside.clock.now()

    def store(tx: Transaction) -> Message:
        request = tx.request(number)
        if request is None:
            return replies.unknown_request(number)
        if request.requester != person:
            tx.record(
                "cancel_refused", at=now, actor=person, request=number, data={"why": "not the requester"}
            )
            return replies.not_yours(request, "cancel")
        if request.state is RequestState.PLANNING:
            tx.save_request(replace(request, state=RequestState.CANCELLED, response_url=None))
            tx.record("request_cancelled", at=now, actor=person, request=number)
            return replies.done(f"Request #{number} is cancelled. Nothing was changed.")
        return _cancel_lanes(tx, request, person, now)

    return await outside.store.write(store)


def _cancel_lanes(tx: Transaction, request: Request, person: Person, now: datetime) -> Message:
    lanes = tx.lanes(request.id)
    open_lanes = [lane for lane in lanes if lane.state in CANCELLABLE]
    for lane in open_lanes:
        cancel_lane(tx, request, lane, person, now)
    under_way = [
        lane for lane in lanes
        if lane.state in (LaneState.SUBMITTING, LaneState.RUNNING, LaneState.VERIFYING, LaneState.UNKNOWN)
    ]  # fmt: skip
    if not open_lanes and not under_way:
        return replies.nothing_to("cancel", request)
    said = f"Request #{request.id}: what had not been sent yet is cancelled." if open_lanes else ""
    rest = (
        " What is already with the cloud cannot be stopped; its outcome follows in the thread."
        if under_way
        else ""
    )
    return replies.done((said + rest).strip())


def cancel_lane(tx: Transaction, request: Request, lane: Lane, person: Person, now: datetime) -> None:
    """One lane, with its queued jobs withdrawn."""
    for job in tx.jobs(lane.id):
        if job.state is JobState.QUEUED:
            saved = tx.save_job(job_step(job, JobEvent.WITHDRAWN))
            data = {"job": saved.id, "state": saved.state.value}
            tx.record("job_withdrawn", at=now, actor=person, request=request.id, lane=lane.id, data=data)
    members = tx.members(lane.id)
    closed = close_members(members, "cancelled by the requester")
    save_step(
        tx, request, step(lane, LaneEvent.CANCELLED, now), Happened(kind="lane_cancelled", at=now, actor=person),
        members=closed,
    )  # fmt: skip
    tell_thread(tx, request, thread.cancelled(person.user, members), now)


async def cancel_by_click(outside: Outside, due: Due, item: InboxItem) -> None:
    """The Cancel button of one lane."""
    now = outside.clock.now()

    def store(tx: Transaction) -> None:
        found = lane_and_request(tx, item.body["lane"])
        why = _refusal(found, item)
        if why is None and found is not None:
            cancel_lane(tx, found[1], found[0], item.person, now)
        elif why is not None:
            refuse_click(tx, item, found, why, now)
        click_done(tx, due, item, now)

    await outside.store.write(store)


def _refusal(found: tuple[Lane, Request] | None, item: InboxItem) -> str | None:
    if found is None:
        return UNKNOWN_LANE
    lane, request = found
    if request.requester != item.person:
        return "Only the person who asked can cancel it. To refuse it, press Reject."
    if lane.plan_hash != item.body["plan_hash"]:
        return "This card is out of date. Please use the newest card."
    if lane.state not in CANCELLABLE:
        return f"It cannot be cancelled any more: it is {in_state(lane.state)}."
    return None
