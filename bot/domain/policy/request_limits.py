"""The file's own limits on one request, as far as the judge can see them. max_pairs is looked at before there is
anything to judge, max_open_per_requester by whoever takes the request in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.model import Action, Outcome, Verdict
from bot.domain.policy.facts import Ask
from bot.domain.policy.rules import LIMITS, PolicyLimits
from bot.domain.policy.spans import span_in_words


def over_limits(limits: PolicyLimits, ask: Ask) -> Verdict | None:
    """A deny when the whole request is larger, or the share longer, than the file allows."""
    for word, found, most in (
        ("images", ask.images, limits.max_images),
        ("projects", ask.projects, limits.max_projects),
    ):
        if most is not None and found > most:
            return _deny(
                f"{found} {word} in one request; the policy allows {most}", f"ask for at most {most} {word}"
            )
    longest = limits.max_duration
    if ask.action is Action.SHARE and longest is not None and (ask.duration or timedelta(0)) > longest:
        words = span_in_words(longest)
        asked = span_in_words(ask.duration or timedelta(0))
        return _deny(
            f"{asked} is longer than {words}, the longest the policy allows", f"ask for at most {words}"
        )
    return None


def within_limits(limits: PolicyLimits, ask: Ask, verdict: Verdict) -> Verdict:
    """The verdict, its share no longer than the longest that is allowed."""
    longest = limits.max_duration
    if longest is None or ask.action is not Action.SHARE:
        return verdict
    return replace(verdict, share_for=min(longest, verdict.share_for or longest))


def _deny(why: str, nearest: str) -> Verdict:
    return Verdict(outcome=Outcome.DENY, rules=(LIMITS,), why=f"{why}.", nearest=nearest)
