"""What a read-back member list proves about the members of a job. The only judge of what was shared (design promise 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.model import Action, CloudMember, ImageId, Job, Lane, Member
from bot.domain.states import MemberOutcome

ReadBack = Mapping[ImageId, Sequence[CloudMember]]
"""Per image its whole member list, just read."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A job's members after the read-back: those proven done, and those that are not (yet) so."""

    done: tuple[Member, ...]
    missing: tuple[Member, ...]


def compare(job: Job, lane: Lane, members: Sequence[Member], lists: ReadBack, at: datetime) -> Report:
    """Each pending member of the job against the lists: a share is done when the project is listed and has not rejected it;
    an unshare is done when it is not listed."""
    done: list[Member] = []
    missing: list[Member] = []
    for member in members:
        if member.job != job.id or member.outcome is not MemberOutcome.PENDING:
            continue
        status = next((m.status for m in lists[member.image.id] if m.project == member.project.id), "")
        if (status not in ("", "rejected")) if job.action is Action.SHARE else status == "":
            until = (
                at + lane.verdict.share_for if job.action is Action.SHARE and lane.verdict.share_for else None
            )
            done.append(
                replace(
                    member, outcome=MemberOutcome.DONE, detail="", cloud_status=status, shared_until=until
                )
            )
        else:
            missing.append(replace(member, cloud_status=status))
    return Report(done=tuple(done), missing=tuple(missing))


def failed(members: Sequence[Member], job: Job) -> tuple[Member, ...]:
    """The missing members as failures, each with the reason that is known."""
    return tuple(replace(m, outcome=MemberOutcome.FAILED, detail=_why(m, job)) for m in members)


def _why(member: Member, job: Job) -> str:
    still = job.action is Action.UNSHARE
    if member.cloud_status == "rejected":
        return "the receiving project has rejected it"
    if job.said_ok:
        return (
            f"the cloud reported success (job {job.cloud_job}), but the project is "
            + ("still" if still else "not")
            + " on the image's member list"
        )
    if job.verdict:
        return job.verdict
    return "the project is " + ("still" if still else "not") + " on the image's member list"
