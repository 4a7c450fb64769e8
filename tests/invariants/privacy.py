"""Promises 10 and 11: no secret is stored beyond its use or shown; what people typed mentions nobody."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from bot.adapters.slack.blocks import drawn
from bot.domain.notices import Group, Message, Who
from bot.simulator.slack.mentions import mentions
from tests.invariants.evidence import Evidence, Stored, lines_of


def no_secret_left(evidence: Evidence) -> Iterator[str]:
    """To be asked at the end, when every secret has had its use."""
    for message in dict.fromkeys(said.message for said in evidence.said):
        shown = repr(message)
        if any(secret in shown for secret in evidence.secrets):
            yield f"a message shows a secret: {message.text[:60]}"
    for place, text in _texts(evidence.stored):
        if any(secret in text for secret in evidence.secrets):
            yield f"{place} still holds a secret"


def _texts(stored: Stored) -> Iterator[tuple[str, str]]:
    for field in dataclasses.fields(stored):
        for row in getattr(stored, field.name):
            yield f"{field.name} {getattr(row, 'id', '')}", _everything(row)


def _everything(row: Any) -> str:
    """Also what a repr leaves out."""
    return repr(vars(row) if hasattr(row, "__dict__") else row)


def no_foreign_mention(evidence: Evidence) -> Iterator[str]:
    """What a message notifies, as Slack would read its drawing, is what the bot itself meant to notify."""
    seen: set[int] = set()
    groups = {g.slack_usergroup for one in evidence.policies for g in one.policy.groups.values()}
    for said in evidence.said:
        if id(said.message) in seen:
            continue
        seen.add(id(said.message))
        if not any(sign in repr(said.message) for sign in ("<", "@", "Group(")):
            continue
        meant = {span.user for span in _spans(said.message) if isinstance(span, Who)} | {said.message.lead}
        meant |= {
            span.usergroup for span in _spans(said.message) if isinstance(span, Group) and span.usergroup
        }
        drawing = drawn(said.message, mark=said.mark)
        notified = mentions({"text": drawing.text, "blocks": drawing.blocks})
        for who in sorted(notified - meant):
            yield f"a message notifies {who}, whom nobody meant: {said.message.text[:60]}"
        for group in sorted(
            str(w) for w in meant - {""} if str(w).startswith("S") and evidence.policies and w not in groups
        ):
            yield f"a message notifies the group {group}, which no policy names"


def _spans(message: Message) -> Iterator[Any]:
    for line in lines_of(message):
        yield from line
