"""What people read: enough for the ear, foreign words only as literal text, every error with words of its own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

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
    AllOf,
    AnyOf,
    GroupDef,
    GroupName,
    ImageFacts,
    ImageId,
    LaneId,
    Member,
    Need,
    ProjectFacts,
    ProjectId,
)  # fmt: skip
from bot.domain.notices import Line, Message, Text
from bot.domain.states import LaneState
from bot.domain.wording import replies
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
    from bot.domain.model import Action

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
