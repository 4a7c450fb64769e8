"""An approved lane is judged once more, under today's facts and policy, and cut into as few calls to the cloud as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.errors import CloudAuthError, TransientError
from bot.domain.in_force import InForce, in_force, refused_now
from bot.domain.lifecycle import close_members, countable, step
from bot.domain.model import (
    Due,
    DueKind,
    ImageFacts,
    ImageId,
    Job,
    JobRowId,
    Lane,
    Member,
    Outcome,
    Request,
)  # fmt: skip
from bot.domain.notices import Topic
from bot.domain.packing import pack
from bot.domain.plan import already_so, question, reminders_of
from bot.domain.policy import in_words, is_met, still_missing
from bot.domain.states import JobState, LaneEvent, LaneState, MemberOutcome
from bot.domain.wording import thread
from bot.ports import Outside, Transaction, View
from bot.usecases.advance import Happened, lane_and_request, outcomes, save_step, tell_thread
from bot.usecases.look_up import actor, refresh

OVERLAP_DELAY = timedelta(seconds=2)
"""How long a lane waits while another call for one of its pairs is under way: a pair is never in two calls at once."""
MOST_ATTEMPTS = 40
"""After so many tries to find out a missing fact (about half an hour) the lane ends as expired."""


@dataclass(frozen=True, kw_only=True)
class Today:
    """What is so just now: the images' facts and what the policy says."""

    images: dict[ImageId, ImageFacts]
    force: InForce


async def start_lane(outside: Outside, due: Due) -> None:
    """Acts on a START row. Harmless for a lane that has been started, cancelled or changed since."""
    found = await outside.store.read(lambda view: lane_and_request(view, due.subject))
    if found is None or found[0].state is not LaneState.APPROVED:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    lane, request = found
    members = await outside.store.read(lambda view: view.members(lane.id))
    if await outside.store.read(lambda view: _overlaps(view, members)):
        await outside.store.write(lambda tx: _wait(tx, outside, due))
        return
    look = due.attempts > 1 or _is_old(outside, lane, members)
    try:
        today = await _today(outside, request, lane, members, look=look)
    except (TransientError, CloudAuthError) as error:
        if due.attempts < MOST_ATTEMPTS:
            raise
        said = error.message
        await outside.store.write(lambda tx: _expire(tx, outside, due, (lane, request), said))
        return

    def store(tx: Transaction) -> None:
        current = tx.lane(lane.id)
        if current is None or current.state is not LaneState.APPROVED or tx.jobs(lane.id):
            tx.finish(due)
        elif _overlaps(tx, members):
            _wait(tx, outside, due)
        else:
            _start(tx, outside, due, (current, request), today)

    await outside.store.write(store)


def _is_old(outside: Outside, lane: Lane, members: Sequence[Member]) -> bool:
    """Whether the facts may have changed since they were read: more than a minute ago, or with a member list not read at all."""
    unread = any(m.image.shared_with is None for m in members)
    return unread or outside.clock.now() - lane.created_at > outside.limits.facts_age


async def _today(
    outside: Outside, request: Request, lane: Lane, members: Sequence[Member], *, look: bool
) -> Today:
    images = {m.image.id: m.image for m in members}
    if look:
        images = {image.id: image for image in await refresh(outside, list(images.values()))}
    requester = await actor(outside, request.requester)
    policy = outside.policy()
    pending = [
        replace(m, image=images[m.image.id], project=policy.project(m.project.id) or m.project)
        for m in members
        if m.outcome is MemberOutcome.PENDING
    ]
    asked = question(
        request, requester, outside.clock.now(), outside.limits, [(m.image, m.project) for m in members]
    )
    return Today(images=images, force=in_force(policy, asked, lane, pending))


def _overlaps(view: View, members: Sequence[Member]) -> bool:
    pairs = {m.pair for m in members if m.outcome is MemberOutcome.PENDING}
    return any(
        (image, project) in pairs
        for job in view.jobs_in_flight()
        for image in job.images
        for project in job.projects
    )


def _wait(tx: Transaction, outside: Outside, due: Due) -> None:
    """For the other call. However long that takes, it counts as one attempt: the facts are then read anew, and none of the
    patience with what cannot be found out is used up."""
    tx.postpone(due, outside.clock.now() + OVERLAP_DELAY, attempts=1)


def _start(tx: Transaction, outside: Outside, due: Due, found: tuple[Lane, Request], today: Today) -> None:
    lane, request = found
    now, force = outside.clock.now(), today.force
    if force.verdict.outcome is Outcome.HOLD:
        _hold(tx, outside, due, found, force)
        return
    tx.finish(due)
    votes = countable(tx.decisions(lane.id), force.verdict, request.requester)
    if not is_met(force.verdict.requirement, votes):
        _ask_again(tx, outside, found, force)
        return
    refused = refused_now(force)
    if refused:
        tx.save_members(refused)
        tell_thread(tx, request, thread.now_forbidden(refused), now)
    settled = [
        replace(m, outcome=MemberOutcome.NOTHING_TO_DO)
        for m in force.members
        if already_so(request.action, (m.image, m.project))
    ]
    tx.save_members(settled)
    so = {m.pair for m in settled}
    to_do = [m for m in force.members if m.pair not in so]
    if to_do:
        queue_jobs(tx, outside, replace(lane, verdict=force.verdict), (request, to_do), submits=0)
        tx.save_lane(replace(lane, verdict=force.verdict))
        data = {"policy": outside.policy().digest, "members": outcomes([*refused, *settled])}
        tx.record("lane_started", at=now, request=request.id, lane=lane.id, data=data)
    else:
        _nothing_left(tx, outside, found, refused)


def queue_jobs(
    tx: Transaction, outside: Outside, lane: Lane, asked: tuple[Request, Sequence[Member]], *, submits: int
) -> tuple[Job, ...]:
    """The members as queued jobs: exact rectangles, as few calls as can be, never a pair outside."""
    request, members = asked
    now, limits = outside.clock.now(), outside.limits
    by_pair = {m.pair: m for m in members}
    rectangles = pack(
        list(by_pair), max_images=limits.max_images_per_call, max_projects=limits.max_projects_per_call
    )
    jobs: list[Job] = []
    for rectangle in rectangles:
        job = tx.add_job(
            Job(
                id=JobRowId(0), lane=lane.id, action=request.action, images=rectangle.images,
                projects=rectangle.projects, state=JobState.QUEUED, created_at=now, submits=submits,
            )
        )  # fmt: skip
        pairs = [(image, project) for image in rectangle.images for project in rectangle.projects]
        tx.save_members([replace(by_pair[pair], job=job.id) for pair in pairs])
        tx.plan_work(DueKind.SUBMIT, str(job.id), now)
        tx.record(
            "job_queued", at=now, request=request.id, lane=lane.id,
            data={"job": job.id, "images": list(job.images), "projects": list(job.projects), "submits": submits},
        )  # fmt: skip
        jobs.append(job)
    return tuple(jobs)


def _hold(tx: Transaction, outside: Outside, due: Due, found: tuple[Lane, Request], force: InForce) -> None:
    """A fact is unknown just now: look again later, but not for ever."""
    if due.attempts < MOST_ATTEMPTS:
        wait = min(outside.limits.retry_delay * due.attempts, timedelta(minutes=1))
        tx.postpone(due, outside.clock.now() + wait)
    else:
        _expire(tx, outside, due, found, force.verdict.why)


def _expire(tx: Transaction, outside: Outside, due: Due, found: tuple[Lane, Request], why: str) -> None:
    """What must be known could not be found out for too long."""
    lane, request = found
    now = outside.clock.now()
    tx.finish(due)
    current = tx.lane(lane.id)
    if current is None or current.state is not LaneState.APPROVED or tx.jobs(lane.id):
        return
    members = tx.members(lane.id)
    after = step(current, LaneEvent.DEADLINE_PASSED, now, note=f"Could not be found out in time: {why}")
    happened = Happened(kind="lane_expired", at=now, data={"why": why})
    save_step(tx, request, after, happened, members=close_members(members, "expired"))
    tell_thread(tx, request, thread.expired(after, members), now, topic=Topic.REPORT)


def _ask_again(tx: Transaction, outside: Outside, found: tuple[Lane, Request], force: InForce) -> None:
    """The requirement in force has grown since the approval: back to the approvers, with a new deadline."""
    lane, request = found
    now = outside.clock.now()
    votes = countable(tx.decisions(lane.id), force.verdict, request.requester)
    missing = in_words(still_missing(force.verdict.requirement, votes))
    after = step(replace(lane, verdict=force.verdict), LaneEvent.APPROVAL_NO_LONGER_ENOUGH, now)
    policy = outside.policy()
    deadline = now + policy.defaults.expires_after
    after = replace(after, deadline=deadline, reminders=reminders_of(policy, after.verdict, now, deadline))
    save_step(
        tx, request, after, Happened(kind="approval_no_longer_enough", at=now, data={"missing": missing})
    )
    tell_thread(tx, request, thread.not_enough(missing), now)


def _nothing_left(
    tx: Transaction, outside: Outside, found: tuple[Lane, Request], refused: Sequence[Member]
) -> None:
    """Everything is as asked already, or forbidden now."""
    lane, request = found
    now = outside.clock.now()
    members = tx.members(lane.id)
    good = [m for m in members if m.outcome in thread.GOOD]
    event = LaneEvent.NOTHING_LEFT_TO_DO
    if refused:
        event = LaneEvent.SOME_SUCCEEDED if good else LaneEvent.POLICY_NOW_FORBIDS
    after = step(lane, event, now, note=refused[0].detail if refused and not good else None)
    save_step(tx, request, after, Happened(kind="lane_ended", at=now, data={"members": outcomes(members)}))
    if good:
        tell_thread(tx, request, thread.result(request, after, members, ()), now, topic=Topic.REPORT)
