"""A typed command: parsed, stored, answered. Nothing is looked up outside the store: Slack waits at most three seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bot.domain.errors import CommandError
from bot.domain.model import (
    CancelCommand,
    Command,
    DueKind,
    HelpCommand,
    InboxId,
    InboxItem,
    InboxKind,
    ListCommand,
    Person,
    Request,
    RequestId,
    RetryCommand,
    ShareCommand,
    StatusCommand,
    WhoCommand,
    WhyCommand,
)  # fmt: skip
from bot.domain.notices import Message
from bot.domain.parse import parse
from bot.domain.states import RequestState
from bot.domain.wording import replies
from bot.ports import Outside, Transaction
from bot.usecases.answer_reads import answer_list, answer_status
from bot.usecases.cancel import cancel_request
from bot.usecases.retry import retry_request


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command as it came in. The dedupe key makes a second delivery the same command."""

    person: Person
    channel: str
    text: str
    dedupe_key: str
    response_url: str | None = field(default=None, repr=False)


async def receive_command(outside: Outside, typed: Typed) -> Message:
    """The private answer for the acknowledgement; whatever it promises is stored durably when this returns.

    Raises StoreBusyError or StoreBrokenError when nothing could be stored.
    """
    try:
        command = parse(typed.text)
    except CommandError as error:
        return replies.not_understood(error, outside.command)
    return await _obey(outside, typed, command)


async def _obey(outside: Outside, typed: Typed, command: Command) -> Message:
    match command:
        case HelpCommand(topic=topic):
            return replies.help_text(outside.command, topic)
        case ShareCommand(dry_run=True):
            return await _look_up(outside, typed, InboxKind.DRY_RUN, {"text": typed.text})
        case ShareCommand():
            return await _ask(outside, typed, command)
        case StatusCommand(request=number):
            return await answer_status(outside, typed.person, number)
        case ListCommand(which=which):
            return await answer_list(outside, typed.person, which)
        case WhoCommand(image=image):
            return await _look_up(outside, typed, InboxKind.WHO, {"image": image})
        case WhyCommand(request=number):
            return await _look_up(outside, typed, InboxKind.WHY, {"request": str(number)})
        case CancelCommand(request=number):
            return await cancel_request(outside, typed.person, number)
        case RetryCommand(request=number):
            return await retry_request(outside, typed.person, number)
        case _:
            assert_never(command)


async def _ask(outside: Outside, typed: Typed, command: ShareCommand) -> Message:
    """A new request, due for planning. A second delivery gets the first one's answer and adds nothing."""
    policy, now = outside.policy(), outside.clock.now()
    pairs = len(command.images) * len(command.projects)
    if pairs > policy.limits.max_pairs:
        await outside.store.write(lambda tx: _refused(tx, typed, f"{pairs} pairs are too many", now))
        return replies.too_many_pairs(pairs, policy.limits.max_pairs)
    request = _draft(typed, command, now)

    def store(tx: Transaction) -> Message:
        known = tx.request_by_key(typed.dedupe_key)
        if known is not None:
            return replies.received(known)
        count = tx.open_requests_of(typed.person)
        if count >= policy.limits.max_open_per_requester:
            _refused(tx, typed, f"{count} requests are open already", now)
            return replies.too_many_open(count, policy.limits.max_open_per_requester, outside.command)
        added = tx.add_request(request)
        tx.record(
            "request_received", at=now, actor=typed.person, request=added.id,
            data={"text": typed.text, "channel": typed.channel, "action": command.action.value},
        )  # fmt: skip
        tx.plan_work(DueKind.PLAN, str(added.id), now)
        return replies.received(added)

    return await outside.store.write(store)


def _refused(tx: Transaction, typed: Typed, why: str, now: datetime) -> None:
    """A command that was understood and not taken is told to its author and to the audit log."""
    data = {"why": why, "text": typed.text, "channel": typed.channel}
    tx.record("command_refused", at=now, actor=typed.person, data=data)


def _draft(typed: Typed, command: ShareCommand, now: datetime) -> Request:
    return Request(
        id=RequestId(0),
        action=command.action,
        requester=typed.person,
        channel=typed.channel,
        text=typed.text,
        image_refs=command.images,
        project_refs=command.projects,
        reason=command.reason,
        duration=command.duration,
        state=RequestState.PLANNING,
        created_at=now,
        dedupe_key=typed.dedupe_key,
        response_url=typed.response_url,
    )


async def _look_up(outside: Outside, typed: Typed, kind: InboxKind, body: Mapping[str, str]) -> Message:
    """A question that takes the cloud or Slack to answer: stored, and answered privately by its own due row."""
    now = outside.clock.now()
    item = InboxItem(
        id=InboxId(0), kind=kind, dedupe_key=typed.dedupe_key, person=typed.person, channel=typed.channel,
        received_at=now, body=body, response_url=typed.response_url,
    )  # fmt: skip

    def store(tx: Transaction) -> None:
        added, new = tx.add_to_inbox(item)
        if new:
            tx.plan_work(DueKind.ANSWER, str(added.id), now)

    await outside.store.write(store)
    return replies.looking_up()
