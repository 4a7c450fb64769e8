"""What the policy answers, word for word: the rule, the value that failed, and the way through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.model import Action, Outcome, Verdict
from bot.domain.policy import (
    judge,
)
from tests.domain.policy_builders import IMAGE, ask, policy

DEV = "id: dev, effect: permit, when: {project.env: {eq: dev}}, require: none"
PROD = "id: prod, effect: permit, when: {project.env: {eq: prod}}, require: {count: 2, from: [leads]}"


def told(rules: str, project: str = "shop-dev", more: str = "", **asked: Any) -> Verdict:
    made = policy(rules, more)
    return judge(made, ask(made, project, **asked))


def image(**changes: Any) -> Any:
    return replace(IMAGE, **changes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"owned": False}, "The cloud cannot do this: only the project that owns an image can share it."),
        (
            {"public": True},
            "The cloud cannot do this: a public image is everybody's already and cannot be shared.",
        ),
        ({"marketplace": True}, "The cloud cannot do this: an image from the marketplace cannot be shared."),
        (
            {"status": "queued"},
            "The cloud cannot do this: only an active image can be shared, and this one is queued.",
        ),
        (
            {"owner": "9c61004714024f9586705d090530f9fa"},
            "The cloud cannot do this: project shop-dev owns the image itself.",
        ),
        (
            {"public": True, "marketplace": True, "owned": False},
            "The cloud cannot do this: only the project that owns an image can share it.",
        ),
    ],
)
def test_what_the_cloud_can_never_do_is_denied_with_its_reason(changes: dict[str, Any], why: str) -> None:
    """Whatever the file says; and taking back is always possible."""
    found = told(DEV, image=image(**changes))
    back = told(
        DEV.replace("id: dev,", "id: dev, action: any,"), image=image(**changes), action=Action.UNSHARE
    )

    assert (found.outcome, found.rules, found.why) == (Outcome.DENY, ("built-in",), why)
    assert back.outcome is Outcome.ALLOW


@pytest.mark.parametrize("fact", ["owned", "public", "marketplace", "status"])
def test_what_the_cloud_did_not_say_makes_the_pair_hold(fact: str) -> None:
    """Nothing is shared on a guess; what is taken back needs none of it."""
    found = told(DEV, image=image(**{fact: None}))
    back = told(
        DEV.replace("id: dev,", "id: dev, action: any,"), image=image(**{fact: None}), action=Action.UNSHARE
    )

    assert (found.outcome, found.rules) == (Outcome.HOLD, ("built-in",))
    assert found.why == f"nothing is shared before image.{fact} is known, and it could not be read"
    assert back.outcome is Outcome.ALLOW


def test_an_image_without_a_known_owner_is_nobodys_own_and_goes() -> None:
    """The owner's id is needed for one comparison alone."""
    assert told(DEV, image=image(owner=None)).outcome is Outcome.ALLOW
    assert told(DEV, image=image(owner="")).outcome is Outcome.ALLOW


LIMITS = "limits: {max_images: 3, max_projects: 4, max_duration: 10d}\n"


@pytest.mark.parametrize(
    ("asked", "why", "nearest"),
    [
        ({"images": 4}, "4 images in one request; the policy allows 3.", "ask for at most 3 images"),
        ({"projects": 5}, "5 projects in one request; the policy allows 4.", "ask for at most 4 projects"),
        (
            {"duration": timedelta(days=10, hours=1)},
            "10d1h is longer than 10d, the longest the policy allows.",
            "ask for at most 10d",
        ),
    ],
)
def test_a_limit_of_the_file_says_its_number_and_what_would_fit(
    asked: dict[str, Any], why: str, nearest: str
) -> None:
    """At the limit it goes; one above it does not."""
    found = told(DEV, more=LIMITS, **asked)
    at_the_limit = told(DEV, more=LIMITS, images=3, projects=4, duration=timedelta(days=10))

    assert (found.outcome, found.rules, found.why, found.nearest) == (Outcome.DENY, ("limits",), why, nearest)
    assert (at_the_limit.outcome, at_the_limit.share_for) == (Outcome.ALLOW, timedelta(days=10))


def test_a_limit_of_time_shortens_what_was_asked_for_ever_and_nothing_that_is_taken_back() -> None:
    """Nobody gets more by saying nothing."""
    rules = DEV.replace("id: dev,", "id: dev, action: any,")

    assert told(rules, more=LIMITS).share_for == timedelta(days=10)
    assert told(rules, more=LIMITS, duration=timedelta(days=2)).share_for == timedelta(days=2)
    assert told(rules, more=LIMITS, action=Action.UNSHARE).share_for is None
    assert told(rules).share_for is None


def test_what_no_rule_permits_says_the_nearest_permit_and_what_it_wants() -> None:
    """The fewest failing conditions; of equals the one that fails less on the project, then the first by name."""
    far = "id: far, effect: permit, when: {image.kind: {eq: data}, image.windows: {eq: true}}, require: none"
    near = "id: near, effect: permit, when: {image.windows: {eq: true}}, require: none"
    other = "id: a, effect: permit, when: {project.env: {eq: prod}}, require: none"

    found = told(f"{far}\n{other}\n{near}")

    assert (found.outcome, found.rules) == (Outcome.DENY, ())
    assert found.nearest == 'rule "near" wants image.windows to be true, and it is false'
    assert (
        found.why
        == 'no rule permits this: the nearest, "near", wants image.windows to be true, and it is false'
    )
    assert told(f"{near.replace('near', 'b')}\n{near}").nearest.startswith('rule "b"')
    assert (
        told(far, action=Action.UNSHARE).why == "no rule permits this: the policy has no permit for unshare"
    )


def test_a_permit_that_is_far_says_three_of_what_it_wants() -> None:
    """And that there is more."""
    conditions = [
        "image.windows: {eq: true}",
        "image.kind: {eq: data}",
        "image.size_gb: {gt: 99}",
        "image.encrypted: {eq: true}",
    ]

    def nearest(count: int) -> str:
        return told(
            f"id: a, effect: permit, when: {{{', '.join(conditions[:count])}}}, require: none"
        ).nearest

    assert nearest(3).count(";") == 2
    assert "and more" not in nearest(3)
    assert nearest(4).endswith("; and more")
    assert nearest(4).count(";") == 3


def test_a_permit_that_only_wants_another_reason_or_time_says_so() -> None:
    """It is the nearest, for the requester can mend it alone."""
    rules = (
        'id: timed, effect: permit, when: {}, require: none, share_for: {max: 5d}, reason: {pattern: "CHG-[0-9]+", hint: give a CHG}'
        f"\n{PROD}"
    )

    both = told(rules, duration=timedelta(days=6), reason="because")
    one = told(rules, duration=timedelta(days=6), reason="CHG-1")
    none = told(rules, duration=timedelta(days=5), reason="CHG-1")
    missing = told(rules, duration=timedelta(days=5))

    assert both.rules == ("timed",)
    assert both.why == (
        'rule "timed": the reason "because" does not do and 6d is longer than 5d: give a CHG; ask for at most 5d'
    )
    assert both.nearest == "give a CHG; ask for at most 5d"
    assert one.nearest == "ask for at most 5d"
    assert (none.outcome, none.share_for) == (Outcome.ALLOW, timedelta(days=5))
    assert missing.why == 'rule "timed": a reason is wanted: give a CHG'


def test_a_forbid_names_the_message_the_rules_and_the_one_exception() -> None:
    """All that match are named; the exception only where it would be enough."""
    one = "id: no, effect: forbid, when: {image.kind: {eq: system}}, unless: [{requester.groups: {any: [leads]}}]"
    two = "id: also, effect: forbid, message: Not these., when: {image.windows: {eq: false}}"

    alone, both = told(f"{DEV}\n{one}"), told(f"{DEV}\n{one}\n{two}")

    assert alone.why == 'rule "no": forbidden, because image.kind is system'
    assert alone.nearest == 'rule "no" makes an exception; it wants requester.groups to include leads'
    assert (both.rules, both.why, both.nearest) == (("also", "no"), 'rule "also": Not these.', "")


def test_what_waits_says_who_is_asked_by_which_rules() -> None:
    """And the message of each, where there is one."""
    lock = "id: lock, effect: require, when: {}, require: {count: 1, from: [security]}"
    spoken = lock.replace("when", "message: Look at it., when")

    assert (
        told(f"{PROD}\n{lock}", "shop-prod").why
        == 'rules "lock" and "prod" ask for 2 of leads and 1 of security'
    )
    assert told(f"{DEV}\n{lock}").why == 'rule "lock" asks for 1 of security'
    assert told(f"{DEV}\n{spoken}").why == 'rule "lock": Look at it.'
    assert told(f"{PROD}\n{spoken}", "shop-prod").why.endswith(
        "ask for 2 of leads and 1 of security: Look at it."
    )
    assert (
        told(f"{DEV}\n{DEV.replace('dev,', 'dev2,')}").why
        == 'rules "dev" and "dev2" permit this without approval'
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("effect: forbid, when: {}", "would forbid this: always"),
        ("effect: forbid, when: {project.env: {eq: dev}}", "would forbid this: because project.env is dev"),
        ("effect: forbid, when: {}, message: Soon.", "would forbid this: Soon."),
        ("effect: require, when: {}, require: {count: 1, from: [leads]}", "would also ask for 1 of leads"),
        (
            "effect: require, when: {}, require: {count: 1, from: [leads]}, reason: {pattern: CHG, hint: give a CHG}",
            "would refuse this: a reason is wanted: give a CHG",
        ),
        ("effect: permit, when: {}, require: none", "would permit this without approval"),
        ("effect: permit, when: {}, require: {count: 1, from: [leads]}", "would permit this with 1 of leads"),
        ("effect: forbid, when: {project.env: {eq: prod}}", None),
        (
            "effect: forbid, when: {image.os: {eq: x}, image.size_gb: {gt: 1}}",
            "could not be judged: image.os and image.size_gb could not be read",
        ),
    ],
)
def test_a_rule_on_trial_says_what_it_would_have_done(rule: str, words: str | None) -> None:
    """Its author decides by this whether to enforce it."""
    unread = image(os=None, size_gb=None)

    found = told(f"{DEV}\nid: t, mode: warn, {rule}", image=unread)

    assert found.outcome is Outcome.ALLOW
    assert found.warnings == (() if words is None else (f'rule "t" is on trial and {words}',))
