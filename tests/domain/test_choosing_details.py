"""A selection of pairs: what is in it, how it is stored, and the lane of those that wait on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.choosing import Selection, part, rest_lane
from bot.domain.errors import BugError
from bot.domain.model import ImageFacts, ImageId, LaneId, Member, ProjectFacts, ProjectId
from bot.domain.plan import plan_hash
from tests.domain.test_lifecycle import NOW, lane
from tests.domain.test_plan_details import ASKED


def member(image: str, project: str) -> Member:
    return Member(
        lane=LaneId("7.1"), image=ImageFacts(id=ImageId(image)), project=ProjectFacts(id=ProjectId(project), name=project)
    )  # fmt: skip


FOUR = [member(image, project) for image in ("i1", "i2") for project in ("p1", "p2")]


def chosen(selection: Selection) -> list[tuple[str, str]]:
    return [m.pair for m in part(FOUR, selection).chosen]


def test_a_pair_is_chosen_when_it_is_listed_or_both_its_sides_are() -> None:
    """One side alone chooses nothing: else one image would bring every project."""
    assert chosen(Selection(pairs=frozenset({("i1", "p2")}))) == [("i1", "p2")]
    assert chosen(Selection(images=frozenset({"i1"}), projects=frozenset({"p2"}))) == [("i1", "p2")]
    assert chosen(Selection(images=frozenset({"i1"}))) == []
    assert chosen(Selection(projects=frozenset({"p1"}))) == []


def test_what_is_not_chosen_waits_on_in_its_order() -> None:
    """Nothing is lost and nothing stands twice."""
    parted = part(FOUR, Selection(pairs=frozenset({("i1", "p2")})))

    assert [m.pair for m in parted.rest] == [("i1", "p1"), ("i2", "p1"), ("i2", "p2")]


def test_a_stored_selection_is_read_as_it_was() -> None:
    """It stands in the inbox between the press and the step that acts on it."""
    names = [f"x{n}" for n in range(9)]
    selection = Selection(
        pairs=frozenset((name, "p1") for name in names), images=frozenset(names), projects=frozenset(names)
    )

    text = selection.as_text()

    assert json.loads(text) == {"pairs": [[name, "p1"] for name in names], "images": names, "projects": names}
    assert Selection.from_text(text) == selection


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"pairs": [1], "images": [], "projects": []}', "null"]
)
def test_a_selection_that_cannot_be_read_is_a_bug_that_says_so(text: str) -> None:
    """Never an empty selection, and never everything."""
    with pytest.raises(BugError) as caught:
        Selection.from_text(text)

    assert "selection" in caught.value.message
    assert caught.value.__cause__ is not None


def test_the_lane_of_the_rest_differs_only_in_what_it_is_about() -> None:
    """Its approvers keep their time; an approval of the whole card does not fit it."""
    whole = lane(reminders=(NOW + timedelta(minutes=5),), version=4, note="noted")

    new, moved = rest_lane(ASKED, whole, FOUR[1:], 2)

    pairs = [(m.image, m.project) for m in FOUR[1:]]
    assert new == replace(whole, id=LaneId("7.2"), number=2, plan_hash=plan_hash(ASKED, pairs), version=0)
    assert moved == tuple(replace(m, lane=LaneId("7.2")) for m in FOUR[1:])
