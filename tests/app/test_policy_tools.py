"""What the tools around the policy file answer, as values and as words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app.policy_check import check_report, check_words, own_tests_report, own_tests_words
from bot.app.policy_diff import diff_of_rules, diff_of_stored, diff_words
from bot.app.policy_explain import explain_words, explained, explained_request
from bot.app.policy_replay import replay_words, replayed
from bot.app.policy_tools import Plain, Supposed
from bot.domain.errors import CommandError, PolicyError, RequesterError
from bot.domain.model import GroupName, Person
from tests.app.policy_page import PAGE, files
from tests.app.stored_requests import fill

PAGES = files(PAGE.read_text(encoding="utf-8"))
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A file of the cookbook, with one change; where it asks for two people, its test expects two."""

    def make(name: str, old: str = "", new: str = "") -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{name}.yml"
        assert old in PAGES[f"{name}.yml"]
        text = PAGES[f"{name}.yml"].replace(old, new) if old else PAGES[f"{name}.yml"]
        path.write_text(text.replace("require: 1 of", "require: 2 of") if new == "count: 2" else text)
        return path

    return make


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    await fill(tmp_path / "imagebot.db")
    return tmp_path / "imagebot.db"


def supposed(*groups: str, by: str = "U0SOMEBODY", **facts: str) -> Supposed:
    names = frozenset(GroupName(group) for group in groups)
    return Supposed(groups=names, facts=facts, at=NOON, person=Person("T0SOMEBODY", by))


# -- check and test ----------------------------------------------------------------------------


def test_a_good_file_is_counted(file: Any) -> None:
    """So that an empty file that loads is noticed."""
    report = check_report(file("basic"))

    assert report | {"file": ""} == {
        "file": "", "ok": True, "problems": [], "warnings": [], "rules": 2, "projects": 2, "groups": 2, "tests": 4,
    }  # fmt: skip
    json.dumps(report)


def test_every_problem_of_a_bad_file_is_a_value(file: Any) -> None:
    """A pipeline shows each at its line."""
    report = check_report(
        file(
            "basic",
            "effect: permit\n    when: {requester.groups: [engineers]",
            "effect: permt\n    when: {requester.groups: [enginers]",
        )
    )

    assert not report["ok"]
    assert len(report["problems"]) == 4
    assert {"where", "what", "instead"} == set(report["problems"][0])
    assert check_words(report)[0] == "4 problems:"


def test_a_failing_test_of_the_file_is_a_problem_of_check_and_a_failure_of_test(file: Any) -> None:
    """The bot would not load it; `test` still runs the others."""
    path = file("basic", "expect: {outcome: allow, rule: dev-self-service}", "expect: {outcome: hold}")
    report = own_tests_report(path)

    assert "expected hold, got allow" in check_report(path)["problems"][0]["what"]
    assert (report["passed"], [failed["name"] for failed in report["failed"]]) == (
        3, ["a base image to development is self-service"],
    )  # fmt: skip
    assert any("expected hold" in line for line in own_tests_words(report, with_coverage=False))


def test_what_no_test_shows_is_listed(file: Any) -> None:
    """Rule, clause, and which answer is missing."""
    start = PAGES["basic.yml"].index("  - name: people of no group")
    text = PAGES["basic.yml"][start:]
    report = own_tests_report(file("basic", text, ""))

    assert report["coverage"]["percent"] == 85.7
    lines = own_tests_words(report, with_coverage=True)
    assert [line.split(": ", 1)[1] for line in lines[2:]] == [
        'rule "dev-self-service": requester.groups any engineers: never false',
        'rule "prod": requester.groups any engineers: never false',
    ]


def test_a_warning_is_told_and_a_file_without_tests_is_called_so(file: Any) -> None:
    """Neither is a problem."""
    path = file("basic", PAGES["basic.yml"][PAGES["basic.yml"].index("tests:") :], "")

    assert "it has no tests of its own." in check_words(check_report(path))[0]
    assert check_report(file("teams"))["warnings"]


# -- explain -----------------------------------------------------------------------------------


def test_an_explanation_names_the_verdict_the_approvers_and_every_clause(file: Any) -> None:
    """As JSON too."""
    [pair] = explained(file("basic"), "share base-x to shop-prod", supposed("engineers", by="U0LEA"))["pairs"]

    assert (pair["outcome"], pair["requirement"], pair["rules"]) == (
        "needs_approvals",
        "1 of platform-leads",
        ["prod"],
    )
    assert pair["approvers"] == [
        {"group": "platform-leads", "slack_users": ["U0LEO", "U0LIN"], "slack_usergroup": None}
    ]
    assert [rule["applies"] for rule in pair["rules_asked"]] == [False, True]
    assert pair["rules_asked"][1]["when"][1] == {
        "fact": "project.env", "operator": "eq", "wanted": "prod", "actual": "prod", "holds": True,
    }  # fmt: skip
    json.dumps(pair)


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        ("share base-x to shop-prd", supposed(), "project shop-prd is not in the register"),
        ("status #3", supposed(), "only share and unshare"),
        ("share base-x to shop-prod", supposed("enginers"), "the policy has no group enginers"),
        ("share base-x to shop-prod", supposed(colour="red"), "image.colour=red cannot be supposed"),
        (
            "share base-x to shop-prod",
            supposed(encrypted="maybe"),
            "image.encrypted=maybe cannot be supposed",
        ),
    ],
)
def test_what_cannot_be_explained_is_said(file: Any, words: str, given: Supposed, said: str) -> None:
    """A supposed group that does not exist would explain a refusal nobody gets."""
    with pytest.raises(CommandError, match=said):
        explained(file("basic"), words, given)


@pytest.mark.parametrize(
    ("name", "facts", "outcome"),
    [
        ("never", {"encrypted": "true"}, "deny"),
        ("never", {"encrypted": "unknown"}, "hold"),
        ("stale", {"age_days": "400"}, "deny"),
        ("stale", {"age_days": "400", "tags": "long-term+x"}, "allow"),
        ("stale", {"age_days": "unknown"}, "hold"),
        ("trial", {"size_gb": "800"}, "allow"),
        ("never", {"status": "saving"}, "deny"),
        ("never", {"status": "unknown"}, "hold"),
        ("basic", {"name": "unknown"}, "hold"),
    ],
)
def test_facts_of_the_image_can_be_supposed(
    file: Any, name: str, facts: dict[str, str], outcome: str
) -> None:
    """Unknown is one of the values."""
    target = "shop-prod" if name == "stale" else "shop-dev"
    [pair] = explained(file(name), f"share base-x to {target}", supposed("engineers", **facts))["pairs"]

    assert pair["outcome"] == outcome


async def test_a_stored_request_is_explained_with_its_own_facts(file: Any, database: Path) -> None:
    """By the file as it is now; of groups only what is known."""
    given = await explained_request(file("basic"), database, 1, supposed("engineers"))
    unknown = await explained_request(file("basic"), database, 1, supposed())

    assert given["pairs"][0]["outcome"] == "needs_approvals"
    assert unknown["pairs"][0]["outcome"] == "hold"
    assert explain_words(unknown)[0].startswith("Groups of the requester: unknown: they are not stored")


@pytest.mark.parametrize("number", [3, 99])
async def test_a_request_without_a_plan_cannot_be_explained(file: Any, database: Path, number: int) -> None:
    """There is nothing to judge."""
    with pytest.raises(RequesterError, match=f"no request #{number}"):
        await explained_request(file("basic"), database, number, supposed())


# -- diff and replay ---------------------------------------------------------------------------


def test_a_diff_of_two_files_is_a_value_too(file: Any) -> None:
    """For a comment of a pipeline."""
    report = diff_of_rules(file("basic"), file("basic", "count: 1", "count: 2"))

    assert {change["direction"] for change in report["changes"]} == {"tightened"}
    assert report["changes"][0]["after"] == "needs 2 of platform-leads"
    json.dumps(report)


def test_files_that_judge_alike_show_no_difference(file: Any) -> None:
    """In one sentence."""
    assert diff_words(diff_of_rules(file("basic"), file("basic")))[1:] == ["no difference"]


def test_a_diff_with_a_bad_file_names_its_problems(file: Any) -> None:
    """Comparing with what would not be loaded proves nothing."""
    with pytest.raises(PolicyError, match="permt"):
        diff_of_rules(file("basic"), file("basic", "permit", "permt"))


async def test_stored_requests_can_be_compared_over(file: Any, database: Path) -> None:
    """What was really asked, rather than what could be."""
    bolder = file("bolder")
    report = await diff_of_stored(file("basic"), bolder, database, 50, frozenset({GroupName("engineers")}))

    assert report["cases"] == 2
    assert [change["examples"] for change in report["changes"]] == [["#1 base-ubuntu -> shop-prod"]]


async def replay(path: Path, database: Path, *groups: str) -> Plain:
    return await replayed(path, database, 50, frozenset(GroupName(group) for group in groups))


async def test_a_replay_shows_then_and_now(file: Any, database: Path) -> None:
    """The newest first; a request that was never planned is counted and not judged."""
    report = await replay(file("basic", "count: 1", "count: 2"), database, "engineers")
    first, second = report["pairs"]

    assert (second["then"]["approved_by"], second["then"]["state"]) == (["U0LEA"], "succeeded")
    assert (second["now"]["requirement"], second["direction"]) == ("2 of platform-leads", "tightened")
    assert second["approvals_of_then"] == "would lack 1 more of platform-leads"
    assert first["direction"] is None
    assert (report["never_planned"], report["otherwise"]) == ([3], 1)
    json.dumps(report)


async def test_approvals_of_then_that_would_do_are_said_to(file: Any, database: Path) -> None:
    """The one lead who approved is one of the leads still."""
    report = await replay(file("basic"), database, "engineers")

    assert report["pairs"][1]["approvals_of_then"] == "would do"
    assert report["otherwise"] == 0


async def test_unknown_groups_are_said_to_be_unknown_and_make_pairs_wait(file: Any, database: Path) -> None:
    """A guess would look like a finding."""
    report = await replay(file("basic"), database)

    assert [source.split(":")[0] for source in report["groups_from"]] == ["unknown"]
    assert report["pairs"][1]["now"]["outcome"] == "hold"
    assert any(line.startswith("groups of 3 requesters: unknown") for line in replay_words(report))


async def test_groups_in_the_audit_log_are_believed_before_given_ones(file: Any, tmp_path: Path) -> None:
    """They are what was true then."""
    await fill(tmp_path / "audited.db", requester_groups=("engineers",))
    report = await replay(file("basic"), tmp_path / "audited.db", "platform-leads")

    assert report["groups_from"] == {"from the audit log": 2, "as given by --group": 1}
    assert report["pairs"][1]["now"]["outcome"] == "needs_approvals"


async def test_groups_that_list_the_requester_by_name_need_no_looking_up(file: Any, database: Path) -> None:
    """The file says who is in them."""
    listed = file(
        "basic", "engineers: {slack_usergroup: S0ENGINEERS}", "engineers: {slack_users: [U0EVA, U0IDA]}"
    )

    assert (await replay(listed, database))["pairs"][1]["now"]["outcome"] == "needs_approvals"


async def test_a_project_that_left_the_register_is_refused_now(file: Any, database: Path) -> None:
    """As it would be if somebody asked today."""
    path = file("freeze", "name: shop-prod", "name: shop-live")
    gone = (
        path.read_text()
        .replace("edc89b490d7d4392898e19b2deb34797", "0" * 32)
        .replace("project: shop-prod", "project: shop-live")
    )
    path.write_text(gone)
    report = await replay(path, database, "engineers")

    assert report["pairs"][1]["now"]["why"] == "project shop-prod is not in the register"
    assert report["pairs"][1]["direction"] == "tightened"
