"""A stored request becomes a plan: its words are looked up, its pairs judged and put into lanes, its card ordered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.errors import BotError, CloudAuthError, CloudRefusedError, TransientError
from bot.domain.glass import offered
from bot.domain.model import Actor, Due, Request, RequestId
from bot.domain.plan import Group, group_pairs, open_lane, question
from bot.domain.states import RequestState
from bot.domain.wording import replies
from bot.ports import Outside, Transaction
from bot.usecases.advance import end_if_over, redraw, schedule, tell_person
from bot.usecases.look_up import Unclear, actor, look_up_pairs
from bot.usecases.plan_lane_again import plan_lane_again


async def plan_request(outside: Outside, due: Due) -> None:
    """Acts on a PLAN row, whose subject is a request, or a lane on hold (`12.3`) whose facts are looked up again.

    A TransientError or CloudAuthError comes out while there is time; after `plan_timeout` the request ends as expired. Where the
    cloud says no, it ends as refused. Either way its requester is told.
    """
    if "." in due.subject:
        await plan_lane_again(outside, due)
        return
    request = await outside.store.read(lambda view: view.request(RequestId(int(due.subject))))
    if request is None or request.state is not RequestState.PLANNING:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    try:
        pairs = await look_up_pairs(outside, request)
        requester = await actor(outside, request.requester)
    except (TransientError, CloudAuthError) as error:
        if outside.clock.now() - request.created_at < outside.limits.plan_timeout:
            raise
        await _end(outside, due, request, RequestState.EXPIRED, _too_late(error))
        return
    except CloudRefusedError as error:
        await _end(outside, due, request, RequestState.REFUSED, f"the cloud refused: {error.message}")
        return
    if isinstance(pairs, Unclear):
        await _end(outside, due, request, RequestState.REFUSED, pairs.why)
        return
    policy, now = outside.policy(), outside.clock.now()
    asked = question(request, requester, now, outside.limits, pairs)
    groups = offered(policy, requester, request, group_pairs(policy, asked, pairs))
    await _store_plan(outside, due, request, groups, requester)


def _too_late(error: BotError) -> str:
    if isinstance(error, CloudAuthError):
        return "the cloud does not accept the bot's credentials; its operator has to mend that. Please ask again later."
    return "the cloud could not be reached in time. Please ask again later."


async def _store_plan(
    outside: Outside, due: Due, request: Request, groups: tuple[Group, ...], requester: Actor
) -> None:
    policy, now = outside.policy(), outside.clock.now()
    channel = policy.defaults.channel or request.channel

    def store(tx: Transaction) -> None:
        stored = tx.save_request(replace(request, state=RequestState.PLANNED, card_channel=channel))
        for number, group in enumerate(groups, start=1):
            lane, members = open_lane(stored, number, group, policy, now)
            tx.add_lane(lane, members)
            schedule(tx, lane, now)
            tx.record(
                "lane_planned", at=now, request=request.id, lane=lane.id,
                data={
                    "state": lane.state.value, "rules": list(group.verdict.rules), "plan_hash": lane.plan_hash,
                    "why": group.verdict.why, "pairs": [list(m.pair) for m in members], "policy": policy.digest,
                    "requester_groups": sorted(requester.groups),
                    "requester_unknown_groups": sorted(requester.unknown_groups),
                },
            )  # fmt: skip
        end_if_over(tx, request.id, now)
        redraw(tx, stored, now)
        tx.finish(due)

    await outside.store.write(store)


async def _end(outside: Outside, due: Due, request: Request, state: RequestState, why: str) -> None:
    """The request ends before it became a plan; its requester is told why, privately."""
    now: datetime = outside.clock.now()

    def store(tx: Transaction) -> None:
        stored = tx.save_request(replace(request, state=state, refusal=why, response_url=None))
        tx.record(f"request_{state.value}", at=now, request=request.id, data={"why": why})
        message = replies.refused(stored, why)
        tell_person(
            tx, request.requester, message, now, channel=request.channel, response_url=request.response_url
        )
        tx.finish(due)

    await outside.store.write(store)
