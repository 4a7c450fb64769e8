"""`imagebot policy replay`: stored requests judged by a file as it is now, beside what was decided then."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bot.app.policy_keeper import read_policy
from bot.app.policy_stored import Stored, StoredCase, stored_requests
from bot.app.policy_tools import Plain, counted, plain_verdict
from bot.domain.model import NO_REQUIREMENT, GroupName, Outcome, Verdict
from bot.domain.policy import Policy, Vote, missing_in_words, still_missing
from bot.domain.policy.comparison import direction, judged

NOW = {
    Outcome.ALLOW: "pass",
    Outcome.NEEDS_APPROVALS: "wait for approvals",
    Outcome.HOLD: "wait for a fact",
    Outcome.DENY: "be refused",
}


async def replayed(path: Path, database: Path, last: int, groups: frozenset[GroupName]) -> Plain:
    """Each pair of the last requests: then and now."""
    policy = read_policy(path)
    stored = await stored_requests(database, last, policy, groups)
    pairs = [_pair(policy, one, case) for one in stored for case in one.cases]
    return {
        "file": str(path),
        "requests": len(stored),
        "never_planned": [one.request.id for one in stored if not one.cases],
        "groups_from": dict(Counter(one.groups_from for one in stored)),
        "now": dict(Counter(pair["now"]["outcome"] for pair in pairs)),
        "otherwise": sum(1 for pair in pairs if pair["direction"]),
        "pairs": pairs,
    }


def _pair(policy: Policy, one: Stored, case: StoredCase) -> Plain:
    now = judged(policy, case.ask)
    changed = direction(case.lane.verdict, now)
    return {
        "request": one.request.id,
        "pair": case.name,
        "then": {
            **plain_verdict(case.lane.verdict),
            "state": case.lane.state.value,
            "approved_by": [d.person.user for d in case.decisions if d.approve],
            "rejected_by": [d.person.user for d in case.decisions if not d.approve],
        },
        "now": plain_verdict(now),
        "direction": changed.value if changed else None,
        "approvals_of_then": _approvals(case, now),
    }


def _approvals(case: StoredCase, now: Verdict) -> str:
    """Whether the approvals that were given would do today, in words; empty where nothing can be said."""
    votes = [Vote(person=d.person, groups=d.groups) for d in case.decisions if d.approve]
    if now.outcome is not Outcome.NEEDS_APPROVALS or not votes:
        return ""
    missing = still_missing(now.requirement, votes)
    return "would do" if missing == NO_REQUIREMENT else f"would lack {missing_in_words(missing)}"


def replay_words(report: Plain) -> list[str]:
    """The report as lines."""
    head = f"{counted(report['requests'], 'request')}, judged by {report['file']} as it is now"
    lines = [head]
    for source, count in report["groups_from"].items():
        lines.append(f"groups of {counted(count, 'requester')}: {source}")
    lines += [f"#{pair['request']} {pair['pair']}: {_pair_words(pair)}" for pair in report["pairs"]]
    lines += [f"#{number}: never planned, nothing to judge" for number in report["never_planned"]]
    counts = [f"{number} would {NOW[Outcome(outcome)]}" for outcome, number in sorted(report["now"].items())]
    lines.append(f"now: {', '.join(counts) or 'nothing to judge'}; {report['otherwise']} otherwise than then")
    return lines


def _pair_words(pair: Plain) -> str:
    then, now = pair["then"], pair["now"]
    decided = [f"approved by {user}" for user in then["approved_by"]]
    decided += [f"rejected by {user}" for user in then["rejected_by"]]
    before = ", ".join([then["verdict"], *decided, then["state"].replace("_", " ")])
    after = now["verdict"] if pair["direction"] else "the same"
    if pair["approvals_of_then"]:
        after += f"; the approvals given then {pair['approvals_of_then']}"
    why = f" ({now['why']})" if pair["direction"] and now["outcome"] in (Outcome.DENY, Outcome.HOLD) else ""
    mark = f" [{pair['direction']}]" if pair["direction"] else ""
    return f"then {before}; now {after}{why}{mark}"
