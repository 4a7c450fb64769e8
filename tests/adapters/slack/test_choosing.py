"""The form in which some pairs of a lane are approved."""

from __future__ import annotations

import pytest

from bot.adapters.slack.choosing import (
    CHOICE,
    CHOOSING_VIEW,
    IMAGES,
    PAIRS,
    PROJECTS,
    Chosen,
    choosing_view,
    chosen_of,
)  # fmt: skip
from bot.adapters.slack.payloads import ACTIONS, Click, Unusable
from bot.domain.model import (
    ClickKind,
    ImageFacts,
    ImageId,
    LaneId,
    Member,
    Person,
    ProjectFacts,
    ProjectId,
)  # fmt: skip
from bot.domain.notices import Message
from tests.adapters.slack.stage import BEN, HASH, OPS, Stage, card
from tests.judge.blocks import view_problems

CLICK = Click(
    person=Person("T0OWN", BEN), channel=OPS, message_ts="1700000000.000100", click=ClickKind.CHOOSE, lane=LaneId("12.1"),
    plan_hash=HASH, trigger_id="t", action_ts="1700000000.000200",
)  # fmt: skip


def members(images: int, projects: int, name: str = "image") -> tuple[Member, ...]:
    return tuple(
        Member(
            lane=LaneId("12.1"),
            image=ImageFacts(id=ImageId(f"00000000-0000-4000-8000-{i:012x}"), name=f"{name}-{i}"),
            project=ProjectFacts(id=ProjectId(f"{p:032x}"), name=f"project-{p}"),
        )
        for i in range(images)
        for p in range(projects)
    )


@pytest.mark.parametrize(("images", "projects"), [(1, 2), (10, 10), (30, 40), (100, 100)])
def test_the_form_is_valid_for_few_and_for_many(images: int, projects: int) -> None:
    """Slack takes at most 100 options a menu and 75 characters an option."""
    view = choosing_view(CLICK, members(images, projects, name="i" * 120))
    assert view is not None
    assert view_problems(view) == []
    blocks = [block["block_id"] for block in view["blocks"]]
    assert blocks == ([PAIRS] if images * projects <= 100 else [IMAGES, PROJECTS])


def test_too_many_to_choose_from_makes_no_form() -> None:
    """Then the whole is approved or rejected."""
    assert choosing_view(CLICK, members(101, 2)) is None


def sent(view: dict[str, object], chosen: dict[str, list[str]]) -> dict[str, object]:
    values = {
        block: {
            CHOICE: {
                "type": "multi_static_select",
                "selected_options": [{"value": value} for value in picked],
            }
        }
        for block, picked in chosen.items()
    }
    return {
        "type": "view_submission",
        "team": {"id": "T0OWN"},
        "user": {"id": BEN, "team_id": "T0OWN"},
        "view": {**view, "id": "V1", "state": {"values": values}},
    }


def test_what_comes_back_are_the_chosen_pairs() -> None:
    """And nothing but ids."""
    lane = members(2, 2)
    view = choosing_view(CLICK, lane)
    assert view is not None
    form = chosen_of(
        sent(view, {PAIRS: [f"{lane[1].image.id}|{lane[1].project.id}", "garbage", "<!channel>"]})
    )
    assert isinstance(form, Chosen)
    assert (form.lane, form.plan_hash, form.channel) == (LaneId("12.1"), HASH, OPS)
    assert [m for m in lane if form.selection.has(m)] == [lane[1]]


def test_images_and_projects_are_chosen_as_a_rectangle() -> None:
    """Where there are too many pairs to list."""
    lane = members(30, 40)
    view = choosing_view(CLICK, lane)
    assert view is not None
    form = chosen_of(
        sent(view, {IMAGES: [lane[0].image.id], PROJECTS: [lane[0].project.id, lane[1].project.id]})
    )
    assert isinstance(form, Chosen)
    assert [m for m in lane if form.selection.has(m)] == list(lane[:2])


def test_an_empty_menu_names_its_field() -> None:
    """The form stays open and says what is missing."""
    view = choosing_view(CLICK, members(1, 2))
    assert view is not None
    form = chosen_of(sent(view, {PAIRS: []}))
    assert isinstance(form, Unusable)
    assert form.field == PAIRS


@pytest.mark.parametrize(
    "body", [{}, {"view": []}, {"view": {"state": {"values": {PAIRS: 7}}}}, {"view": {"id": "V1"}}]
)
def test_a_hostile_form_is_unusable_and_raises_nothing(body: dict[str, object]) -> None:
    """Untrusted, like every payload."""
    assert isinstance(chosen_of({"user": {"id": BEN}, "team": {"id": "T0OWN"}, **body}), Unusable)


async def test_the_button_opens_the_form_and_the_form_reaches_the_inbound(stage: Stage) -> None:
    """Over the socket, through Slack's own shapes."""
    lane = members(2, 1)
    stage.inbound.choosable = lane
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.CHOOSE])
    view = stage.sim.view_of(BEN)
    assert view is not None
    assert view["callback_id"] == CHOOSING_VIEW
    one = f"{lane[0].image.id}|{lane[0].project.id}"
    await stage.sim.submit_view(BEN, view["id"], {(PAIRS, CHOICE): [one]})

    (chosen,) = stage.inbound.choices_made
    assert [m for m in lane if chosen.selection.has(m)] == [lane[0]]
    assert stage.inbound.clicks == []


async def test_a_lane_with_nothing_to_choose_is_answered_instead(stage: Stage) -> None:
    """A settled card, an old one, or too many pairs."""
    stage.inbound.choosable = Message("This no longer waits for a decision.")
    ref = await stage.chat.post(OPS, card())
    await stage.sim.click(BEN, OPS, ref.ts, ACTIONS[ClickKind.CHOOSE])
    assert stage.sim.view_of(BEN) is None
    assert await stage.sim.wait_for(lambda: [m.text for m in stage.sim.ephemerals(BEN)])
