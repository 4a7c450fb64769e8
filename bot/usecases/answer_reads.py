"""The reading commands: answered at once from the store, or (`who`) from the cloud by a due row. All privately."""

from __future__ import annotations

from typing import Literal

from bot.domain.errors import CloudAuthError, CloudRefusedError
from bot.domain.model import Due, GroupName, InboxItem, Lane, Person, RequestId
from bot.domain.notices import Message
from bot.domain.parse import suggest
from bot.domain.policy import Policy, groups_of
from bot.domain.wording import replies
from bot.domain.wording.card import card
from bot.domain.wording.views import CardView, LaneView
from bot.ports import Outside, View
from bot.usecases.refuse_click import answer


def card_view(view: View, outside: Outside, id: RequestId) -> CardView | None:
    """A request with its lanes as they are stored now; None when there is no such request."""
    request = view.request(id)
    if request is None:
        return None
    lanes = tuple(
        LaneView(
            lane=lane,
            members=view.members(lane.id),
            decisions=view.decisions(lane.id),
            jobs=view.jobs(lane.id),
            tell=_to_tell(outside.policy(), lane),
        )
        for lane in view.lanes(id)
    )
    return CardView(request=request, lanes=lanes, groups=outside.policy().groups)


def _to_tell(policy: Policy, lane: Lane) -> frozenset[GroupName]:
    approvers = groups_of(lane.verdict.requirement)
    return policy.groups_to_tell(lane.verdict.rules, approvers) - approvers


async def answer_status(outside: Outside, person: Person, number: RequestId | None) -> Message:
    """`status #12`: the card without its buttons; `status`: the person's open requests."""
    if number is None:
        return await answer_list(outside, person, "mine")
    view = await outside.store.read(lambda v: card_view(v, outside, number))
    if view is None:
        return replies.unknown_request(number)
    return card(view, buttons=False)


async def answer_list(outside: Outside, person: Person, which: Literal["mine", "open", "all"]) -> Message:
    """The newest 20 requests."""

    def query(view: View) -> Message:
        rows = []
        for request in view.requests(which, person):
            lanes = view.lanes(request.id)
            rows.append((request, lanes, tuple(m for lane in lanes for m in view.members(lane.id))))
        return replies.listing(rows, which, outside.command)

    return await outside.store.read(query)


async def answer_who(outside: Outside, due: Due, item: InboxItem) -> None:
    """The image's member list as the cloud shows it now, to the person who asked."""
    message = await _who(outside, item.body["image"])
    await outside.store.write(lambda tx: answer(tx, due, item, message, outside.clock.now()))


async def _who(outside: Outside, ref: str) -> Message:
    try:
        found = (await outside.cloud.find_images([ref]))[ref]
        if not found:
            near = suggest(ref, await outside.cloud.image_names())
            return replies.said(f"There is no image {ref}." + (f" Did you mean {near}?" if near else ""))
        if len(found) > 1:
            ids = ", ".join(image.id for image in found)
            return replies.said(f"{len(found)} images have the name {ref}. Ask by id: {ids}")
        members = await outside.cloud.members(found[0].id)
    except CloudRefusedError as error:
        return replies.trouble(error, "")
    except CloudAuthError:
        return replies.said(
            "The bot cannot ask the cloud just now: its operator has to mend its credentials."
        )
    register = {project.id: project.name for project in outside.policy().projects}
    return replies.who_has(found[0].name or found[0].id, members, register, outside.clock.now())
