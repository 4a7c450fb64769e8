"""What is looked at after every journey, whatever it was about: shape of all that was said, whom it would have notified, what
the cloud really did, the audit chain, and that no secret lies anywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.app.audit_check import Evidence, check_database
from bot.simulator.slack import SimSlack
from tests.invariants import OF_THE_STORE, violations_of
from tests.invariants.database import evidence_of
from tests.journeys.cast import CANARIES
from tests.judge.blocks import problems, view_problems

Json = dict[str, Any]
SPEAKING = ("chat.postMessage", "chat.update", "chat.postEphemeral")


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


def messages(slack: SimSlack) -> Iterator[tuple[str, Json]]:
    """Everything the bot ever tried to say, with the door it went through; taken or not."""
    for call in slack.calls:
        if call.method in SPEAKING:
            yield call.method, {**call.params, "blocks": _read(call.params.get("blocks"))}
    for post in slack.responses:
        yield "response_url", dict(post.params)
    for delivery in slack.deliveries:
        if delivery.kind == "slash_commands" and isinstance(delivery.body, dict):
            yield "acknowledgement", delivery.body


def views(slack: SimSlack) -> Iterator[Json]:
    """Every form the bot opened or put in the place of another."""
    for call in slack.calls:
        if call.method.startswith("views."):
            yield _read(call.params["view"])
    for delivery in slack.deliveries:
        if isinstance(delivery.body, dict) and isinstance(delivery.body.get("view"), dict):
            yield delivery.body["view"]


def misshapen(slack: SimSlack) -> list[str]:
    """What Slack, or a reader, would stumble over."""
    found = [f"{door}: {one}" for door, message in messages(slack) for one in problems(message)]
    return found + [one for view in views(slack) for one in view_problems(view)]


def notified(slack: SimSlack) -> set[str]:
    """Everybody whom anything said would have notified."""
    return {who for _, message in messages(slack) for who in slack.mentions(message)}


def secrets_of(slack: SimSlack) -> Mapping[str, str]:
    """Every secret there was, by what it is."""
    urls = {f"response_url {grant.seq}": secret for secret, grant in slack.urls.grants.items()}
    return {**CANARIES, **urls}


def leaks(slack: SimSlack, places: Mapping[str, bytes]) -> list[str]:
    """Which secret lies in which place."""
    found = [
        f"{what} in {where}"
        for where, content in places.items()
        for what, secret in secrets_of(slack).items()
        if secret.encode() in content
    ]
    return found + [
        f"a web socket ticket in {where}" for where, content in places.items() if b"ticket=" in content
    ]


def database_bytes(database: Path) -> dict[str, bytes]:
    """The files of the database as they lie on the disk."""
    return {path.name: path.read_bytes() for path in database.parent.glob(f"{database.name}*")}


async def audit_problem(database: Path) -> str:
    """Why the audit log does not hold; empty when it does."""
    result = await asyncio.to_thread(check_database, database, Evidence())
    return " ".join(result.problems)


def broken_promises(database: Path) -> list[str]:
    """Which promises of the store alone were broken, in words."""
    return [str(one) for one in violations_of(evidence_of(database), OF_THE_STORE)]
