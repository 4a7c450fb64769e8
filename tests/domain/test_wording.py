"""What people read: enough for the ear, foreign words only as literal text, every error with words of its own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.domain import errors
from bot.domain.errors import (
    BotError,
    CloudRefusedError,
    CommandError,
    ConfigError,
    IllegalStepError,
    PolicyError,
)
from bot.domain.lifecycle import STATE_WORDS
from bot.domain.model import (
    Action,
    AllOf,
    AnyOf,
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
from bot.domain.notices import Bullets, Line, Message, Text
from bot.domain.states import LaneState, RequestState
from bot.domain.wording import replies
from bot.domain.wording.held import known_now
from bot.domain.wording.pairs import lasting, needed, pair_lines


def words(line: Line) -> str:
    return "".join(span.text if isinstance(span, Text) else f"@{getattr(span, 'name', '')}" for span in line)


def member(image: str, project: str) -> Member:
    return Member(
        lane=LaneId("1.1"), image=ImageFacts(id=ImageId(image), name=image),
        project=ProjectFacts(id=ProjectId(project), name=project),
    )  # fmt: skip


def test_images_with_the_same_projects_share_a_line() -> None:
    """30 x 40 pairs are read as one line, not as 1,200."""
    members = [member(i, p) for i in ("one", "two") for p in ("dev", "prod")] + [member("three", "dev")]
    lines = [words(line) for line in pair_lines(Action.SHARE, members)]
    assert lines == ["one, two → dev, prod", "three → dev"]


def test_many_lines_are_counted_and_not_dropped_silently() -> None:
    """A card keeps within Slack's limits and says how much it leaves out."""
    from bot.domain.model import Action

    members = [member(f"image-{n}", f"project-{n}") for n in range(40)]
    lines = [words(line) for line in pair_lines(Action.SHARE, members)]
    assert len(lines) == 13
    assert lines[-1] == "… and 28 more pairs"


def test_a_requirement_is_read_as_a_sentence() -> None:
    """Who must approve, with groups that Slack can notify."""
    groups = {
        GroupName(n): GroupDef(name=GroupName(n), slack_usergroup=f"S0{n.upper()}") for n in ("leads", "sec")
    }
    need = {name: Need(count=1, groups=frozenset({GroupName(name)})) for name in ("leads", "sec")}
    both = AllOf(items=(need["leads"], need["sec"]))
    either = AnyOf(items=(both, Need(count=2, groups=frozenset({GroupName("sec")}))))
    assert words(needed(both, groups)) == "1 of @leads and 1 of @sec"
    assert words(needed(either, groups)) == "(1 of @leads and 1 of @sec), or 2 of @sec"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, ""), (30 * 86400, " for 30 days"), (3600, " for 1 hour")]
)
def test_lengths_of_time_are_read_as_people_say_them(seconds: int | None, expected: str) -> None:
    """for 30 days, not for 2592000 seconds."""
    from datetime import timedelta

    assert lasting(None if seconds is None else timedelta(seconds=seconds)) == expected


def test_every_lane_state_has_words() -> None:
    """A new state must be given a name people understand."""
    assert set(STATE_WORDS) == set(LaneState)


def every_error() -> Iterator[BotError]:
    special = {
        CommandError: lambda: CommandError("no", hint="try", suggestion="share"),
        CloudRefusedError: lambda: CloudRefusedError("no", status=400, code="IMG.0067", request_id="r-1"),
        ConfigError: lambda: ConfigError(()),
        PolicyError: lambda: PolicyError(()),
        IllegalStepError: lambda: IllegalStepError(state="a", event="b"),
    }
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, BotError) and not kind.__name__.startswith("_"):
            yield special.get(kind, kind)()


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_has_words_and_no_inner_name(error: BotError) -> None:
    """Nobody is shown a class name or an empty line."""
    message = replies.trouble(error, "ref-1")
    assert isinstance(message, Message)
    assert len(message.text) > 20
    assert type(error).__name__ not in message.text


def test_a_refusal_of_the_cloud_carries_its_request_id() -> None:
    """What support asks for first."""
    error = CloudRefusedError("no such project", status=400, code="IMG.0067", request_id="req-77")
    assert "req-77" in replies.trouble(error, "").text


def planned(state: LaneState, **verdict: object) -> Lane:
    given = Verdict(**{"outcome": Outcome.ALLOW, "rules": ("r",), "why": "Because.", **verdict})  # type: ignore[arg-type]
    return Lane(
        id=LaneId("7.1"), request=RequestId(7), number=1, state=state, verdict=given, plan_hash="h",
        created_at=datetime(2026, 3, 2, tzinfo=UTC), deadline=datetime(2026, 3, 3, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        (planned(LaneState.APPROVED), "Goes now: one with dev."),
        (planned(LaneState.SUCCEEDED), "Already so: one with dev."),
        (
            planned(LaneState.AWAITING_APPROVAL, requirement=Need(count=1, groups=frozenset({GroupName("leads")}))),
            "Waits for a decision: one with dev. Needs 1 of @leads, before @.",
        ),
        (
            planned(LaneState.DENIED, why="No rule permits this.", nearest="Ask for dev."),
            "Refused: one with dev. No rule permits this. Nearest way through: Ask for dev.",
        ),
        (planned(LaneState.HOLDING, why="The tags are unknown."), "Still on hold: one with dev. The tags are unknown."),
    ],
)  # fmt: skip
def test_what_became_of_a_hold_is_said_part_by_part(lane: Lane, expected: str) -> None:
    """For each part: what is to be done now, and by whom, or why not."""
    request = Request(
        id=RequestId(7), action=Action.SHARE, requester=Person("T", "U"), channel="C", text="", image_refs=("one",),
        project_refs=("dev",), reason="", duration=None, state=RequestState.PLANNED, created_at=lane.created_at,
        dedupe_key="k",
    )  # fmt: skip
    said = known_now(request, [(lane, [member("one", "dev")])], {})
    assert [words(line) for part in said.parts if isinstance(part, Bullets) for line in part.lines] == [
        expected
    ]
    assert (
        said.text
        == f"What was on hold has been looked at again (request #7). {expected.partition(' Needs')[0]}"
    )
