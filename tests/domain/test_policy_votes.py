"""Requirements and votes: merging, words, who may vote, and when it is enough."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.model import NO_REQUIREMENT, AllOf, AnyOf, Need, Person, Requirement
from bot.domain.policy import (
    can_count,
    can_vote,
    groups_of,
    in_words,
    is_met,
    merge,
    missing_in_words,
    nobody_can_approve,
    still_missing,
)
from tests.domain.policy_builders import REQUESTER, actor, groups, need, policy, vote

LEADS, SECURITY = need(1, "leads"), need(1, "security")
BOTH = AllOf(items=(LEADS, SECURITY))
EITHER = AnyOf(items=(LEADS, need(2, "security")))
APPROVER = Person("T0HOME", "U0APPROVER")


# -- merging -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "merged"),
    [
        ((), NO_REQUIREMENT),
        ((NO_REQUIREMENT, LEADS), LEADS),
        ((LEADS, need(3, "leads")), need(3, "leads")),
        ((SECURITY, LEADS), BOTH),
        ((BOTH, LEADS), BOTH),
        ((AllOf(items=(AllOf(items=(SECURITY,)), LEADS)),), BOTH),
        ((AnyOf(items=(LEADS, LEADS)),), LEADS),
        ((AnyOf(items=(LEADS, NO_REQUIREMENT)),), NO_REQUIREMENT),
        ((AnyOf(items=(need(2, "leads"), LEADS)),), LEADS),
        ((AnyOf(items=(AnyOf(items=(SECURITY, LEADS)), LEADS)),), AnyOf(items=(LEADS, SECURITY))),
        ((need(0, "leads"),), NO_REQUIREMENT),
    ],
)
def test_a_merge_is_the_same_however_it_was_written(
    parts: tuple[Requirement, ...], merged: Requirement
) -> None:
    """Lanes are formed by equal requirements."""
    assert merge(*parts) == merged


def test_the_groups_of_a_requirement_are_all_that_could_fill_a_slot() -> None:
    """They are told, and they may vote."""
    assert groups_of(AllOf(items=(EITHER, need(1, "owners")))) == {"leads", "security", "owners"}
    assert groups_of(NO_REQUIREMENT) == frozenset()


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (NO_REQUIREMENT, "no approval"),
        (LEADS, "1 of leads"),
        (need(2, "security", "leads"), "2 of leads or security"),
        (BOTH, "1 of leads and 1 of security"),
        (AllOf(items=(BOTH, need(1, "owners"))), "1 of leads, 1 of owners and 1 of security"),
        (EITHER, "1 of leads, or 2 of security"),
        (AllOf(items=(need(1, "owners"), EITHER)), "1 of owners and (1 of leads, or 2 of security)"),
        (AnyOf(items=(BOTH, need(1, "owners"))), "1 of owners, or 1 of leads and 1 of security"),
        (AnyOf(items=()), "what nobody can give"),
    ],
)
def test_a_requirement_reads_as_one_would_say_it(requirement: Requirement, words: str) -> None:
    """It stands on the card and in the tests of the policy."""
    assert in_words(requirement) == words


def test_what_is_missing_reads_as_more() -> None:
    """ "1 more of security" tells how far it is."""
    assert missing_in_words(BOTH) == "1 more of leads and 1 more of security"


# -- enough ------------------------------------------------------------------------------


def test_nothing_needed_is_met_without_votes() -> None:
    """Self-service waits for nobody."""
    assert is_met(NO_REQUIREMENT, ())


def test_a_person_fills_one_slot_only() -> None:
    """Two eyes are two people, whatever groups one of them is in."""
    assert not is_met(BOTH, [vote("U1", "leads", "security")])
    assert is_met(BOTH, [vote("U1", "leads", "security"), vote("U2", "leads")])


def test_the_same_person_twice_is_one_person() -> None:
    """A second click or a second workspace record adds nothing."""
    assert not is_met(need(2, "leads"), [vote("U1", "leads"), vote("U1", "leads")])


def test_two_votes_of_one_person_join_their_groups() -> None:
    """Whichever came last, the person can fill either slot."""
    first, second = vote("U1", "leads"), vote("U1", "owners")

    assert is_met(LEADS, [first, second])
    assert is_met(LEADS, [second, first])


def test_people_are_moved_between_slots_until_all_fit() -> None:
    """A count would fail here: the first voter must take the slot nobody else can."""
    both = vote("U1", "leads", "security")

    assert is_met(BOTH, [both, vote("U2", "leads")])
    assert is_met(BOTH, [both, vote("U2", "security")])


def test_a_vote_of_another_group_fills_nothing() -> None:
    """Eligibility is per slot."""
    assert not is_met(LEADS, [vote("U1", "security"), vote("U2")])


def test_any_of_is_met_either_way_but_not_by_halves() -> None:
    """Half of one way and half of the other is no way."""
    assert is_met(EITHER, [vote("U1", "leads")])
    assert is_met(EITHER, [vote("U1", "security"), vote("U2", "security")])
    assert not is_met(EITHER, [vote("U1", "security")])


def test_an_any_of_of_nothing_is_never_met() -> None:
    """No way is not every way."""
    assert not is_met(AnyOf(items=()), [vote("U1", "leads")])


def test_many_choices_are_counted_quickly() -> None:
    """Forty any_of of two each are a million million combinations; only those the votes allow are tried."""
    choices = AllOf(items=tuple(AnyOf(items=(need(1, f"a{n}"), need(1, f"b{n}"))) for n in range(40)))

    assert not is_met(choices, [vote(f"U{n}", f"a{n}", f"b{n}") for n in range(10)])
    assert in_words(still_missing(choices, [])) != "no approval"


@pytest.mark.parametrize(
    ("requirement", "votes", "words"),
    [
        (BOTH, [], "1 more of leads and 1 more of security"),
        (BOTH, [vote("U1", "leads")], "1 more of security"),
        (BOTH, [vote("U1", "leads", "security")], "1 more of leads, or 1 more of security"),
        (BOTH, [vote("U1", "leads"), vote("U2", "security")], "no approval"),
        (need(3, "leads"), [vote("U1", "leads")], "2 more of leads"),
        (EITHER, [], "1 more of leads, or 2 more of security"),
        (EITHER, [vote("U1", "security")], "1 more of leads, or 1 more of security"),
        (LEADS, [vote("U1", "security")], "1 more of leads"),
    ],
)
def test_what_is_still_missing_is_the_smallest_rest(
    requirement: Requirement, votes: list[Any], words: str
) -> None:
    """The thread says who is waited for."""
    assert missing_in_words(still_missing(requirement, votes)) == words


# -- who may vote ------------------------------------------------------------------------


def test_somebody_of_a_needed_group_may_vote() -> None:
    """The plain case gives no sentence."""
    assert can_vote(BOTH, False, REQUESTER, actor("security", person=APPROVER)) is None


def test_the_requester_cannot_approve_unless_the_rules_allow_it() -> None:
    """Four eyes."""
    refusal = can_vote(LEADS, False, REQUESTER, actor("leads"))

    assert refusal is not None
    assert "yourself" in refusal
    assert can_vote(LEADS, True, REQUESTER, actor("leads")) is None


def test_a_requester_of_another_workspace_with_the_same_user_id_is_another_person() -> None:
    """People are keyed by team and user."""
    twin = actor("leads", person=Person("T0ELSEWHERE", REQUESTER.user))

    assert can_vote(LEADS, False, REQUESTER, twin) is None


@pytest.mark.parametrize(
    ("flag", "word"),
    [
        ("is_deactivated", "deactivated"),
        ("is_bot", "bot"),
        ("is_guest", "Guests"),
        ("is_foreign", "another workspace"),
    ],
)
def test_only_full_members_of_our_workspace_count(flag: str, word: str) -> None:
    """And what Slack did not say is not taken for granted."""
    plain: dict[str, Any] = {"person": APPROVER}
    refused = can_vote(LEADS, True, REQUESTER, actor("leads", **plain | {flag: True}))
    unknown = can_vote(LEADS, True, REQUESTER, actor("leads", **plain | {flag: None}))

    assert refused is not None
    assert word in refused
    assert unknown is not None
    assert "try again" in unknown


def test_a_group_that_could_not_be_read_is_not_counted_but_may_be_tried_again() -> None:
    """Silence never approves."""
    refusal = can_vote(BOTH, False, REQUESTER, actor(unknown=("security",), person=APPROVER))

    assert refusal == "Whether you are in security could not be read just now; please try again."


def test_somebody_of_no_needed_group_is_told_which_groups_are() -> None:
    """Every ignored click says why."""
    refusal = can_vote(BOTH, False, REQUESTER, actor("engineers", person=APPROVER))

    assert refusal == ("This needs 1 of leads and 1 of security, and you are not in leads or security.")


def test_nobody_votes_on_what_needs_no_approval() -> None:
    """An old button on an allowed lane must do nothing."""
    assert can_vote(NO_REQUIREMENT, True, REQUESTER, actor("leads", person=APPROVER)) is not None


def test_a_plain_member_can_count() -> None:
    """The sentence is only there when there is something to say."""
    assert can_count(actor()) is None


# -- nobody ------------------------------------------------------------------------------

ALICE = Person("T0HOME", "U0ALICE")


@pytest.mark.parametrize(
    ("requirement", "requester", "own", "possible"),
    [
        (need(2, "owners"), REQUESTER, False, True),
        (need(2, "owners"), ALICE, False, False),
        (need(2, "owners"), ALICE, True, True),
        (need(1, "owners"), ALICE, False, True),
        (need(3, "owners"), REQUESTER, False, False),
        (AllOf(items=(need(2, "owners"), need(1, "trio"))), REQUESTER, False, True),
        (AllOf(items=(need(2, "owners"), need(2, "trio"))), REQUESTER, False, False),
        (AnyOf(items=(need(2, "owners"), need(1, "leads"))), ALICE, False, True),
        (need(9, "leads"), REQUESTER, False, True),
        (NO_REQUIREMENT, ALICE, False, True),
    ],
)
def test_a_lane_the_listed_people_can_never_approve_is_told_at_once(
    requirement: Requirement, requester: Person, own: bool, possible: bool
) -> None:
    """Nobody should wait a day for what cannot happen. A Slack group may hold anybody."""
    sentence = nobody_can_approve(policy(""), requirement, requester, own)

    assert (sentence is None) is possible


def test_the_sentence_names_who_is_left() -> None:
    """So that somebody knows whom to add."""
    sentence = nobody_can_approve(policy(""), need(2, "owners"), ALICE, False)

    assert sentence == (
        "Nobody can approve this: it needs 2 of owners, and besides the requester only U0BOB could vote."
    )


def test_a_need_of_no_group_is_nobody() -> None:
    """Groups that are gone from the file cannot approve."""
    assert not is_met(Need(count=1, groups=groups()), [vote("U1", "leads")])
