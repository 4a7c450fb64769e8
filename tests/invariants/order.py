"""Promise 6: what must be said is said, in order, and what stands twice says that it may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.domain.model import RequestId
from bot.domain.notices import Heading, Notice, NoticeKind, NoticeState
from tests.invariants.evidence import Evidence, Said


def everything_delivered(evidence: Evidence) -> Iterator[str]:
    """To be asked at the end: every notice is delivered, or given up with a word in the log."""
    given_up = {e.data.get("notice") for e in evidence.stored.events if e.kind == "notice_given_up"}
    for notice in evidence.stored.notices:
        if notice.state is NoticeState.GIVEN_UP and notice.id not in given_up:
            yield f"notice {notice.id} was given up, and the log does not say so"
        elif notice.state not in (NoticeState.DELIVERED, NoticeState.GIVEN_UP):
            yield f"notice {notice.id} ({notice.kind.value}) is {notice.state.value} for ever"
        elif notice.state is NoticeState.DELIVERED and evidence.said and not _stood(evidence, notice):
            yield f"notice {notice.id} is called delivered, and never stood anywhere: {_text(notice)}"


def _stood(evidence: Evidence, notice: Notice) -> bool:
    if notice.message is None:
        number = f"#{notice.request} "
        return any(_heading(said).startswith(number) for said in evidence.said)
    if getattr(notice, "digest", None) not in (None, notice.id):
        return True
    return any(said.message.text == notice.message.text for said in evidence.said)


def delivered_in_order(evidence: Evidence) -> Iterator[str]:
    """The replies under one card stand there in the order in which they were decided on; late copies are marked."""
    everywhere = Counter(
        notice.message.text for request in evidence.stored.requests for notice in _replies(evidence, request.id)
        if notice.message
    )  # fmt: skip
    for request in evidence.stored.requests:
        replies = _replies(evidence, request.id)
        texts = [n.message.text for n in replies if n.message and everywhere[n.message.text] == 1]
        firsts: dict[str, int] = {}
        for place, said in enumerate(evidence.said):
            if said.message.text in texts and _is_reply(evidence, said, request.id):
                firsts.setdefault(said.message.text, place)
        seen = sorted(firsts, key=firsts.__getitem__)
        wanted = [text for text in texts if text in firsts]
        if seen != wanted:
            yield f"the thread of #{request.id} says {[t[:40] for t in seen]}; it was to say {[t[:40] for t in wanted]}"


def duplicates_are_marked(evidence: Evidence) -> Iterator[str]:
    """Nothing stands twice unmarked, and nothing is marked where nothing was ever cut."""
    for request in evidence.stored.requests:
        number = f"#{request.id} "
        cards = [
            s
            for s in evidence.said
            if s.method == "post" and _heading(s).startswith(number) and not s.mark and not s.gone
        ]
        if len({said.ref for said in cards}) > 1:
            yield f"the card of #{request.id} was posted {len(cards)} times without a mark"
    wanted = Counter(
        (request.requester.user, notice.message.text) for request in evidence.stored.requests
        for notice in _replies(evidence, request.id) if notice.message
    )  # fmt: skip
    roots = {
        getattr(ref, "ref", ref).ts: evidence.stored.request(id).requester.user
        for id, ref in evidence.stored.cards
    }
    found = Counter(
        (roots.get(s.thread, "") if s.thread else s.user, s.message.text)
        for s in evidence.said if s.method == "post" and not s.mark and not s.gone
    )  # fmt: skip
    for (user, text), count in wanted.items():
        if found[user, text] > count:
            yield f"under cards of {user} stands {found[user, text]} times, {count} times unmarked is right: {text[:60]}"
    for said in evidence.said:
        if said.mark and not any(at <= said.at for at in evidence.interruptions):
            yield f"at {said.at:.1f} s a message is marked as a repetition though nothing was cut: {said.message.text[:60]}"


def _replies(evidence: Evidence, request: RequestId) -> Sequence[Notice]:
    """What was to be said in its thread, one by one and in this order."""
    return [
        notice for notice in evidence.stored.notices
        if notice.kind is NoticeKind.THREAD and notice.request == request
        and notice.state is NoticeState.DELIVERED and getattr(notice, "digest", None) in (None, notice.id)
    ]  # fmt: skip


def _is_reply(evidence: Evidence, said: Said, request: RequestId) -> bool:
    """Under the card; where there is none, to the requester alone."""
    if said.method != "post":
        return False
    roots = {getattr(ref, "ref", ref).ts for id, ref in evidence.stored.cards if id == request}
    if said.thread is not None:
        return said.thread in roots
    return bool(said.user) and evidence.stored.request(request).requester.user == said.user


def _heading(said: Said) -> str:
    return next((part.text for part in said.message.parts if isinstance(part, Heading)), "")


def _text(notice: Notice) -> str:
    return notice.message.text[:80] if notice.message else f"card of #{notice.request}"
