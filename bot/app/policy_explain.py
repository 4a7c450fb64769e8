"""`imagebot policy explain`: the verdict of each pair, who could approve it, and every rule and clause with its answer."""

from __future__ import annotations

from pathlib import Path

from bot.app.policy_keeper import read_policy
from bot.app.policy_stored import stored_request
from bot.app.policy_tools import Plain, Supposed, plain_verdict, typed_asks
from bot.domain.policy import Ask, Policy, judge, span_in_words
from bot.domain.policy.explain import Approvers, ClauseTrace, RuleTrace, explain, who_could_approve


def explained(path: Path, words: str, supposed: Supposed) -> Plain:
    """Every pair of a typed command. Raises CommandError when it cannot be understood."""
    policy = read_policy(path)
    pairs = [_pair(policy, name, ask) for name, ask in typed_asks(policy, words, supposed)]
    return {"file": str(path), "about": words, "groups_from": "given", "pairs": pairs}


async def explained_request(path: Path, database: Path, number: int, supposed: Supposed) -> Plain:
    """The same for a stored request: its own images, projects, moment and words, judged by the file as it is now. Raises
    RequesterError when there is none."""
    policy = read_policy(path)
    stored = await stored_request(database, number, policy, supposed.groups)
    pairs = [_pair(policy, case.name, case.ask) for case in stored.cases]
    return {"file": str(path), "about": f"#{number}", "groups_from": stored.groups_from, "pairs": pairs}


def _pair(policy: Policy, name: str, ask: Ask) -> Plain:
    verdict = judge(policy, ask)
    approvers = who_could_approve(policy, verdict, ask.requester.person)
    steps = policy.escalations_of(verdict.rules)
    return {
        "pair": name,
        "action": ask.action.value,
        **plain_verdict(verdict),
        "approvers": [
            {"group": a.group, "slack_users": list(a.slack_users), "slack_usergroup": a.slack_usergroup}
            for a in approvers
        ],
        "escalations": [{"after": span_in_words(step.after), "to": sorted(step.to)} for step in steps],
        "rules_asked": [_rule(trace) for trace in explain(policy, ask) if trace.speaks],
    }


def _rule(trace: RuleTrace) -> Plain:
    return {
        "rule": trace.rule,
        "effect": trace.effect.value,
        "on_trial": trace.on_trial,
        "where": trace.where,
        "applies": trace.applies,
        "when": [_clause(clause) for clause in trace.when],
        "unless": [[_clause(clause) for clause in exception] for exception in trace.unless],
        "notes": list(trace.notes),
    }


def _clause(clause: ClauseTrace) -> Plain:
    return {
        "fact": clause.fact,
        "operator": clause.operator,
        "wanted": clause.wanted,
        "actual": clause.actual,
        "holds": clause.holds,
    }


def explain_words(report: Plain) -> list[str]:
    """The report as an indented tree."""
    lines: list[str] = []
    if report["about"].startswith("#"):
        lines.append(f"Groups of the requester: {report['groups_from']}.")
    for pair in report["pairs"]:
        lines.append(f"{pair['pair']}: {pair['verdict']}")
        lines += [f"  why: {pair['why']}"] if pair["why"] else []
        lines += [f"  nearest way through: {pair['nearest']}"] if pair["nearest"] else []
        lines += [f"  warning: {warning}" for warning in pair["warnings"]]
        lines += [f"  who could approve: {_approvers_words(one)}" for one in pair["approvers"]]
        lines += [
            f"  after {step['after']} without a decision: told {', '.join(step['to'])}"
            for step in pair["escalations"]
        ]
        for rule in pair["rules_asked"]:
            lines += _rule_words(rule)
    return lines


def _approvers_words(plain: Plain) -> str:
    group = Approvers(
        group=plain["group"],
        slack_users=tuple(plain["slack_users"]),
        slack_usergroup=plain["slack_usergroup"],
    )
    people = [f"everybody in Slack user group {group.slack_usergroup}"] if group.slack_usergroup else []
    people += [", ".join(group.slack_users)] if group.slack_users else []
    return f"{group.group}: {' and '.join(people) or 'nobody else'}"


ANSWER = {True: "yes", False: "no ", None: "?  "}


def _rule_words(rule: Plain) -> list[str]:
    trial = ", on trial" if rule["on_trial"] else ""
    lines = [f"  [{ANSWER[rule['applies']]}] {rule['effect']} {rule['rule']}{trial}  ({rule['where']})"]
    lines += [f"        {_clause_words(clause)}" for clause in rule["when"]]
    for exception in rule["unless"]:
        lines += [f"        unless {_clause_words(clause)}" for clause in exception]
    return lines + [f"        {note}" for note in rule["notes"]]


def _clause_words(clause: Plain) -> str:
    answer = ANSWER[clause["holds"]]
    return f"[{answer}] {clause['fact']} {clause['operator']} {clause['wanted']}: is {clause['actual']}"
