"""What people are told about votes, word for word: who is asked, who may not, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.model import AllOf, AnyOf, GroupDef, GroupName, Outcome, Person, Requirement, Verdict
from bot.domain.policy import (
    can_break_glass,
    can_vote,
    in_words,
    merge,
    missing_in_words,
    nobody_can_approve,
    still_missing,
)
from bot.domain.policy.strictness import at_least_as_strict
from bot.domain.policy.votes import ways_to_meet
from tests.domain.policy_builders import REQUESTER, actor, need, policy, vote

DEV = "id: dev, effect: permit, when: {project.env: {eq: dev}}, require: none"
A, B, C, D = need(1, "a"), need(2, "b", "c"), need(3, "d"), need(1, "e")


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (A, "1 of a"),
        (AllOf(items=()), "no approval"),
        (AnyOf(items=()), "what nobody can give"),
        (need(0, "a"), "no approval"),
        (need(1), "1 of nobody"),
        (AllOf(items=(B, A)), "1 of a and 2 of b or c"),
        (AllOf(items=(A, B, C)), "1 of a, 2 of b or c and 3 of d"),
        (AnyOf(items=(A, C)), "1 of a, or 3 of d"),
        (AllOf(items=(D, AnyOf(items=(A, C)))), "1 of e and (1 of a, or 3 of d)"),
        (AnyOf(items=(D, AllOf(items=(A, C)))), "1 of e, or 1 of a and 3 of d"),
        (AnyOf(items=(D, AllOf(items=(A, B, C)))), "1 of e, or (1 of a, 2 of b or c and 3 of d)"),
        (AnyOf(items=(A, AllOf(items=()))), "no approval"),
        (AllOf(items=(need(1, "a"), need(3, "a"))), "3 of a"),
        (AnyOf(items=(need(1, "a"), need(3, "a"))), "1 of a"),
    ],
)
def test_a_requirement_is_said_so_that_and_never_runs_into_or(requirement: Requirement, words: str) -> None:
    """In its canonical form; what is missing reads the same with "more"."""
    assert in_words(requirement) == words
    assert missing_in_words(requirement) == words.replace(" of ", " more of ")
    assert in_words(merge(requirement)) == words


@pytest.mark.parametrize(
    ("voter", "why"),
    [
        (actor("leads"), "You asked for this yourself, so somebody else has to decide."),
        (
            actor("leads", person=Person("T0HOME", "U2"), is_deactivated=True),
            "This Slack account is deactivated.",
        ),
        (actor("leads", person=Person("T0HOME", "U2"), is_bot=True), "A bot cannot approve."),
        (
            actor("leads", person=Person("T0HOME", "U2"), is_foreign=True),
            "People of another workspace cannot approve.",
        ),
        (actor("leads", person=Person("T0HOME", "U2"), is_guest=True), "Guests cannot approve."),
        (
            actor("leads", person=Person("T0HOME", "U2"), is_guest=None),
            "Slack did not say enough about your account just now; please try again.",
        ),
        (
            actor(unknown=("leads", "security", "owners"), person=Person("T0HOME", "U2")),
            "Whether you are in leads or security could not be read just now; please try again.",
        ),
        (
            actor("owners", person=Person("T0HOME", "U2")),
            "This needs 2 of leads or security, and you are not in leads or security.",
        ),
        (actor("leads", person=Person("T0HOME", "U2")), None),
    ],
)
def test_whoever_may_not_vote_is_told_the_first_reason_that_is_theirs(voter: Any, why: str | None) -> None:
    """Each can do something else about it."""
    assert can_vote(need(2, "leads", "security"), False, REQUESTER, voter) == why


def test_a_vote_where_none_is_needed_is_answered() -> None:
    """A card can be older than the policy."""
    other = actor("leads", person=Person("T0HOME", "U2"))

    assert can_vote(AllOf(items=()), False, REQUESTER, other) == "No approval is needed here."


GLASS = (
    "break_glass: {by: [leads, security], reason: {min_length: 20}, max_pairs: 2, review_within: 24h, "
    "review: {count: 1, from: [owners]}}\n"
)


@pytest.mark.parametrize(
    ("who", "outcome", "reason", "pairs", "why"),
    [
        (actor("leads"), Outcome.NEEDS_APPROVALS, "x" * 20, 2, None),
        (actor("leads"), Outcome.ALLOW, "x" * 20, 2, "Breaking the glass replaces approvals, and nothing here waits for one."),
        (actor(), Outcome.NEEDS_APPROVALS, "x" * 20, 2, "Only people of leads or security may break the glass."),
        (
            actor(unknown=("leads",)), Outcome.NEEDS_APPROVALS, "x" * 20, 2,
            "Whether you are in leads or security could not be read just now; please try again.",
        ),
        (
            actor("leads"), Outcome.NEEDS_APPROVALS, "x" * 20, 3,
            "3 pairs are too many: at most 2 may be shared by breaking the glass.",
        ),
        (
            actor("leads"), Outcome.NEEDS_APPROVALS, " " + "x" * 19 + " ", 2,
            "Say why in at least 20 characters: somebody will review it.",
        ),
        (actor("leads", is_guest=True), Outcome.NEEDS_APPROVALS, "x" * 20, 2, "Guests cannot break the glass."),
    ],
)  # fmt: skip
def test_whoever_may_not_break_the_glass_is_told_why(
    who: Any, outcome: Outcome, reason: str, pairs: int, why: str | None
) -> None:
    """At the limit it goes."""
    verdict = Verdict(outcome=outcome, requirement=need(1, "leads"))

    assert can_break_glass(policy(DEV, GLASS), who, verdict, reason=reason, pairs=pairs) == why


def test_a_policy_without_a_glass_says_that_it_has_none() -> None:
    """Not that this person may not."""
    found = can_break_glass(policy(DEV), actor("leads"), Verdict(outcome=Outcome.ALLOW), reason="", pairs=1)

    assert found == "The policy has no way around approvals (break_glass)."


def test_a_requirement_nobody_can_meet_names_those_who_are_left() -> None:
    """Without the requester, whose own vote does not count here."""
    made, alice = policy(DEV), Person("T0HOME", "U0ALICE")

    assert nobody_can_approve(made, need(2, "owners"), alice, True) is None
    assert nobody_can_approve(made, need(9, "leads"), alice, False) is None
    assert nobody_can_approve(made, need(2, "owners"), alice, False) == (
        "Nobody can approve this: it needs 2 of owners, and besides the requester only U0BOB could vote."
    )
    assert nobody_can_approve(made, need(3, "trio"), alice, False) == (
        "Nobody can approve this: it needs 3 of trio, and besides the requester only U0BOB, U0CAROL could vote."
    )
    assert nobody_can_approve(made, need(1, "nowhere"), alice, False) == (
        "Nobody can approve this: it needs 1 of nowhere, and besides the requester nobody else is listed there."
    )


def test_a_requirement_has_one_form_whatever_the_order_it_was_put_together_in() -> None:
    """It is compared, and its words are compared by people."""
    several = [need(1, "a", "z"), need(2, "b"), need(1, "c", "y", "x"), need(1, "b", "w"), need(3, "d")]
    nested = [AllOf(items=(need(count, "a"), need(9 - count, "d"))) for count in range(1, 7)]
    wide = [AnyOf(items=(need(count, "a"), need(1, "d", "e", f"g{count}"))) for count in range(1, 7)]

    for kind, items in ((AllOf, several), (AnyOf, nested), (AllOf, wide)):
        forms = [merge(kind(items=tuple(order))) for order in (items, items[::-1], [*items[3:], *items[:3]])]
        assert forms[0] == forms[1] == forms[2]
        assert [in_words(form) for form in forms] == [in_words(forms[0])] * 3
    assert in_words(AllOf(items=tuple(several))) == (
        "1 of a or z, 2 of b, 1 of b or w, 1 of c or x or y and 3 of d"
    )


def test_groups_that_may_vote_are_named_in_order() -> None:
    """However many there are."""
    names = tuple(f"g{n}" for n in range(9))
    other = actor(unknown=names, person=Person("T0HOME", "U2"))

    assert f"{' or '.join(names)} could not" in str(can_vote(need(1, *names), False, REQUESTER, other))


def test_the_groups_of_a_policy_cannot_be_changed_behind_its_back() -> None:
    """Neither in it nor through the mapping it was made of."""
    made = policy(DEV)
    mapping = dict(made.groups)
    copy = replace(made, groups=mapping)

    mapping.clear()

    assert copy.groups == made.groups != {}
    with pytest.raises(AttributeError):
        made.groups.clear()  # type: ignore[attr-defined]


def test_the_parts_of_a_requirement_are_said_smallest_first() -> None:
    """Also where the groups are the same and only the counts differ."""
    choices = AnyOf(items=tuple(AllOf(items=(need(n, "a"), need(9, "d"))) for n in (3, 1, 2, 5, 4)))

    assert in_words(choices) == ", or ".join(f"{n} of a and 9 of d" for n in range(1, 6))


def test_what_is_missing_names_no_way_that_asks_for_more_than_another() -> None:
    """Whoever reads it wants to know the least that is still to be given."""
    more, less = AllOf(items=(need(2, "a"), need(1, "b"))), need(2, "a")
    beside = AllOf(items=(need(2, "a"), need(1, "c")))

    assert still_missing(AnyOf(items=(more, less)), []) == less
    assert still_missing(AnyOf(items=(more, beside)), []) == merge(AnyOf(items=(more, beside)))


def test_what_is_missing_is_found_for_every_way_of_counting_a_person() -> None:
    """Two people who fit two slots each leave one of three open."""
    wanted = AllOf(items=(need(1, "a"), need(1, "b"), need(1, "c")))
    votes = [vote("U1", "a", "b"), vote("U2", "b", "c")]

    assert still_missing(wanted, votes) == AnyOf(items=(need(1, "a"), need(1, "b"), need(1, "c")))


def test_each_way_to_meet_a_requirement_is_found_once_and_whole() -> None:
    """A choice inside a choice neither hides what follows it nor comes twice."""
    same = AllOf(
        items=(
            AnyOf(items=(need(1, "a"), need(1, "b"))),
            AnyOf(items=(need(1, "a"), need(1, "b"), need(1, "c"))),
        )
    )
    pairs = [AnyOf(items=(AllOf(items=(need(1, x), need(1, y))), need(1, z))) for x, y, z in ("abc", "def")]

    twice, whole = ways_to_meet(same), ways_to_meet(AllOf(items=tuple(pairs)))

    assert sorted(sorted("".join(of) for of in way) for way in twice) == [
        ["a"],
        ["a", "b"],
        ["a", "c"],
        ["b"],
        ["b", "c"],
    ]
    assert sorted("".join(sorted("".join(of) for of in way)) for way in whole) == ["abde", "abf", "cde", "cf"]


def test_of_more_ways_than_are_looked_at_nothing_is_promised() -> None:
    """The 257th could be the weaker one."""
    many = [need(1, f"g{n:03}") for n in range(257)]

    assert at_least_as_strict(AnyOf(items=tuple(many[:255])), AnyOf(items=tuple(many[:256])))
    assert not at_least_as_strict(AnyOf(items=tuple(many)), AnyOf(items=tuple(many[:256])))


def test_those_who_could_still_vote_are_named_in_order() -> None:
    """However many there are."""
    names = [f"U{n}" for n in range(9)]
    group = GroupDef(name=GroupName("many"), slack_users=tuple(reversed(names)))
    made = replace(policy(DEV), groups={group.name: group})

    assert f"only {', '.join(names)} could vote" in str(
        nobody_can_approve(made, need(10, "many"), REQUESTER, False)
    )
