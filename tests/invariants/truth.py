"""Promise 4: no message says more than the store and the cloud hold; an outcome is what a member list showed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.model import Action, Lane, Member, Request
from bot.domain.notices import Heading, Message, Moment, Paragraph, Text
from bot.domain.states import LaneState, MemberOutcome
from tests.invariants.evidence import Call, Evidence, Said, lines_of

_NUMBER = re.compile(r"^#(\d+) ")
_RESULT = re.compile(r"\(request #(\d+)\)$")
_JOB = re.compile(r"^[0-9a-f]{32}$")
_ENDS = {
    "Done and verified": LaneState.SUCCEEDED,
    "Partly done": LaneState.PARTLY_SUCCEEDED,
    "Failed": LaneState.FAILED,
}
GOOD = (MemberOutcome.DONE, MemberOutcome.NOTHING_TO_DO)


def outcomes_were_read(evidence: Evidence) -> Iterator[str]:
    """Every pair that the store calls done was on (or off) a member list that the bot read, after its last call."""
    for lane, request, member in _members(evidence):
        if member.outcome not in GOOD:
            continue
        calls = _calls(evidence, lane, member)
        since = calls[-1].at if member.outcome is MemberOutcome.DONE and calls else 0.0
        ended = _ended(evidence, lane)
        if member.outcome is MemberOutcome.DONE and not calls and not _begun(evidence, lane, member):
            yield f"{member.pair} of lane {lane.id} is done, and nothing was ever sent for it"
        read = [one for one in evidence.listings if one.image == member.pair[0] and since <= one.at <= ended]
        if not any(_shows(request.action, one.members.get(member.pair[1])) for one in read):
            yield f"{member.pair} of lane {lane.id} is {member.outcome.value}, and no member list ever showed that"


def truth_at_the_end(evidence: Evidence) -> Iterator[str]:
    """Where nobody else had a hand in it, the cloud is as the last finished lane says."""
    last: dict[object, tuple[float, Lane, Request, Member]] = {}
    for lane, request, member in _members(evidence):
        if member.outcome is MemberOutcome.DONE and lane.ended_at is not None:
            entry = (_ended(evidence, lane), lane, request, member)
            last[member.pair] = max(last.get(member.pair, entry), entry, key=lambda e: (e[0], e[1].number))
    for pair, (_, lane, request, _) in last.items():
        if any(change.by == "" and (change.image, change.project) == pair for change in evidence.changes):
            continue
        jobs = {job.cloud_job for job in evidence.stored.jobs if job.lane == lane.id}
        theirs = [c for c in evidence.changes if (c.image, c.project) == pair]
        late = [c for c in theirs if c.by not in jobs and c.at > _sent(evidence, lane)]
        status = theirs[-1].status if theirs else None
        if not late and theirs and not _shows(request.action, status):
            yield f"lane {lane.id} says that {request.action.value} of {pair} is done; in the cloud it is {status or 'not there'}"


def messages_hold(evidence: Evidence) -> Iterator[str]:
    """What a message calls done, partly done or failed is so in the store, and the job ids it names are the cloud's."""
    jobs = {call.job_id for call in evidence.calls}
    for said in evidence.said:
        result = _RESULT.search(said.message.text)
        heading = next((p for p in said.message.parts if isinstance(p, Heading)), None)
        number = _NUMBER.match(heading.text) if heading else None
        if result and said.thread and not heading:
            yield from _result_holds(evidence, said, int(result.group(1)))
        if number and "Dry run" not in said.message.text:
            yield from _card_holds(evidence, said, int(number.group(1)))
        if evidence.calls:
            named = {text for text in _codes(said.message) if _JOB.match(text)}
            known = jobs | {m.project.id for m in evidence.stored.members}
            for id in sorted(named - known):
                yield f"a message names job {id}, which the cloud never gave: {said.message.text[:80]}"


def _result_holds(evidence: Evidence, said: Said, number: int) -> Iterator[str]:
    for words, state in _ENDS.items():
        if said.message.text.startswith(words):
            lanes = [
                lane
                for lane in evidence.stored.lanes
                if lane.request == number or _parent(evidence, lane) == number
            ]
            ended = [lane for lane in lanes if lane.state is state and _ended(evidence, lane) <= said.at]
            if not ended:
                yield f"at {said.at:.1f} s the thread of #{number} says {said.message.text[:60]!r}; no lane was so"


def _card_holds(evidence: Evidence, said: Said, number: int) -> Iterator[str]:
    """A card never shows an end that no lane has come to; ends are never left again."""
    shown = [
        part.line[0].text for part in said.message.parts
        if isinstance(part, Paragraph) and part.line and isinstance(part.line[0], Text) and part.line[0].style == "bold"
    ]  # fmt: skip
    for words, state in _ENDS.items():
        claimed = sum(text == words for text in shown)
        lanes = [lane for lane in evidence.stored.lanes if lane.request == number and lane.state is state]
        true = sum(_ended(evidence, lane) <= said.at for lane in lanes)
        if claimed > true:
            yield f"at {said.at:.1f} s the card of #{number} shows {claimed} x {words!r}, and {true} lanes were so"


def _members(evidence: Evidence) -> Iterator[tuple[Lane, Request, Member]]:
    lanes = {lane.id: lane for lane in evidence.stored.lanes}
    requests = {request.id: request for request in evidence.stored.requests}
    for member in evidence.stored.members:
        lane = lanes[member.lane]
        yield lane, requests[lane.request], member


def _calls(evidence: Evidence, lane: Lane, member: Member) -> list[Call]:
    """Calls for the pair that may be this lane's."""
    rectangles = {
        (job.action, job.images, job.projects) for job in evidence.stored.jobs if job.lane == lane.id
    }
    ended = _ended(evidence, lane)
    return [
        call for call in evidence.calls
        if (call.action, call.images, call.projects) in rectangles and member.pair in call.pairs and call.at <= ended
    ]  # fmt: skip


def _begun(evidence: Evidence, lane: Lane, member: Member) -> bool:
    """Whether a job was at least about to be sent for the pair: who dies just then cannot know, and reads what is there."""
    return any(
        job.lane == lane.id
        and job.submitted_at is not None
        and member.pair[0] in job.images
        and member.pair[1] in job.projects
        for job in evidence.stored.jobs
    )


def _sent(evidence: Evidence, lane: Lane) -> float:
    times = [
        evidence.event_at.get(event.id, event.at.timestamp()) for event in evidence.stored.events
        if event.lane == lane.id and event.kind == "lane_started"
    ]  # fmt: skip
    return min(times, default=0.0)


def _ended(evidence: Evidence, lane: Lane) -> float:
    """When its last step was committed; for ever when it has not ended."""
    if lane.ended_at is None:
        return float("inf")
    times = [
        evidence.event_at.get(event.id, event.at.timestamp()) for event in evidence.stored.events
        if event.lane == lane.id and event.data.get("state") == lane.state.value
    ]  # fmt: skip
    return min(times, default=float("inf"))


def _parent(evidence: Evidence, lane: Lane) -> int | None:
    return evidence.stored.request(lane.request).parent


def _shows(action: Action, status: str | None) -> bool:
    return (status not in (None, "rejected")) if action is Action.SHARE else status in (None, "rejected")


def _codes(message: Message) -> Iterator[str]:
    for line in lines_of(message):
        for span in line:
            if isinstance(span, Text) and span.style == "code":
                yield span.text
                assert not isinstance(span, Moment) or span.at.tzinfo is not None
