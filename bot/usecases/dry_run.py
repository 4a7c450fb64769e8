"""`share ... --dry-run`: the plan as it would be, to the one who asks alone. Nothing is stored but the answer."""

from __future__ import annotations

from bot.domain.model import Due, InboxItem, Request, RequestId, ShareCommand
from bot.domain.notices import Message
from bot.domain.parse import parse
from bot.domain.plan import group_pairs, open_lane, question
from bot.domain.states import RequestState
from bot.domain.wording import replies
from bot.domain.wording.card import card
from bot.domain.wording.views import CardView, LaneView
from bot.ports import Outside
from bot.usecases.look_up import Unclear, actor, look_up_pairs
from bot.usecases.refuse_click import answer


async def answer_dry_run(outside: Outside, due: Due, item: InboxItem) -> None:
    """Acts on an inbox item of that kind; a TransientError comes out, and the row is tried again."""
    message = await _plan(outside, item)
    await outside.store.write(lambda tx: answer(tx, due, item, message, outside.clock.now()))


async def _plan(outside: Outside, item: InboxItem) -> Message:
    command = parse(item.body["text"])
    if not isinstance(command, ShareCommand):
        return replies.said("That is nothing to be planned.")
    request = _imagined(item, command)
    pairs = await look_up_pairs(outside, request)
    if isinstance(pairs, Unclear):
        return replies.said(f"Dry run: this could not be carried out: {pairs.why}")
    requester = await actor(outside, item.person)
    policy, now = outside.policy(), outside.clock.now()
    asked = question(request, requester, now, outside.limits, pairs)
    lanes = [
        open_lane(request, number, group, policy, now)
        for number, group in enumerate(group_pairs(policy, asked, pairs), start=1)
    ]
    views = tuple(LaneView(lane=lane, members=members) for lane, members in lanes)
    view = CardView(request=request, lanes=views, groups=policy.groups)
    return replies.dry_run(card(view, buttons=False))


def _imagined(item: InboxItem, command: ShareCommand) -> Request:
    """The request it would be."""
    return Request(
        id=RequestId(0), action=command.action, requester=item.person, channel=item.channel, text=item.body["text"],
        image_refs=command.images, project_refs=command.projects, reason=command.reason, duration=command.duration,
        state=RequestState.PLANNED, created_at=item.received_at, dedupe_key=item.dedupe_key,
    )  # fmt: skip
