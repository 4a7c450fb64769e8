"""Judges one member by the policy. Pure and total: every ask gets a verdict, nothing is raised.

Deny wins over hold, hold over everything else; without an open permit the answer is deny. A fact nobody could
read makes the pair hold wherever it could still change the answer. The order of rules never matters: they are
taken by id.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.model import NO_REQUIREMENT, Action, Outcome, Verdict
from bot.domain.policy.facts import Ask, Reading
from bot.domain.policy.permits import PermitReading, bad_reason, read_permit
from bot.domain.policy.request_limits import over_limits, within_limits
from bot.domain.policy.requirement import in_words, merge
from bot.domain.policy.rules import BUILT_IN, Effect, Policy, Rule
from bot.domain.policy.trial import trial_warnings
from bot.domain.policy.words import because, distance, exception_in_words, misses, quoted, unknowns


def judge(policy: Policy, ask: Ask) -> Verdict:
    """The verdict on one member. `rules` are all that matched, or those that deny or hold; "built-in" stands
    for what the cloud can never do, "limits" for those of the file. For a deny, `nearest` is the permit with the fewest failing clauses, in
    words."""
    reading = Reading(ask, policy.zone)
    verdict, warnings = _judged(policy, reading), trial_warnings(policy, reading)
    return replace(verdict, warnings=warnings) if warnings else verdict


def _judged(policy: Policy, reading: Reading) -> Verdict:
    ask = reading.ask
    refusal = (
        _refused_by_the_cloud(ask)
        or over_limits(policy.limits, ask)
        or _forbidden(policy, reading)
        or _reason_missing(policy, reading)
    )
    if refusal is not None:
        return refusal
    permits = [read_permit(rule, reading) for rule in policy.rules_of(Effect.PERMIT, ask.action)]
    if not any(permit.open is not False for permit in permits):
        return _not_permitted(permits, reading)
    locks = [(rule, rule.applies(reading)) for rule in policy.rules_of(Effect.REQUIRE, ask.action)]
    doubts = [permit.rule for permit in permits if permit.open is None]
    doubts += [rule for rule, applies in locks if applies is None]
    doubts += [rule for rule in policy.rules_of(Effect.FORBID, ask.action) if rule.applies(reading) is None]
    unread = _unread_by_the_cloud(ask)
    if doubts or unread:
        return _held(doubts, unread, reading)
    opening = [permit.rule for permit in permits if permit.open]
    verdict = _opened(opening, [rule for rule, applies in locks if applies], ask)
    return within_limits(policy.limits, ask, verdict)


def _guards(ask: Ask) -> tuple[tuple[bool | None, str, str], ...]:
    """What the cloud can never do: (whether it is so, in words, the fact's name when it must be known)."""
    image = ask.image
    active = image.active
    status = f"only an active image can be shared, and this one is {image.status}"
    return (
        (
            None if image.owned is None else not image.owned,
            "only the project that owns an image can share it",
            "image.owned",
        ),
        (image.public, "a public image is everybody's already and cannot be shared", "image.public"),
        (image.marketplace, "an image from the marketplace cannot be shared", "image.marketplace"),
        (None if active is None else not active, status, "image.status"),
        (
            bool(image.owner) and ask.project.id == image.owner,
            f"project {ask.project.name} owns the image itself",
            "",
        ),
    )


def _refused_by_the_cloud(ask: Ask) -> Verdict | None:
    if ask.action is not Action.SHARE:
        return None
    refused = [words for so, words, _ in _guards(ask) if so]
    return _deny((BUILT_IN,), f"The cloud cannot do this: {refused[0]}.") if refused else None


def _unread_by_the_cloud(ask: Ask) -> str:
    """Name of the first fact that must be known before anything is shared, and is not."""
    if ask.action is not Action.SHARE:
        return ""
    return next((name for so, _, name in _guards(ask) if so is None and name), "")


def _deny(rules: tuple[str, ...], why: str, nearest: str = "") -> Verdict:
    return Verdict(outcome=Outcome.DENY, rules=rules, why=why, nearest=nearest)


def _forbidden(policy: Policy, reading: Reading) -> Verdict | None:
    action = reading.ask.action
    matching = [rule for rule in policy.rules_of(Effect.FORBID, action) if rule.applies(reading)]
    if not matching:
        return None
    first = next((rule for rule in matching if rule.message), matching[0])
    why = f'rule "{first.id}": {first.message or "forbidden, " + because(first, reading)}'
    exceptions = [exception_in_words(rule) for rule in matching if rule.unless]
    nearest = exceptions[0] if len(exceptions) == len(matching) == 1 else ""
    return _deny(tuple(rule.id for rule in matching), why, nearest)


def _reason_missing(policy: Policy, reading: Reading) -> Verdict | None:
    """A lock that wants a reason of another form than the one given."""
    ask = reading.ask
    for rule in policy.rules_of(Effect.REQUIRE, ask.action):
        if rule.reason is not None and not rule.reason.accepts(ask.reason) and rule.applies(reading):
            return _deny(
                (rule.id,), f'rule "{rule.id}": {bad_reason(ask)}: {rule.reason.hint}', rule.reason.hint
            )
    return None


def _not_permitted(permits: list[PermitReading], reading: Reading) -> Verdict:
    if not permits:
        return _deny((), f"no rule permits this: the policy has no permit for {reading.ask.action}")
    mendable = sorted((p for p in permits if p.mendable), key=lambda p: (len(p.mendable), p.rule.id))
    if mendable:
        nearest = mendable[0]
        failed = " and ".join(what for what, _ in nearest.mendable)
        advice = "; ".join(hint for _, hint in nearest.mendable)
        return _deny((nearest.rule.id,), f'rule "{nearest.rule.id}": {failed}: {advice}', advice)
    rule = min((permit.rule for permit in permits), key=lambda rule: (*distance(rule, reading), rule.id))
    failing = misses(rule, reading)
    wants = "; ".join(failing[:3]) + ("; and more" if len(failing) > 3 else "")
    return _deny(
        (),
        f'no rule permits this: the nearest, "{rule.id}", wants {wants}',
        f'rule "{rule.id}" wants {wants}',
    )


def _held(doubts: list[Rule], unread: str, reading: Reading) -> Verdict:
    doubts = sorted(doubts, key=lambda rule: rule.id)
    ids = tuple(sorted({rule.id for rule in doubts} | ({BUILT_IN} if unread else set())))
    if doubts:
        facts = " and ".join(unknowns(doubts[0], reading))
        why = f'rule "{doubts[0].id}" needs {facts}, which could not be read'
    else:
        why = f"nothing is shared before {unread} is known, and it could not be read"
    return Verdict(outcome=Outcome.HOLD, rules=ids, why=why)


def _opened(permits: list[Rule], locks: list[Rule], ask: Ask) -> Verdict:
    matching = sorted(permits + locks, key=lambda rule: rule.id)
    asking = [rule for rule in matching if rule.requirement != NO_REQUIREMENT]
    requirement = merge(*(rule.requirement for rule in asking))
    return Verdict(
        outcome=Outcome.ALLOW if requirement == NO_REQUIREMENT else Outcome.NEEDS_APPROVALS,
        requirement=requirement,
        rules=tuple(rule.id for rule in matching),
        self_approval=bool(asking) and all(rule.self_approval for rule in asking),
        why=_why_opened(matching, asking),
        share_for=_share_for(permits, ask),
    )


def _why_opened(matching: list[Rule], asking: list[Rule]) -> str:
    if not asking:
        ids = quoted(rule.id for rule in matching)
        return f"{ids} {'permits' if len(matching) == 1 else 'permit'} this without approval"
    words = in_words(merge(*(rule.requirement for rule in asking)))
    if len(asking) == 1 and asking[0].message:
        return f'rule "{asking[0].id}": {asking[0].message}'
    said = " ".join(rule.message for rule in asking if rule.message)
    asks = f"{quoted(rule.id for rule in asking)} {'asks' if len(asking) == 1 else 'ask'} for {words}"
    return f"{asks}: {said}" if said else asks


def _share_for(permits: list[Rule], ask: Ask) -> timedelta | None:
    """As asked, else the default; where several permits speak of it, the shortest. None: for ever."""
    if ask.action is not Action.SHARE:
        return None
    if ask.duration is not None:
        return ask.duration
    return min((rule.share_for.default for rule in permits if rule.share_for), default=None)
