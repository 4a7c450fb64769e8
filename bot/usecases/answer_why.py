"""`why #12`: every rule and condition with its value, as the policy of this moment judges the request's facts."""

from __future__ import annotations

from bot.domain.model import Actor, Due, InboxItem, Member, RequestId
from bot.domain.notices import Message
from bot.domain.plan import ask_of, question
from bot.domain.policy import Ask
from bot.domain.policy.explain import explain
from bot.domain.wording import replies, why
from bot.domain.wording.views import CardView
from bot.ports import Outside, Transaction, View
from bot.usecases.answer_reads import card_view
from bot.usecases.look_up import actor
from bot.usecases.refuse_click import answer


async def answer_why(outside: Outside, due: Due, item: InboxItem) -> None:
    """Acts on an inbox item of that kind."""
    number = RequestId(int(item.body["request"]))
    request = await outside.store.read(lambda view: view.request(number))
    requester = await actor(outside, request.requester) if request is not None else None

    def store(tx: Transaction) -> None:
        answer(tx, due, item, _why(tx, outside, number, requester), outside.clock.now())

    await outside.store.write(store)


def _why(view: View, outside: Outside, number: RequestId, requester: Actor | None) -> Message:
    shown = card_view(view, outside, number)
    if shown is None or requester is None:
        return replies.unknown_request(number)
    lanes = []
    for lane_view in shown.lanes:
        member = lane_view.members[0] if lane_view.members else None
        traces = () if member is None else explain(outside.policy(), _ask(outside, shown, requester, member))
        lanes.append((lane_view, traces))
    return why.explanation(shown, lanes)


def _ask(outside: Outside, view: CardView, requester: Actor, member: Member) -> Ask:
    pairs = [(m.image, m.project) for m in view.members]
    asked = question(view.request, requester, outside.clock.now(), outside.limits, pairs)
    return ask_of(asked, (member.image, outside.policy().project(member.project.id) or member.project))
