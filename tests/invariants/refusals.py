"""Promise 8: every refusal names the rule, the value that failed and the nearest way through; every ignored click says why,
privately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bot.domain.model import Outcome
from bot.domain.notices import Message, NoticeKind, Text
from bot.domain.states import LaneState, MemberOutcome, RequestState
from tests.invariants.evidence import Evidence, lines_of


def refusals_say_why(evidence: Evidence) -> Iterator[str]:
    """In the store and on the card."""
    for request in evidence.stored.requests:
        if request.state in (RequestState.REFUSED, RequestState.EXPIRED) and not request.refusal:
            yield f"request #{request.id} is {request.state.value} for no reason"
    for lane in evidence.stored.lanes:
        verdict = lane.verdict
        if lane.state is LaneState.DENIED and verdict.outcome is Outcome.DENY:
            if not verdict.why:
                yield f"lane {lane.id} is refused for no reason"
            elif (
                not any(rule in verdict.why for rule in verdict.rules)
                and verdict.rules
                and not _built_in(verdict.rules)
            ):
                yield f"lane {lane.id} is refused by {verdict.rules}, and its reason names none: {verdict.why}"
            elif not (verdict.nearest or verdict.rules or "no rule permits" in verdict.why):
                yield f"lane {lane.id} is refused without a way through: {verdict.why}"
            yield from _on_the_card(evidence, lane.request, lane.note or verdict.why)
        for member in evidence.stored.members_of(lane.id):
            if member.outcome in (MemberOutcome.FAILED, MemberOutcome.NOT_RUN) and not member.detail:
                yield f"{member.pair} of lane {lane.id} is {member.outcome.value} for no reason"


def _built_in(rules: tuple[str, ...]) -> bool:
    return set(rules) <= {"built-in", "limits", "tenant-limit"}


def _on_the_card(evidence: Evidence, request: int, why: str) -> Iterator[str]:
    cards = [s for s in evidence.said if f"(request #{request})" in s.message.text]
    if cards and not any(why in _words(said.message) for said in cards):
        yield f"no card of #{request} says why it is refused: {why}"


def clicks_are_answered(evidence: Evidence) -> Iterator[str]:
    """One private answer, with the reason, for each click that did not count."""
    refused: Counter[tuple[str, str]] = Counter()
    for event in evidence.stored.events:
        if event.kind == "click_refused" and event.actor is not None:
            why = str(event.data.get("why", ""))
            if not why:
                yield f"a click of {event.actor.user} was refused for no reason (event {event.id})"
            refused[event.actor.user, why] += 1
    told = Counter(
        (notice.user, notice.message.text)
        for notice in evidence.stored.notices
        if notice.kind is NoticeKind.PRIVATE and notice.message is not None
    )
    for (user, why), count in refused.items():
        answers = sum(n for (to, text), n in told.items() if to == user and text.endswith(why))
        if answers < count:
            yield f"{count} clicks of {user} were refused ({why}), and {answers} answers were ordered"


def _words(message: Message) -> str:
    lines = ("".join(span.text for span in line if isinstance(span, Text)) for line in lines_of(message))
    return "\n".join((message.text, *lines))
