"""Mistakes about who may have what, approved by whom: promises 1 and 7."""

from __future__ import annotations

from tools.mutants.mutant import mutant

LIFECYCLE, IN_FORCE = "bot/domain/lifecycle.py", "bot/domain/in_force.py"
JUDGING = "bot/domain/policy/judging.py"
USECASES = "bot/usecases/"
START, DECISION, TAKE_BACK = (
    USECASES + "start_lane.py",
    USECASES + "record_decision.py",
    USECASES + "take_back.py",
)
VERIFY = USECASES + "verify_members.py"
RIGHT = (1, 7)

RIGHTS = (
    mutant(
        "the requester's own vote counts whatever the rule says",
        RIGHT,
        JUDGING,
        "bool(asking) and all(rule.self_approval for rule in asking)",
        "bool(asking)",
    ),
    mutant(
        "a deny does not win after the policy was edited",
        RIGHT,
        IN_FORCE,
        "        if now.outcome is Outcome.DENY:\n",
        "        if now.outcome is Outcome.DENY and lane.verdict.outcome is Outcome.DENY:\n",
    ),
    mutant(
        "the policy is not asked again at execution",
        RIGHT,
        START,
        "force=in_force(policy, asked, lane, pending))",
        "force=InForce(verdict=lane.verdict, members=tuple(pending)))",
    ),
    mutant(
        "what is unknown is taken for allowed at execution",
        RIGHT,
        START,
        "    if force.verdict.outcome is Outcome.HOLD:\n",
        "    if force.verdict.outcome is Outcome.DENY:\n",
    ),
    mutant(
        "what the plan was shown to need is forgotten for what is asked today",
        RIGHT,
        IN_FORCE,
        "requirement = merge(requirement, now.requirement)",
        "requirement = now.requirement",
    ),
    mutant(
        "what is asked today is ignored, the pinned requirement suffices",
        RIGHT,
        IN_FORCE,
        "requirement = merge(requirement, now.requirement)",
        "requirement = merge(requirement)",
    ),
    mutant(
        "votes are not counted again at execution",
        RIGHT,
        START,
        "    if not is_met(force.verdict.requirement, votes):\n",
        "    if not votes and not is_met(force.verdict.requirement, votes):\n",
    ),
    mutant(
        "one approval is enough, whoever else is needed",
        RIGHT,
        LIFECYCLE,
        "    if is_met(verdict.requirement, votes):\n",
        "    if votes:\n",
        START,
        "    if not is_met(force.verdict.requirement, votes):\n",
        "    if not votes and not is_met(force.verdict.requirement, votes):\n",
    ),
    mutant(
        "one person may decide twice",
        (2, 7),
        LIFECYCLE,
        "any(d.person == ballot.actor.person for d in earlier)",
        "any(d.person == ballot.actor.person for d in earlier if not d.approve)",
    ),
    mutant(
        "an approval of another plan counts",
        RIGHT,
        LIFECYCLE,
        "    if lane.plan_hash != ballot.plan_hash:\n",
        "    if not ballot.plan_hash:\n",
    ),
    mutant(
        "an approval after the deadline counts",
        RIGHT,
        LIFECYCLE,
        "ballot.at >= lane.deadline:",
        "ballot.at is None:",
        DECISION,
        "        and item.received_at >= lane.deadline\n",
        "        and item.received_at is None\n",
    ),
    mutant(
        "a rejection is noted, and the lane waits on",
        RIGHT,
        LIFECYCLE,
        "    if not ballot.approve:\n",
        "    if not ballot.approve and earlier:\n",
    ),
    mutant(
        "a rejected lane runs",
        RIGHT,
        LIFECYCLE,
        "        after = step(lane, LaneEvent.REFUSED, ballot.at, note=ballot.reason)\n",
        "        after = step(lane, LaneEvent.APPROVAL_REACHED, ballot.at, note=ballot.reason)\n",
        START,
        "    if not is_met(force.verdict.requirement, votes):\n",
        "    if not is_met(force.verdict.requirement, votes) and not tx.decisions(lane.id):\n",
    ),
    mutant(
        "the time of a share is forgotten: nothing is taken back",
        1,
        VERIFY,
        "        tx.plan_work(DueKind.TAKE_BACK, lane.id, until)\n",
        "        return\n",
    ),
    mutant(
        "a share is taken back before its time is over",
        1,
        TAKE_BACK,
        "if m.shared_until is not None and m.shared_until <= now]",
        "if m.shared_until is not None]",
        VERIFY,
        "        tx.plan_work(DueKind.TAKE_BACK, lane.id, until)\n",
        "        tx.plan_work(DueKind.TAKE_BACK, lane.id, until - timedelta(minutes=30))\n",
    ),
)
