"""The tree of rules and clauses that `imagebot policy explain` prints."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import Action, GroupName, Person
from bot.domain.policy import Effect, judge
from bot.domain.policy.explain import Approvers, ClauseTrace, explain, who_could_approve
from tests.domain.policy_builders import IMAGE, actor, ask, policy

RULES = """
id: b, effect: permit, when: {requester.groups: [leads], image.windows: false}, require: none
id: a, effect: forbid, when: {image.encrypted: true}, unless: {project.labels.tier: {in: [gold, tin]}}
id: c, effect: permit, action: unshare, when: {}, require: none
"""


def test_every_clause_is_answered_also_behind_a_false_one() -> None:
    """The judge stops early; an operator wants to see all that is missing."""
    made = policy(RULES)

    trace = explain(made, ask(made, image=replace(IMAGE, windows=None)))[0]

    assert (trace.rule, trace.effect, trace.applies) == ("b", Effect.PERMIT, False)
    assert trace.when == (
        ClauseTrace(fact="requester.groups", operator="any", wanted="leads", actual="engineers", holds=False),
        ClauseTrace(fact="image.windows", operator="eq", wanted="false", actual="unknown", holds=None),
    )


def test_rules_are_explained_in_the_order_of_the_file_with_their_place() -> None:
    """So that the tree can be read beside the file."""
    made = policy(RULES)

    traces = explain(made, ask(made))

    assert [trace.rule for trace in traces] == ["b", "a", "c"]
    assert traces[0].where.startswith("policy.yml:")


def test_exceptions_have_their_own_clauses() -> None:
    """Why a forbid did not forbid is as interesting as why it did."""
    made = policy(RULES)

    trace = explain(made, ask(made, image=replace(IMAGE, encrypted=True)))[1]

    assert trace.applies is False
    assert trace.unless == (
        (
            ClauseTrace(
                fact="project.labels.tier", operator="in", wanted="gold or tin", actual="gold", holds=True
            ),
        ),
    )


def test_an_absent_value_is_called_absent() -> None:
    """Absent and unknown are told apart."""
    made = policy(RULES)

    assert explain(made, ask(made, "acme-lab"))[1].unless[0][0].actual == "absent"


def test_a_rule_of_another_action_does_not_speak() -> None:
    """It is shown, and shown not to matter."""
    made = policy(RULES)

    assert [trace.speaks for trace in explain(made, ask(made))] == [True, True, False]
    assert [trace.speaks for trace in explain(made, ask(made, action=Action.UNSHARE))] == [False, False, True]


def test_a_reason_that_does_not_do_is_noted() -> None:
    """The conditions hold and the permit is closed all the same."""
    made = policy(
        "id: p, effect: permit, when: {}, require: none, share_for: 1d, reason: {pattern: ^CHG, hint: say CHG}\n"
        "id: l, effect: require, when: {}, require: {count: 1, from: [leads]}, reason: {pattern: ^CHG, hint: say so}"
    )

    permit, lock = explain(made, ask(made, reason="please"))

    assert permit.applies is False
    assert permit.notes == ('the reason "please" does not do: say CHG',)
    assert lock.notes == ("denies without a better reason: say so",)


def test_unread_groups_are_shown_beside_the_known_ones() -> None:
    """What Slack did not say is visible."""
    made = policy(RULES)

    traces = explain(made, ask(made, by=actor("engineers", unknown=("leads",))))

    assert traces[0].when[0].actual == "engineers (unknown: leads)"
    assert traces[0].applies is None


def test_who_could_approve_are_the_people_listed_and_the_user_groups_by_id() -> None:
    """The requester only where their own approval counts."""
    rule = "id: a, effect: permit, when: {}, require: {all_of: [{count: 1, from: [leads]}, {count: 1, from: [owners]}]}"
    made, own = policy(rule), policy(f"{rule}, self_approval: true")
    alice = Person("T0HOME", "U0ALICE")

    assert who_could_approve(made, judge(made, ask(made)), alice) == (
        Approvers(group=GroupName("leads"), slack_users=(), slack_usergroup="S0LEADS"),
        Approvers(group=GroupName("owners"), slack_users=("U0BOB",), slack_usergroup=None),
    )
    assert who_could_approve(own, judge(own, ask(own)), alice)[1].slack_users == ("U0ALICE", "U0BOB")


def test_nobody_has_to_approve_what_is_denied_or_free() -> None:
    """A list of names would say that somebody could."""
    made = policy("id: a, effect: permit, when: {requester.groups: [leads]}, require: none")

    assert who_could_approve(made, judge(made, ask(made)), ask(made).requester.person) == ()


def test_a_rule_on_trial_is_marked() -> None:
    """Its "yes" has no effect."""
    made = policy("id: a, effect: forbid, mode: warn, when: {}\nid: b, effect: forbid, when: {}")

    assert [trace.on_trial for trace in explain(made, ask(made))] == [True, False]
