"""The file's own limits, as far as the judge sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.model import Action, Outcome
from bot.domain.policy import LIMITS, judge
from tests.domain.policy_builders import FRAME, ask, policy, said

OPEN = """id: all, effect: permit, action: any, when: {}, require: none
id: week, effect: permit, when: {image.windows: true}, require: none, share_for: 7d"""
BOUNDS = "limits: {max_images: 3, max_projects: 4, max_duration: 30d}\n"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"images": 4}, "4 images in one request; the policy allows 3."),
        ({"projects": 5}, "5 projects in one request; the policy allows 4."),
        ({"duration": timedelta(days=31)}, "31d is longer than 30d, the longest the policy allows."),
        ({"images": 4, "action": Action.UNSHARE}, "4 images in one request; the policy allows 3."),
    ],
)
def test_what_passes_a_limit_is_denied_with_the_number(asked: dict[str, object], words: str) -> None:
    """And with the way through."""
    made = policy(OPEN, BOUNDS)
    found = judge(made, ask(made, **asked))

    assert (found.outcome, found.rules, found.why) == (Outcome.DENY, (LIMITS,), words)
    assert found.nearest.startswith("ask for at most ")


@pytest.mark.parametrize(
    "asked", [{"images": 3, "projects": 4}, {"duration": timedelta(days=30)}, {"action": Action.UNSHARE}]
)
def test_what_is_just_within_a_limit_passes(asked: dict[str, object]) -> None:
    """A limit is the largest that is allowed."""
    made = policy(OPEN, BOUNDS)

    assert judge(made, ask(made, **asked)).outcome is Outcome.ALLOW


def test_a_share_without_an_end_ends_at_the_longest_allowed() -> None:
    """Else the limit were gone around by saying nothing."""
    made = policy(OPEN, BOUNDS)

    assert judge(made, ask(made)).share_for == timedelta(days=30)
    assert judge(made, ask(made, duration=timedelta(days=2))).share_for == timedelta(days=2)
    assert judge(made, ask(made, action=Action.UNSHARE)).share_for is None


def test_without_limits_nothing_is_limited() -> None:
    """Leaving a key out is no limit of zero."""
    made = policy(OPEN)
    found = judge(made, ask(made, images=1000, projects=1000, duration=timedelta(days=3000)))

    assert found.outcome is Outcome.ALLOW
    assert (made.limits.max_images, made.limits.max_projects, made.limits.max_duration) == (None, None, None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("limits: {max_images: 0}", "limits: max_images"),
        ("limits: {max_projects: many}", "a whole number from 1 to 100000"),
        ("limits: {max_duration: 30}", "a length of time such as"),
        ("limits: {max_image: 3}", 'did you mean "max_images"?'),
    ],
)
def test_a_wrong_limit_is_refused(more: str, words: str) -> None:
    """A limit that is not understood limits nothing."""
    assert words in said(f"{FRAME}{more}\nrules: []\n")


def test_no_rule_takes_the_name_of_the_limits() -> None:
    """A refusal has to name what refused."""
    text = f"{FRAME}rules:\n  - {{id: limits, effect: forbid, when: {{}}}}\n"

    assert "this name is taken by the bot itself" in said(text)
