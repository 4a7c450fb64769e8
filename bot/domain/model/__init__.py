"""The nouns of docs/glossary.md as frozen values. No behaviour beyond what follows from the value itself."""

from bot.domain.model.commands import (
    CancelCommand,
    Command,
    HelpCommand,
    ListCommand,
    RetryCommand,
    ShareCommand,
    StatusCommand,
    WhoCommand,
    WhyCommand,
)
from bot.domain.model.ids import (
    Action,
    GroupName,
    ImageId,
    ImageKind,
    InboxId,
    JobRowId,
    LaneId,
    ProjectId,
    RequestId,
)
from bot.domain.model.limits import Limits
from bot.domain.model.people import Actor, GroupDef, Person
from bot.domain.model.records import Decision, Job, Lane, Member, MessageRef, Request, RunningJob
from bot.domain.model.things import CloudMember, ImageFacts, ProjectFacts
from bot.domain.model.verdicts import NO_REQUIREMENT, AllOf, AnyOf, Glass, Need, Outcome, Requirement, Verdict
from bot.domain.model.work import AuditEvent, ClickKind, Due, DueKind, InboxItem, InboxKind

__all__ = [
    "NO_REQUIREMENT",
    "Action",
    "Actor",
    "AllOf",
    "AnyOf",
    "AuditEvent",
    "CancelCommand",
    "ClickKind",
    "CloudMember",
    "Command",
    "Decision",
    "Due",
    "DueKind",
    "Glass",
    "GroupDef",
    "GroupName",
    "HelpCommand",
    "ImageFacts",
    "ImageId",
    "ImageKind",
    "InboxId",
    "InboxItem",
    "InboxKind",
    "Job",
    "JobRowId",
    "Lane",
    "LaneId",
    "Limits",
    "ListCommand",
    "Member",
    "MessageRef",
    "Need",
    "Outcome",
    "Person",
    "ProjectFacts",
    "ProjectId",
    "Request",
    "RequestId",
    "Requirement",
    "RetryCommand",
    "RunningJob",
    "ShareCommand",
    "StatusCommand",
    "Verdict",
    "WhoCommand",
    "WhyCommand",
]
