"""What the values of the domain begin with when nobody says more, and the words that are stored of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

import pytest

from bot.domain.model import (
    NO_REQUIREMENT,
    Action,
    Actor,
    AllOf,
    ClickKind,
    Due,
    DueKind,
    Glass,
    GroupDef,
    GroupName,
    ImageKind,
    InboxId,
    InboxItem,
    InboxKind,
    Limits,
    ListCommand,
    Member,
    Outcome,
    Person,
    ShareCommand,
    Verdict,
)
from bot.domain.states import JobState, MemberOutcome
from tests.domain.policy_builders import IMAGE
from tests.domain.test_lifecycle import NOW, job, lane, member
from tests.domain.test_plan_details import ASKED


def test_the_limits_are_these_unless_the_settings_say_otherwise() -> None:
    """They are the cloud's own and the product's promises; whoever changes one changes what is documented."""
    minute, second = timedelta(minutes=1), timedelta(seconds=1)

    found = Limits()

    assert (found.max_images_per_call, found.max_projects_per_call) == (10, 100)
    assert (found.max_tenants_per_image, found.max_tenants_full_ecs) == (256, 10)
    assert (found.max_submits, found.settle_reads, found.verify_reads) == (3, 5, 3)
    assert (found.plan_timeout, found.job_timeout) == (15 * minute, 30 * minute)
    assert (found.retry_delay, found.settle_delay) == (5 * second, 10 * second)
    assert (found.facts_age, found.lease, found.response_url_life) == (minute, minute, 29 * minute)
    assert (found.digest_above, found.digest_most) == (3, 100)


def test_what_nobody_could_find_out_about_a_person_is_unknown_and_not_no() -> None:
    """An approver of whom nothing is known must not count."""
    found = Actor(person=Person("T", "U"))

    assert (found.is_guest, found.is_bot, found.is_deactivated, found.is_foreign) == (None, None, None, None)
    assert (found.groups, found.unknown_groups) == (frozenset(), frozenset())
    assert GroupDef(name=GroupName("g")).slack_users == ()


def test_a_bare_verdict_asks_for_nobody_and_lets_nobody_approve_for_themselves() -> None:
    """What is not said must not open anything."""
    found = Verdict(outcome=Outcome.NEEDS_APPROVALS)

    assert (found.requirement, found.self_approval, found.glass) == (NO_REQUIREMENT, False, Glass.CLOSED)
    assert (found.rules, found.why, found.nearest, found.share_for, found.warnings) == ((), "", "", None, ())
    assert AllOf(items=()) == NO_REQUIREMENT


def test_what_is_new_has_no_history() -> None:
    """Version, counts and notes begin at nothing."""
    assert (ASKED.refusal, ASKED.version, lane().note, lane().version) == ("", 0, "", 0)
    fresh = job(1, JobState.QUEUED)
    assert (fresh.submits, fresh.reads, fresh.verdict, fresh.cloud_request_id) == (0, 0, "", "")
    assert (member(1).outcome, member(1).detail, member(1).cloud_status) == (MemberOutcome.PENDING, "", "")


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("queued", False), ("", False), (None, None)]
)
def test_only_an_active_image_is_active_and_an_unread_status_is_unknown(
    status: str | None, active: bool | None
) -> None:
    """An image that is still being made cannot be shared."""
    assert replace(IMAGE, status=status).active is active


def test_a_pair_is_the_image_first() -> None:
    """It is the key of a choice and of a batch call."""
    assert member(1).pair == ("i1", "p")


def test_actions_and_kinds_are_stored_in_these_words() -> None:
    """They stand in the database and in the policy file."""
    assert [action.value for action in Action] == ["share", "unshare"]
    assert [kind.value for kind in ImageKind] == ["system", "data", "full-ecs"]


def test_a_command_does_no_more_than_was_typed() -> None:
    """Nobody breaks the glass, or asks for a dry run, by saying nothing."""
    found = ShareCommand(action=Action.SHARE, images=("i",), projects=("p",))

    assert (found.duration, found.reason, found.break_glass, found.dry_run) == (None, "", False, False)
    assert ListCommand().which == "mine"


STORED: dict[type[StrEnum], str] = {
    Outcome: "allow needs_approvals hold deny",
    Glass: "closed offered broken review",
    InboxKind: "click who why dry_run",
    ClickKind: "approve choose break_glass reject cancel retry",
    DueKind: "plan inbox answer start submit poll verify deliver deadline remind take_back",
}


@pytest.mark.parametrize("words", STORED, ids=lambda words: words.__name__)
def test_a_stored_word_never_changes(words: type[StrEnum]) -> None:
    """Each stands in databases and buttons that outlive this version."""
    assert [one.value for one in words] == STORED[words].split()
    assert [one.name.lower() for one in words] == STORED[words].split()


def test_a_bare_member_is_pending_and_a_bare_item_is_empty() -> None:
    """Nothing is done before it was read back, and nothing was claimed before the first claim."""
    facts = member(1)
    bare = Member(lane=facts.lane, image=facts.image, project=facts.project)
    item = InboxItem(
        id=InboxId(1),
        kind=InboxKind.WHO,
        dedupe_key="k",
        person=Person("T", "U"),
        channel="C",
        received_at=NOW,
    )

    assert (bare.outcome, bare.shared_until, bare.job) == (MemberOutcome.PENDING, None, None)
    assert (item.body, item.response_url, item.handled_at) == ({}, None, None)
    assert Due(kind=DueKind.PLAN, subject="1", at=NOW, claim="c").attempts == 1
    assert job(1, JobState.QUEUED).version == 0
