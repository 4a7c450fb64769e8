"""More bad histories: what ends, what is shown at the end, and what was decided when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import Actor, ClickKind, GroupName, ImageId, RequestId
from bot.domain.notices import Buttons, Copy
from bot.domain.states import LaneState, MemberOutcome
from tests.invariants.evidence import Collected
from tests.invariants.histories import Bad, change, say


def never_taken_back(seen: Collected) -> None:
    """Every share was for a time, nothing is due, and nobody asked for anything back."""
    until = datetime(2099, 1, 1, tzinfo=UTC)
    seen.stored = replace(
        seen.stored,
        members=tuple(replace(member, shared_until=until) for member in seen.stored.members),
        requests=tuple(replace(request, parent=None) for request in seen.stored.requests),
    )


def retried_all(seen: Collected) -> None:
    """A lane that succeeded is tried again."""
    event = next(e for e in seen.stored.events if e.kind == "lane_succeeded")
    again = replace(event, kind="lane_retried", data={"of": event.lane})
    seen.stored = replace(seen.stored, events=(*seen.stored.events, again))


def done_in_part(seen: Collected) -> None:
    """A lane is called done, and one of its pairs failed."""
    lane = next(
        la for la in seen.stored.lanes if la.state is LaneState.SUCCEEDED and seen.stored.members_of(la.id)
    )
    change(seen, "members", lambda m: m.lane == lane.id, outcome=MemberOutcome.FAILED, detail="x")


def failed_unread(seen: Collected) -> None:
    """A pair is called failed of which no list was ever read."""
    member = next(m for m in seen.stored.members if m.outcome is MemberOutcome.DONE)
    change(seen, "members", lambda m: m is member, outcome=MemberOutcome.FAILED, detail="x")
    seen.listings = [one for one in seen.listings if one.image != member.image.id] + [
        replace(seen.listings[0], image=ImageId("0" * 36))
    ]


def old_card(seen: Collected) -> None:
    """A card still shows the button with which its lane was approved."""
    card = next(
        s for s in seen.said
        for part in s.message.parts
        if isinstance(part, Buttons) and any(c.click is ClickKind.APPROVE for c in part.choices)
    )  # fmt: skip
    number = RequestId(int(next(p.lane for p in card.message.parts if isinstance(p, Buttons)).split(".")[0]))
    ref = next(getattr(copy, "ref", copy) for id, copy in seen.stored.cards if id == number)
    say(seen, method="update", ref=ref, message=card.message)
    seen.stored = replace(seen.stored, cards=((number, Copy(ref=ref, shown="x")),))  # type: ignore[arg-type]


def approved_late(seen: Collected) -> None:
    event = next(e for e in seen.stored.events if e.kind == "lane_approved_by")
    change(seen, "events", lambda e: e is event, at=event.at + timedelta(days=9))


def approved_unseen(seen: Collected) -> None:
    event = next(e for e in seen.stored.events if e.kind == "lane_approved_by")
    change(seen, "events", lambda e: e is event, data={**event.data, "plan_hash": "f" * 32})


def started_unknowing(seen: Collected) -> None:
    """Nobody could be told of any group, and every lane started all the same."""
    started = [event for event in seen.stored.events if event.kind == "lane_started"]
    every = frozenset(GroupName(name) for one in seen.policies for name in one.policy.groups)
    seen.started_on = [
        (event.id, Actor(person=seen.stored.request(event.request).requester, groups=frozenset(), unknown_groups=every))
        for event in started if event.request is not None
    ]  # fmt: skip


BAD_ENDS: list[tuple[str, Bad]] = [
    ("shares_end", never_taken_back), ("only_what_failed_is_retried", retried_all),
    ("ends_fit_their_pairs", done_in_part), ("failures_were_read", failed_unread), ("cards_show_the_end", old_card),
    ("approved_in_time", approved_late), ("decided_on_what_was_shown", approved_unseen),
    ("unknown_holds", started_unknowing),
]  # fmt: skip
