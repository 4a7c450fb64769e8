"""Promise 2: a command or click that was acknowledged has exactly one effect and one visible answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.domain.model import ClickKind, InboxKind, Request
from bot.domain.notices import Heading, NoticeKind, NoticeState
from bot.domain.states import RequestState
from tests.invariants.evidence import Evidence, Typed

_RECORDED = re.compile(r"^Request #(\d+) is recorded")
_LOOKING = "Looking that up"
_EFFECTS = {
    ClickKind.APPROVE: ("lane_approved_by", "glass_reviewed"),
    ClickKind.CHOOSE: ("lane_approved_by", "glass_reviewed"),
    ClickKind.REJECT: ("lane_rejected_by", "glass_objected"),
    ClickKind.BREAK_GLASS: ("glass_broken",),
    ClickKind.CANCEL: ("lane_cancelled",),
}
"""The audit events with which a click of each kind takes effect; refused ones are click_refused."""


def acknowledged_commands(evidence: Evidence) -> Iterator[str]:
    """What was said to be recorded is there, once, and was answered with a card or in words."""
    by_key: dict[str, list[Request]] = {}
    for request in evidence.stored.requests:
        by_key.setdefault(request.dedupe_key, []).append(request)
    for key, several in by_key.items():
        if len(several) > 1:
            yield f"the command with the key {key} became {len(several)} requests"
    for typed in evidence.typed:
        said = _RECORDED.match(typed.answer.text)
        if said is None:
            continue
        found = by_key.get(typed.key, [])
        if [request.id for request in found] != [int(said.group(1))]:
            yield f"{typed.person.user} was told {said.group(0)!r}; stored for it: {[request.id for request in found]}"
            continue
        yield from _answered(evidence, typed, found[0])


def _answered(evidence: Evidence, typed: Typed, request: Request) -> Iterator[str]:
    number = f"#{request.id} "
    if request.state in (RequestState.REFUSED, RequestState.EXPIRED):
        mine = [s for s in evidence.said if s.user == typed.person.user and number in s.message.text]
        if not mine and not _given_up(evidence, request):
            yield f"{typed.person.user} was never told that request #{request.id} is {request.state.value}"
    elif request.state in (RequestState.PLANNED, RequestState.ENDED):
        cards = [s for s in evidence.said if s.method == "post" and _is_card(s.message.parts, number)]
        if not cards and not _given_up(evidence, request):
            yield f"request #{request.id} was acknowledged and planned, and its card never stood anywhere"
    elif request.state is RequestState.PLANNING:
        yield f"request #{request.id} was acknowledged and never planned"


def _is_card(parts: tuple[object, ...], number: str) -> bool:
    return any(isinstance(part, Heading) and part.text.startswith(number) for part in parts)


def _given_up(evidence: Evidence, request: Request) -> bool:
    return any(
        notice.state is NoticeState.GIVEN_UP
        and (notice.request == request.id or notice.user == request.requester.user)
        for notice in evidence.stored.notices
    )


def acknowledged_clicks(evidence: Evidence) -> Iterator[str]:
    """Every acknowledged click is stored, handled, and stands in the log exactly once: it took effect or was refused."""
    items = {item.dedupe_key: item for item in evidence.stored.inbox}
    for pressed in evidence.pressed:
        item = items.get(pressed.key)
        if item is None:
            yield f"a click of {pressed.person.user} on {pressed.lane} was acknowledged and is not stored"
        elif item.handled_at is None:
            yield f"a click of {pressed.person.user} on {pressed.lane} was acknowledged and never handled"
    clicks: Counter[tuple[str, str, str]] = Counter()
    for item in evidence.stored.inbox:
        if item.kind is InboxKind.CLICK and item.handled_at is not None:
            clicks[item.person.user, item.body["lane"], item.body["click"]] += 1
    for (user, lane, click), count in clicks.items():
        kinds = _EFFECTS.get(ClickKind(click))
        if kinds is None:
            continue
        effects, refused = _effects(evidence, (user, lane, click), kinds)
        typed = click == ClickKind.CANCEL.value  # a lane may be cancelled by a typed command, too
        if effects + refused != count and not (typed and effects + refused == count + 1 and effects == 1):
            yield f"{count} x {click} of {user} on lane {lane} had {effects} effects and {refused} refusals"
        if effects > 1:
            yield f"{click} of {user} on lane {lane} took effect {effects} times"


def _effects(evidence: Evidence, of: tuple[str, str, str], kinds: tuple[str, ...]) -> tuple[int, int]:
    user, lane, click = of
    theirs = [
        e for e in evidence.stored.events if e.actor is not None and e.actor.user == user and e.lane == lane
    ]
    return (
        sum(event.kind in kinds for event in theirs),
        sum(event.kind == "click_refused" and event.data.get("click") == click for event in theirs),
    )


def questions_answered(evidence: Evidence) -> Iterator[str]:
    """Every acknowledged question was handled, and nobody got fewer private answers than there are to be given."""
    items = {item.dedupe_key: item for item in evidence.stored.inbox}
    for typed in evidence.typed:
        item = items.get(typed.key)
        if typed.answer.text.startswith(_LOOKING) and (item is None or item.handled_at is None):
            yield f"{typed.person.user} asked {typed.text!r}, was told to wait, and was never answered"
    owed: Counter[tuple[str, str]] = Counter()
    for notice in evidence.stored.notices:
        if (
            notice.kind is NoticeKind.PRIVATE
            and notice.state is NoticeState.DELIVERED
            and notice.message
            and notice.user
        ):
            owed[notice.user, notice.message.text] += 1
    given = Counter((said.user, said.message.text) for said in evidence.said if said.user)
    for (user, text), count in owed.items():
        if evidence.said and given[user, text] < count:
            yield f"{count} private answers to {user} are called delivered, {given[user, text]} were seen: {text[:80]}"
