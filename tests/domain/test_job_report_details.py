"""What a member list proves: every status, both directions, and the words for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.job_report import compare, failed
from bot.domain.model import Action, CloudMember, ImageId, JobRowId, Member, ProjectId
from bot.domain.states import JobState, MemberOutcome
from tests.domain.test_lifecycle import NOW, TWO_LEADS, job, lane, member

SHARE = replace(job(1, JobState.VERIFYING), cloud_job="cj-1")
UNSHARE = replace(SHARE, action=Action.UNSHARE)
OURS = replace(member(1), job=JobRowId(1), detail="asked again")


def listed(*statuses: tuple[str, str]) -> dict[ImageId, Sequence[CloudMember]]:
    return {
        ImageId("i1"): [
            CloudMember(project=ProjectId(project), status=status) for project, status in statuses
        ]
    }


@pytest.mark.parametrize(
    ("action", "status", "done"),
    [
        (Action.SHARE, "pending", True),
        (Action.SHARE, "accepted", True),
        (Action.SHARE, "rejected", False),
        (Action.SHARE, None, False),
        (Action.UNSHARE, None, True),
        (Action.UNSHARE, "pending", False),
        (Action.UNSHARE, "accepted", False),
        (Action.UNSHARE, "rejected", False),
    ],
)
def test_each_status_proves_one_thing_in_each_direction(
    action: Action, status: str | None, done: bool
) -> None:
    """Listed and not rejected is shared; not listed is taken back; all else is missing."""
    lists = listed(("other", "accepted"), *([("p", status)] if status else []))

    report = compare(replace(SHARE, action=action), lane(), [OURS], lists, NOW)

    assert (len(report.done), len(report.missing)) == (int(done), int(not done))
    (found,) = report.done + report.missing
    assert found.cloud_status == (status or "")
    if done:
        assert (found.outcome, found.detail) == (MemberOutcome.DONE, "")
    else:
        assert (found.outcome, found.detail) == (MemberOutcome.PENDING, "asked again")


def test_only_the_pending_members_of_the_job_are_judged() -> None:
    """Another job's members are not read, and what is final stays so; those after them are judged all the same."""
    others: list[Member] = [replace(OURS, job=JobRowId(2)), replace(OURS, outcome=MemberOutcome.FAILED), OURS]

    report = compare(SHARE, lane(), others, listed(("p", "pending")), NOW)

    assert len(report.done) == 1
    assert report.missing == ()


def test_a_share_for_a_time_ends_that_long_after_it_was_proven() -> None:
    """Not after it was asked for; and what is taken back has no end."""
    for_a_day = lane(verdict=replace(TWO_LEADS, share_for=timedelta(days=1)))

    (timed,) = compare(SHARE, for_a_day, [OURS], listed(("p", "pending")), NOW).done
    (for_ever,) = compare(SHARE, lane(), [OURS], listed(("p", "pending")), NOW).done
    (taken,) = compare(UNSHARE, for_a_day, [OURS], listed(), NOW).done

    assert (timed.shared_until, for_ever.shared_until, taken.shared_until) == (
        NOW + timedelta(days=1),
        None,
        None,
    )


@pytest.mark.parametrize(
    ("work", "status", "why"),
    [
        (SHARE, "rejected", "the receiving project has rejected it"),
        (replace(SHARE, verdict="FAIL IMG.0021"), "", "FAIL IMG.0021"),
        (SHARE, "", "the project is not on the image's member list"),
        (UNSHARE, "pending", "the project is still on the image's member list"),
        (
            replace(SHARE, said_ok=True, verdict="SUCCESS"), "",
            "the cloud reported success (job cj-1), but the project is not on the image's member list",
        ),
        (
            replace(UNSHARE, said_ok=True, verdict="SUCCESS"), "pending",
            "the cloud reported success (job cj-1), but the project is still on the image's member list",
        ),
    ],
)  # fmt: skip
def test_a_missing_member_says_why(work: object, status: str, why: str) -> None:
    """The list first, then a success that is not true, then the cloud's own words."""
    (found,) = failed([replace(OURS, cloud_status=status)], work)  # type: ignore[arg-type]

    assert (found.outcome, found.detail) == (MemberOutcome.FAILED, why)
