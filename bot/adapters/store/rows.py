"""The domain's values as rows and back, exactly: what was put in comes out equal, unknown (None) and false
apart.

Only rows are made here; no statement is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.store import codec
from bot.adapters.store.codec import maybe_micros, maybe_moment, micros, moment
from bot.adapters.store.table import Row, Table
from bot.domain.model import (
    Action,
    AuditEvent,
    Decision,
    Due,
    DueKind,
    InboxId,
    InboxItem,
    InboxKind,
    Job,
    JobRowId,
    Lane,
    LaneId,
    Member,
    MessageRef,
    Person,
    Request,
    RequestId,
    RunningJob,
)
from bot.domain.notices import Copy, Notice, NoticeKind, NoticeState, Topic
from bot.domain.states import JobState, LaneState, MemberOutcome, RequestState


def _request_row(x: Request) -> Row:
    return (
        x.action.value, x.requester.team, x.requester.user, x.channel, x.text, codec.texts(x.image_refs),
        codec.texts(x.project_refs), x.reason, codec.span(x.duration), x.state.value, micros(x.created_at),
        x.dedupe_key, x.response_url, x.card_channel, x.refusal, x.parent, x.version,
    )  # fmt: skip


def _request(row: Sequence[Any]) -> Request:
    (
        id, action, team, user, channel, text, images, projects, reason, duration, state, created_at, key,
        url, card, refusal, parent, version,
    ) = row  # fmt: skip
    return Request(
        id=RequestId(id), action=Action(action), requester=Person(team, user), channel=channel, text=text,
        image_refs=codec.texts_of(images), project_refs=codec.texts_of(projects), reason=reason,
        duration=codec.span_of(duration), state=RequestState(state), created_at=moment(created_at),
        dedupe_key=key, response_url=url, card_channel=card, refusal=refusal, parent=parent, version=version,
    )  # fmt: skip


def _lane_row(x: Lane) -> Row:
    return (
        x.id, x.request, x.number, x.state.value, codec.verdict(x.verdict), x.plan_hash, micros(x.created_at),
        maybe_micros(x.deadline), codec.moments(x.reminders), x.note, maybe_micros(x.ended_at), x.version,
    )  # fmt: skip


def _lane(row: Sequence[Any]) -> Lane:
    (
        id, request, number, state, verdict, plan_hash, created_at, deadline, reminders, note, ended_at,
        version,
    ) = row  # fmt: skip
    return Lane(
        id=LaneId(id), request=RequestId(request), number=number, state=LaneState(state),
        verdict=codec.verdict_of(verdict), plan_hash=plan_hash, created_at=moment(created_at),
        deadline=maybe_moment(deadline), reminders=codec.moments_of(reminders), note=note,
        ended_at=maybe_moment(ended_at), version=version,
    )  # fmt: skip


def _member_row(x: Member) -> Row:
    return (
        x.lane, x.image.id, x.project.id, codec.image(x.image), codec.project(x.project), x.outcome.value,
        x.detail, x.cloud_status, maybe_micros(x.shared_until), x.job,
    )  # fmt: skip


def _member(row: Sequence[Any]) -> Member:
    _, lane, _, _, image, project, outcome, detail, cloud_status, shared_until, job = row
    return Member(
        lane=LaneId(lane), image=codec.image_of(image), project=codec.project_of(project),
        outcome=MemberOutcome(outcome), detail=detail, cloud_status=cloud_status,
        shared_until=maybe_moment(shared_until), job=job,
    )  # fmt: skip


def _decision_row(x: Decision) -> Row:
    return (
        x.lane, x.person.team, x.person.user, int(x.approve), x.plan_hash, micros(x.at), x.reason,
        codec.texts(sorted(x.groups)),
    )  # fmt: skip


def _decision(row: Sequence[Any]) -> Decision:
    _, lane, team, user, approve, plan_hash, at, reason, groups = row
    return Decision(
        lane=LaneId(lane), person=Person(team, user), approve=bool(approve), plan_hash=plan_hash,
        at=moment(at), reason=reason, groups=codec.groups_of(groups),
    )  # fmt: skip


def _job_row(x: Job) -> Row:
    return (
        x.lane, x.action.value, codec.texts(x.images), codec.texts(x.projects), x.state.value,
        micros(x.created_at), x.cloud_job, maybe_micros(x.submitted_at), maybe_micros(x.polled_at), x.verdict,
        None if x.said_ok is None else int(x.said_ok), x.submits, x.reads, x.cloud_request_id, x.version,
    )  # fmt: skip


def _job(row: Sequence[Any]) -> Job:
    (
        id, lane, action, images, projects, state, created_at, cloud_job, submitted_at, polled_at, verdict,
        said_ok, submits, reads, cloud_request_id, version,
    ) = row  # fmt: skip
    return Job(
        id=JobRowId(id), lane=LaneId(lane), action=Action(action), images=codec.images_of(images),
        projects=codec.projects_of(projects), state=JobState(state), created_at=moment(created_at),
        cloud_job=cloud_job, submitted_at=maybe_moment(submitted_at), polled_at=maybe_moment(polled_at),
        verdict=verdict, said_ok=None if said_ok is None else bool(said_ok), submits=submits, reads=reads,
        cloud_request_id=cloud_request_id, version=version,
    )  # fmt: skip


def _inbox_row(x: InboxItem) -> Row:
    return (
        x.kind.value, x.dedupe_key, x.person.team, x.person.user, x.channel, micros(x.received_at),
        codec.data(x.body), x.response_url, maybe_micros(x.handled_at),
    )  # fmt: skip


def _inbox_item(row: Sequence[Any]) -> InboxItem:
    id, kind, key, team, user, channel, received_at, body, url, handled_at = row
    return InboxItem(
        id=InboxId(id), kind=InboxKind(kind), dedupe_key=key, person=Person(team, user), channel=channel,
        received_at=moment(received_at), body=codec.data_of(body), response_url=url,
        handled_at=maybe_moment(handled_at),
    )  # fmt: skip


def _notice_row(x: Notice) -> Row:
    return (
        x.kind.value, x.request, micros(x.created_at),
        None if x.message is None else codec.message(x.message),
        x.channel, x.user, x.response_url, x.state.value, maybe_micros(x.delivered_at), x.topic.value, x.digest,
    )  # fmt: skip


def _notice(row: Sequence[Any]) -> Notice:
    id, kind, request, created_at, message, channel, user, url, state, delivered_at, topic, digest = row
    return Notice(
        id=id, kind=NoticeKind(kind), request=request, created_at=moment(created_at),
        message=None if message is None else codec.message_of(message), channel=channel, user=user,
        response_url=url, state=NoticeState(state), delivered_at=maybe_moment(delivered_at), topic=Topic(topic),
        digest=digest,
    )  # fmt: skip


def _event_row(x: AuditEvent) -> Row:
    team, user = (None, None) if x.actor is None else (x.actor.team, x.actor.user)
    return x.id, micros(x.at), x.kind, team, user, x.request, x.lane, codec.data(x.data), x.previous, x.hash


def _event(row: Sequence[Any]) -> AuditEvent:
    id, at, kind, team, user, request, lane, data, previous, hash = row
    return AuditEvent(
        id=id, at=moment(at), kind=kind, actor=None if team is None else Person(team, user), request=request,
        lane=lane, data=codec.data_of(data), previous=previous, hash=hash,
    )  # fmt: skip


def _card_row(x: tuple[RequestId, Copy]) -> Row:
    copy = x[1]
    return x[0], copy.ref.channel, copy.ref.ts, copy.shown, int(copy.repeated)


def _card(row: Sequence[Any]) -> tuple[RequestId, Copy]:
    _, request, channel, ts, shown, repeated = row
    ref = MessageRef(channel=channel, ts=ts)
    return RequestId(request), Copy(ref=ref, shown=shown, repeated=bool(repeated))


def _durations_row(x: tuple[str, Mapping[str, object]]) -> Row:
    return x[0], codec.data(x[1])


def _durations(row: Sequence[Any]) -> tuple[str, Mapping[str, object]]:
    return row[0], codec.data_of(row[1])


def running_of(row: Sequence[Any]) -> RunningJob:
    """`row` is id, action, submitted_at, polled_at of the jobs table."""
    id, action, submitted_at, polled_at = row
    return RunningJob(
        id=JobRowId(id), action=Action(action), submitted_at=maybe_moment(submitted_at),
        polled_at=maybe_moment(polled_at),
    )  # fmt: skip


def due_of(row: Sequence[Any], claim: str) -> Due:
    """The due row as it is once `claim` has it; `row` is kind, subject, at, attempts before that."""
    kind, subject, at, attempts = row
    return Due(kind=DueKind(kind), subject=subject, at=moment(at), claim=claim, attempts=attempts + 1)


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


REQUESTS = Table(
    "requests",
    _columns(
        "action requester_team requester_user channel text image_refs project_refs reason duration state"
        " created_at dedupe_key response_url card_channel refusal parent version"
    ),
    _request_row,
    _request,
)
LANES = Table(
    "lanes",
    _columns("id request number state verdict plan_hash created_at deadline reminders note ended_at version"),
    _lane_row,
    _lane,
    numbered=False,
)
MEMBERS = Table(
    "members",
    _columns("lane image project image_facts project_facts outcome detail cloud_status shared_until job"),
    _member_row,
    _member,
)
DECISIONS = Table(
    "decisions", _columns("lane team user approve plan_hash at reason groups"), _decision_row, _decision
)
JOBS = Table(
    "jobs",
    _columns(
        "lane action images projects state created_at cloud_job submitted_at polled_at verdict said_ok"
        " submits reads cloud_request_id version"
    ),
    _job_row,
    _job,
)
INBOX = Table(
    "inbox",
    _columns("kind dedupe_key team user channel received_at body response_url handled_at"),
    _inbox_row,
    _inbox_item,
)
NOTICES = Table(
    "notices",
    _columns("kind request created_at message channel user response_url state delivered_at topic digest"),
    _notice_row,
    _notice,
)
CARDS = Table("cards", _columns("request channel ts shown repeated"), _card_row, _card)
DURATIONS = Table("durations", _columns("kind law"), _durations_row, _durations, numbered=False)
EVENTS = Table(
    "events",
    _columns("id at kind actor_team actor_user request lane data previous hash"),
    _event_row,
    _event,
    numbered=False,
)
