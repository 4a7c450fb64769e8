"""Somebody else looks at a broken glass afterwards: they find it right, or object. Nothing is run or taken back by it."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.lifecycle import Ballot, Ignored, Recorded, decide, step
from bot.domain.model import Actor, InboxItem, Lane, Request
from bot.domain.states import LaneEvent, LaneState
from bot.domain.wording import glass
from bot.ports import Transaction
from bot.usecases.advance import Happened, save_step, tell_thread
from bot.usecases.refuse_click import refuse_click


def review(
    tx: Transaction, item: InboxItem, found: tuple[Lane, Request], clicker: Actor, approves: bool
) -> None:
    """One reviewer's answer, in the caller's transaction; counted like any decision, with the requester left out."""
    lane, request = found
    ballot = Ballot(
        actor=clicker, approve=approves, plan_hash=item.body["plan_hash"], at=item.received_at,
        reason=item.body.get("reason", ""),
    )  # fmt: skip
    outcome = decide(lane, lane.verdict, request.requester, ballot, tx.decisions(lane.id))
    if isinstance(outcome, Ignored):
        refuse_click(tx, item, found, outcome.why, item.received_at)
        return
    tx.add_decision(outcome.decision)
    after = _settled(lane, outcome)
    kind = "glass_reviewed" if approves else "glass_objected"
    data = {"reason": ballot.reason, "missing": outcome.missing}
    save_step(tx, request, after, Happened(kind=kind, at=ballot.at, actor=clicker.person, data=data))
    tell_thread(tx, request, glass.reviewed(outcome), ballot.at)


def _settled(lane: Lane, outcome: Recorded) -> Lane:
    """Approved means reviewed here: there is nothing left to run."""
    if outcome.lane.state is not LaneState.APPROVED:
        return outcome.lane
    return step(replace(lane, note=""), LaneEvent.REVIEWED, outcome.decision.at)
