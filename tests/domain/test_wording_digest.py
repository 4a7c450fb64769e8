"""What a digest says: whoever must act is named first, with pairs and reasons; nothing is left out for want of room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.slack.blocks import drawn
from bot.domain.model import (
    Action,
    GroupDef,
    GroupName,
    ImageFacts,
    ImageId,
    Lane,
    LaneId,
    Member,
    Need,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    Request,
    RequestId,
    Verdict,
)  # fmt: skip
from bot.domain.notices import Message, Text
from bot.domain.states import FINAL_LANE_STATES, LaneState, MemberOutcome, RequestState
from bot.domain.wording.digest import MAX_CHARS, Entry, digest, entry, how_many_fit
from bot.domain.wording.views import CardView, LaneView
from tests.judge.blocks import problems

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEADS = GroupName("leads")
DONE, FAILED, PENDING = MemberOutcome.DONE, MemberOutcome.FAILED, MemberOutcome.PENDING


def a_lane(
    number: int, state: LaneState, *outcomes: MemberOutcome, lane: int = 1, **changes: Any
) -> LaneView:
    """One pair for each outcome."""
    id = LaneId(f"{number}.{lane}")
    members = tuple(
        Member(
            lane=id, image=ImageFacts(id=ImageId(f"i{index}"), name=f"base-{index}"),
            project=ProjectFacts(id=ProjectId("p"), name="shop-prod"), outcome=outcome,
            detail="the project's quota is used up" if outcome is FAILED else "",
        )
        for index, outcome in enumerate(outcomes)
    )  # fmt: skip
    made = Lane(
        id=id, request=RequestId(number), number=lane, state=state, plan_hash="h", created_at=NOON,
        verdict=Verdict(outcome=Outcome.ALLOW, requirement=Need(count=1, groups=frozenset({LEADS}))),
        ended_at=NOON if state in FINAL_LANE_STATES else None,
    )  # fmt: skip
    return LaneView(lane=replace(made, **changes), members=members)


def said(
    number: int, *lanes: LaneView, user: str = "U0ALICE", url: str = "https://acme.slack.com/archives/C1/p1"
) -> Entry:
    request = Request(
        id=RequestId(number), action=Action.SHARE, requester=Person("T1", user), channel="C1", text="", image_refs=(),
        project_refs=(), reason="", duration=None, state=RequestState.PLANNED, created_at=NOON, dedupe_key=str(number),
    )  # fmt: skip
    groups = {LEADS: GroupDef(name=LEADS, slack_usergroup="S0LEADS")}
    return entry(CardView(request=request, lanes=lanes, groups=groups), url)


def good(number: int) -> Entry:
    return said(number, a_lane(number, LaneState.SUCCEEDED, DONE, DONE))


def words(message: Message) -> str:
    """All that is shown."""
    return str([
        "".join(span.text if isinstance(span, Text) else f"<{span}>" for span in line)
        for part in message.parts
        for line in (getattr(part, "lines", None) or ((getattr(part, "line", None) or (Text(getattr(part, "text", "")),)),))
    ])  # fmt: skip


@pytest.mark.parametrize("state", [LaneState.FAILED, LaneState.PARTLY_SUCCEEDED, LaneState.STUCK])
def test_what_somebody_must_act_on_is_named_with_its_pairs_and_why(state: LaneState) -> None:
    """By eye and by ear, before everything else."""
    outcomes = (DONE, FAILED) if state is LaneState.PARTLY_SUCCEEDED else (FAILED,)
    troubled = a_lane(7, state, *outcomes, note="The answer was lost." if state is LaneState.STUCK else "")
    message = digest([good(1), said(7, troubled), good(2)])

    for shown in (message.text, words(message)):
        assert shown.index("#7") < shown.index("#1")
        assert f"base-{len(outcomes) - 1}" in shown
        assert ("answer was lost" if state is LaneState.STUCK else "quota") in shown
    assert message.text.startswith("3 requests: 1 to act on, 2 done and verified.")
    assert ("Check Again" if state is LaneState.STUCK else "Retry Failed") in words(message)


def test_a_reminder_names_who_must_decide() -> None:
    """It is there to reach them."""
    message = digest([said(3, a_lane(3, LaneState.AWAITING_APPROVAL, PENDING)), good(1)])

    assert "A decision is needed: #3 waiting for approval, 1 pair (base-0 with shop-prod)." in message.text
    assert "S0LEADS" in words(message)


def test_it_says_how_the_whole_request_stands() -> None:
    """A part that is done does not make the request done."""
    lanes = a_lane(4, LaneState.SUCCEEDED, DONE, DONE), a_lane(4, LaneState.RUNNING, PENDING, lane=2)
    message = digest([said(4, *lanes), good(5)])

    assert "#4 done and verified, 2 pairs; running, 1 pair" in message.text
    assert message.text.startswith("2 requests: 1 done and verified, 1 not over yet.")
    assert "Done and verified: #5." in message.text


def test_an_expired_request_is_not_said_to_be_done() -> None:
    """Silence never approves, in a digest neither."""
    message = digest([said(6, a_lane(6, LaneState.EXPIRED, MemberOutcome.NOT_RUN)), good(5)])

    assert message.text.startswith("2 requests: 1 done and verified, 1 ended otherwise.")
    assert "Also: #6 expired, 1 pair." in message.text


def test_what_was_tried_again_is_said_by_its_newest_try() -> None:
    """Else a failure that is mended would call for somebody for ever."""
    lanes = a_lane(8, LaneState.FAILED, FAILED), a_lane(8, LaneState.SUCCEEDED, DONE, lane=2)

    assert said(8, *lanes).good
    assert digest([said(8, *lanes), good(9)]).text.startswith("2 requests: 2 done and verified.")


def test_foreign_words_stay_words() -> None:
    """An image's name can mention nobody."""
    nasty = a_lane(2, LaneState.FAILED, FAILED)
    member = replace(
        nasty.members[0], image=ImageFacts(id=ImageId("i"), name="<!channel> *x*"), detail="<@U0EVE> `rm`"
    )
    drawing = drawn(digest([said(2, replace(nasty, members=(member,))), good(1)]))

    assert "<!channel>" not in drawing.text
    assert "<@U0EVE>" not in drawing.text
    assert problems({"text": drawing.text, "blocks": drawing.blocks}) == []


def test_each_number_leads_to_its_card_where_the_address_is_known() -> None:
    """A reader goes on from the digest to the card."""
    (linked,) = [b for b in drawn(digest([good(1)])).blocks if "archives/C1/p1" in str(b)]
    assert "'type': 'link'" in str(linked)
    unknown = said(1, a_lane(1, LaneState.SUCCEEDED, DONE), url="")
    assert "'type': 'link'" not in str(drawn(digest([unknown])).blocks)
    foreign = said(1, a_lane(1, LaneState.SUCCEEDED, DONE), url="javascript:alert(1)")
    assert "javascript" not in str(drawn(digest([foreign])).blocks)


@pytest.mark.parametrize("troubled", [0, 10, 100])
def test_what_fits_is_shown_whole_and_the_rest_is_left_to_the_next(troubled: int) -> None:
    """Slack takes 50 blocks, some 12,000 characters, and 4,000 in what is read out."""
    outcomes = (FAILED,) * 30
    entries = [said(n, a_lane(n, LaneState.FAILED, *outcomes)) for n in range(1, troubled + 1)]
    entries += [good(n) for n in range(1_000, 1_300)]
    rounds = 0
    while entries:
        fits = how_many_fit(entries, 100)
        assert 1 <= fits <= 100
        drawing = drawn(digest(entries[:fits]))
        assert problems({"text": drawing.text, "blocks": drawing.blocks}) == []
        shown = str(drawing.blocks)
        assert all(f"#{one.id}'" in shown for one in entries[:fits])
        assert all(f"#{one.id} failed" in drawing.text for one in entries[:fits] if one.rank == 0)
        assert "…" not in drawing.text[-20:]
        entries, rounds = entries[fits:], rounds + 1

    assert rounds <= 4 + troubled / 5


def test_one_request_that_is_longer_than_a_message_is_said_all_the_same() -> None:
    """It stands in a digest of its own, shortened; the card has the rest."""
    huge = replace(good(1), line=(Text("x" * MAX_CHARS * 2),))

    assert how_many_fit([huge, good(2)], 100) == 1
    assert how_many_fit([good(2), huge], 100) == 1
