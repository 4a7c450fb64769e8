"""Which of several rules speaks: the order of the file never matters, and a rule about other pairs says nothing."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.model import Action, Outcome
from tests.domain.policy_builders import policy
from tests.domain.test_policy_answers import DEV, PROD, image, told

LOCK = "id: lock, effect: require, when: {project.env: {eq: prod}}, require: {count: 1, from: [security]}"


def test_a_requirement_for_other_pairs_asks_for_nothing_here() -> None:
    """Neither its approvals nor its form of a reason."""
    spoken = LOCK.replace("require: {", "reason: {pattern: CHG, hint: give a CHG}, require: {")

    assert told(f"{DEV}\n{LOCK}").outcome is Outcome.ALLOW
    assert told(f"{DEV}\n{spoken}").outcome is Outcome.ALLOW
    assert told(f"{PROD}\n{spoken}", "shop-prod", reason="because").why == (
        'rule "lock": the reason "because" does not do: give a CHG'
    )
    assert told(f"{PROD}\n{spoken}", "shop-prod").nearest == "give a CHG"
    assert told(f"{PROD}\n{spoken}", "shop-prod", reason="CHG").outcome is Outcome.NEEDS_APPROVALS


def test_of_permits_that_can_be_mended_the_one_with_the_least_to_mend_is_named() -> None:
    """Then the first by name, whatever the order of the file."""
    reason = "reason: {pattern: CHG, hint: give a CHG}"
    both = f"id: a, effect: permit, when: {{}}, require: none, share_for: {{max: 5d}}, {reason}"
    one = f"id: c, effect: permit, when: {{}}, require: none, {reason}"

    assert told(f"{both}\n{one}", duration=timedelta(days=6)).rules == ("c",)
    assert told(f"{one}\n{one.replace('id: c', 'id: b')}").rules == ("b",)


def test_a_forbid_without_an_exception_shows_no_way_around_and_the_first_by_name_speaks() -> None:
    """The order of the file never matters."""
    first, last = (f"id: {name}, effect: forbid, when: {{image.kind: {{eq: system}}}}" for name in "az")

    found = told(f"{DEV}\n{last}\n{first}")

    assert (found.rules, found.nearest) == (("a", "z"), "")
    assert found.why.startswith('rule "a": forbidden')
    assert told(f"{DEV}\n{first}").nearest == ""


def test_what_holds_names_every_rule_in_doubt_and_the_facts_of_the_first_by_name() -> None:
    """Permits, requirements and forbids alike."""
    unread = "when: {image.os: {eq: x}, image.size_gb: {gt: 1}}"
    rules = (
        f"id: z, effect: permit, {unread}, require: none\n"
        f"id: y, effect: permit, {unread}, require: none\n"
        f"id: b, effect: require, {unread}, require: {{count: 1, from: [leads]}}\n"
        f"id: a, effect: forbid, {unread}"
    )

    found = told(f"{DEV}\n{rules}", image=image(os=None, size_gb=None, public=None))

    assert (found.outcome, found.rules) == (Outcome.HOLD, ("a", "b", "built-in", "y", "z"))
    assert found.why == 'rule "a" needs image.os and image.size_gb, which could not be read'


def test_a_limit_below_a_day_lets_through_what_names_no_time_and_what_is_taken_back() -> None:
    """No time is not a long time for the limit: it is cut to the longest."""
    rule = "id: short, effect: permit, action: any, when: {}, require: none, share_for: {max: 12h}"
    limit = "limits: {max_duration: 12h}\n"

    assert told(rule, more=limit).outcome is Outcome.ALLOW
    assert told(rule, duration=timedelta(hours=13)).nearest == "ask for at most 12h"
    for more in ("", limit):
        taken = told(rule, more=more, action=Action.UNSHARE, duration=timedelta(days=6))
        assert (taken.outcome, taken.share_for) == (Outcome.ALLOW, None)


def test_of_several_forbids_the_one_with_a_message_speaks() -> None:
    """Its author has found better words than ours."""
    silent, spoken = (f"id: {name}, effect: forbid, when: {{image.kind: {{eq: system}}}}" for name in "az")

    assert told(f"{DEV}\n{silent}\n{spoken}, message: Not these.").why == 'rule "z": Not these.'


def test_what_a_permit_wants_is_said_one_after_the_other() -> None:
    """In the order of the file."""
    rule = "id: a, effect: permit, when: {image.windows: {eq: true}, image.kind: {eq: data}}, require: none"

    assert told(rule).nearest == (
        'rule "a" wants image.windows to be true, and it is false; image.kind to be data, and it is system'
    )


def test_escalations_are_told_soonest_first_whatever_their_order_in_the_file() -> None:
    """Whoever wakes the lane looks at the first alone."""
    rule = "effect: permit, when: {}, require: {count: 1, from: [leads]}"
    made = policy(
        "\n".join(
            f"id: r{hours}, {rule}, escalate: {{after: {hours}h, to: [leads]}}" for hours in (9, 2, 7, 4)
        )
    )

    assert [step.after // timedelta(hours=1) for step in made.escalations_of(("r2", "r4", "r7", "r9"))] == [
        2,
        4,
        7,
        9,
    ]
