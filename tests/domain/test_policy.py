"""What the judge says of one member."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import NO_REQUIREMENT, Action, AllOf, ImageFacts, Outcome
from tests.domain.policy_builders import IMAGE, actor, need, verdict

OPEN = "id: open, effect: permit, when: {}, require: none"
PROD = "id: prod, effect: permit, when: {requester.groups: [engineers], project.env: prod}, require: {count: 1, from: [leads]}"


def test_without_a_rule_everything_is_denied() -> None:
    """Default deny is the promise everything else stands on."""
    found = verdict("")

    assert found.outcome is Outcome.DENY
    assert "no permit for share" in found.why


def test_a_permit_that_requires_none_allows() -> None:
    """Self-service must not wait for anybody."""
    found = verdict(OPEN)

    assert (found.outcome, found.rules, found.requirement) == (Outcome.ALLOW, ("open",), NO_REQUIREMENT)
    assert found.why == 'rule "open" permits this without approval'


def test_a_permit_with_approvals_needs_them() -> None:
    """The everyday case."""
    found = verdict(PROD, "shop-prod")

    assert (found.outcome, found.requirement) == (Outcome.NEEDS_APPROVALS, need(1, "leads"))
    assert found.why == 'rule "prod" asks for 1 of leads'


def test_a_forbid_denies_whatever_permits() -> None:
    """Forbid is absolute."""
    found = verdict(f'{OPEN}\nid: no, effect: forbid, when: {{image.kind: system}}, message: "Not these."')

    assert (found.outcome, found.rules, found.why) == (Outcome.DENY, ("no",), 'rule "no": Not these.')


def test_a_forbid_without_a_message_names_the_value() -> None:
    """Nobody is refused without a reason."""
    found = verdict(f"{OPEN}\nid: no, effect: forbid, when: {{image.kind: system}}")

    assert found.why == 'rule "no": forbidden, because image.kind is system'


def test_a_forbid_with_an_exception_names_the_way_around() -> None:
    """The nearest way through is part of every refusal that has one."""
    found = verdict(f"{OPEN}\nid: no, effect: forbid, when: {{}}, unless: {{image.tags: [reviewed]}}")

    assert found.outcome is Outcome.DENY
    assert found.nearest == 'rule "no" makes an exception; it wants image.tags to include reviewed'


def test_a_require_alone_opens_nothing() -> None:
    """A lock is no door."""
    found = verdict("id: lock, effect: require, when: {}, require: {count: 1, from: [security]}")

    assert found.outcome is Outcome.DENY


def test_a_require_adds_its_approvals_to_a_permit() -> None:
    """All matching rules count."""
    found = verdict(
        f"{PROD}\nid: lock, effect: require, when: {{}}, require: {{count: 2, from: [security]}}", "shop-prod"
    )

    assert found.requirement == AllOf(items=(need(1, "leads"), need(2, "security")))
    assert found.rules == ("lock", "prod")
    assert found.why == 'rules "lock" and "prod" ask for 1 of leads and 2 of security'


def test_two_permits_are_both_obeyed() -> None:
    """A second, softer permit must not weaken the first."""
    found = verdict(f"{OPEN}\n{PROD}", "shop-prod")

    assert (found.outcome, found.requirement) == (Outcome.NEEDS_APPROVALS, need(1, "leads"))
    assert found.rules == ("open", "prod")


def test_the_same_groups_take_the_larger_count() -> None:
    """Three people are not asked where two suffice."""
    found = verdict(
        "id: a, effect: permit, when: {}, require: {count: 1, from: [leads]}\n"
        "id: b, effect: permit, when: {}, require: {count: 2, from: [leads]}"
    )

    assert found.requirement == need(2, "leads")


def test_a_message_of_the_asking_rule_is_said() -> None:
    """The approver should know why a human is needed."""
    found = verdict(
        "id: a, effect: permit, when: {}, require: {count: 1, from: [leads]}, message: It costs money."
    )

    assert found.why == 'rule "a": It costs money.'


# -- exceptions and actions --------------------------------------------------------------


def test_an_exception_switches_the_rule_off() -> None:
    """Exceptions go in unless, as the order of rules says nothing."""
    rules = f"{OPEN}\nid: no, effect: forbid, when: {{}}, unless: {{image.tags: [hardened]}}"

    assert verdict(rules).outcome is Outcome.ALLOW


def test_an_exception_needs_all_its_conditions() -> None:
    """Half an exception is none."""
    rules = (
        f"{OPEN}\nid: no, effect: forbid, when: {{}}, unless: {{image.tags: [hardened], image.windows: true}}"
    )

    assert verdict(rules).outcome is Outcome.DENY


def test_one_of_several_exceptions_is_enough() -> None:
    """A list of exceptions is an or."""
    rules = f"{OPEN}\nid: no, effect: forbid, when: {{}}, unless: [{{image.windows: true}}, {{image.tags: [hardened]}}]"

    assert verdict(rules).outcome is Outcome.ALLOW


def test_an_unknown_exception_of_a_forbid_holds() -> None:
    """Neither opened nor refused on a guess."""
    rules = f"{OPEN}\nid: no, effect: forbid, when: {{}}, unless: {{image.windows: true}}"

    assert verdict(rules, image=replace(IMAGE, windows=None)).outcome is Outcome.HOLD


def test_a_permit_to_share_does_not_permit_to_unshare() -> None:
    """Taking an image away hurts running teams; it needs its own permit."""
    assert verdict(OPEN, action=Action.UNSHARE).outcome is Outcome.DENY


@pytest.mark.parametrize(("word", "shares", "unshares"), [("share", 1, 0), ("unshare", 0, 1), ("any", 1, 1)])
def test_a_rule_speaks_of_the_action_it_names(word: str, shares: int, unshares: int) -> None:
    """`action: any` is both, everything else is one."""
    rules = f"{OPEN}, action: {word}"

    assert (verdict(rules).outcome is Outcome.ALLOW) == bool(shares)
    assert (verdict(rules, action=Action.UNSHARE).outcome is Outcome.ALLOW) == bool(unshares)


# -- unknown -----------------------------------------------------------------------------


def test_an_unknown_in_a_forbid_holds() -> None:
    """Unknown is not false."""
    found = verdict(
        f"{OPEN}\nid: enc, effect: forbid, when: {{image.encrypted: true}}",
        image=replace(IMAGE, encrypted=None),
    )

    assert (found.outcome, found.rules) == (Outcome.HOLD, ("enc",))
    assert found.why == 'rule "enc" needs image.encrypted, which could not be read'


def test_an_unknown_in_a_require_holds() -> None:
    """A lock that may be due must not be forgotten."""
    rules = f"{OPEN}\nid: lock, effect: require, when: {{image.windows: true}}, require: {{count: 1, from: [leads]}}"

    assert verdict(rules, image=replace(IMAGE, windows=None)).outcome is Outcome.HOLD


def test_an_unknown_in_a_permit_holds() -> None:
    """It may be open; nobody is refused because a look-up failed."""
    rules = "id: p, effect: permit, when: {image.windows: false}, require: none"

    assert verdict(rules, image=replace(IMAGE, windows=None)).outcome is Outcome.HOLD


def test_an_unknown_in_a_rule_that_is_false_anyway_does_not_hold() -> None:
    """Work does not wait for a fact that cannot change the answer."""
    rules = f"{OPEN}\nid: p, effect: permit, when: {{image.windows: true, project.env: prod}}, require: none"

    assert verdict(rules, image=replace(IMAGE, windows=None)).outcome is Outcome.ALLOW


def test_deny_wins_over_hold() -> None:
    """Waiting for a fact that cannot help anymore would be a false hope."""
    rules = (
        f"{OPEN}\nid: a, effect: forbid, when: {{image.encrypted: true}}\n"
        "id: b, effect: forbid, when: {image.kind: system}"
    )

    assert verdict(rules, image=replace(IMAGE, encrypted=None)).outcome is Outcome.DENY


def test_a_pair_no_permit_can_open_is_denied_though_a_forbid_is_unknown() -> None:
    """Whatever the fact turns out to be, the answer is no."""
    rules = f"{PROD}\nid: enc, effect: forbid, when: {{image.encrypted: true}}"

    assert verdict(rules, "shop-dev", image=replace(IMAGE, encrypted=None)).outcome is Outcome.DENY


def test_a_group_that_could_not_be_read_holds_and_is_named() -> None:
    """Neither in nor out."""
    found = verdict(PROD, "shop-prod", by=actor(unknown=("engineers",)))

    assert found.outcome is Outcome.HOLD
    assert found.why == 'rule "prod" needs requester.groups (engineers), which could not be read'


# -- what the cloud can never do ---------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (replace(IMAGE, owned=False), "only the project that owns"),
        (replace(IMAGE, public=True), "public image"),
        (replace(IMAGE, marketplace=True), "marketplace"),
        (replace(IMAGE, status="saving"), "this one is saving"),
        (replace(IMAGE, owner="9c61004714024f9586705d090530f9fa"), "project shop-dev owns the image itself"),
    ],
)
def test_what_the_cloud_can_never_do_is_denied_before_any_rule(image: ImageFacts, words: str) -> None:
    """Approvals must not be collected for what then fails."""
    found = verdict(OPEN, image=image)

    assert (found.outcome, found.rules) == (Outcome.DENY, ("built-in",))
    assert words in found.why


@pytest.mark.parametrize("image", [replace(IMAGE, owned=None), replace(IMAGE, status=None)])
def test_an_image_nobody_could_look_up_holds(image: ImageFacts) -> None:
    """Owned and active must be known before anything is shared."""
    found = verdict(OPEN, image=image)

    assert (found.outcome, found.rules) == (Outcome.HOLD, ("built-in",))


def test_an_unshare_is_not_held_by_what_only_matters_to_a_share() -> None:
    """A deleted image can still be taken back."""
    rules = "id: back, effect: permit, action: unshare, when: {}, require: none"

    assert verdict(rules, action=Action.UNSHARE, image=ImageFacts(id=IMAGE.id)).outcome is Outcome.ALLOW
