"""A file of requests to try policies on."""

from __future__ import annotations

import pytest

from bot.domain.errors import PolicyError
from bot.domain.policy_file import load
from bot.domain.policy_file.requests_file import load_requests
from tests.domain.policy_builders import FRAME

ONE = load(FRAME + "rules: []\n")
OTHER = load(FRAME.replace("shop-dev", "shop-lab").replace("contractors", "freelancers") + "rules: []\n")


def test_requests_are_named_by_name_or_line() -> None:
    """What a difference is told by."""
    text = "requests:\n  - {name: hotfix, by: {}, image: {}, project: shop-dev}\n  - {by: {}, image: {}, project: acme-lab}\n"

    assert [(name, ask.project.name) for name, ask in load_requests(text, "r.yml", ONE)] == [
        ("hotfix", "shop-dev"),
        ("line 3", "acme-lab"),
    ]


def test_projects_and_groups_of_either_policy_may_be_named() -> None:
    """What is new, and what is gone, can be tried."""
    text = (
        "requests:\n  - {by: {groups: [contractors]}, image: {}, project: shop-dev}\n"
        "  - {by: {groups: [freelancers]}, image: {}, project: shop-lab}\n"
    )

    assert len(load_requests(text, "r.yml", ONE, OTHER)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("requests: []\n", "no requests in this file"),
        ("", "the file is empty"),
        ("requests:\n  - hotfix\n", "r.yml:2:5: request: this is no mapping"),
        (
            "requests:\n  - {by: {}, image: {}, project: shop-dve}\n",
            'r.yml:2:34: request "line 2": project: "shop-dve"',
        ),
        ("requests:\n  - {by: {}, image: {}}\n", '"project" is missing'),
        ("request:\n  - {by: {}, image: {}, project: shop-dev}\n", 'did you mean "requests"?'),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(text: str, words: str) -> None:
    """A request that is left out silently is believed to be harmless."""
    with pytest.raises(PolicyError) as caught:
        load_requests(text, "r.yml", ONE)

    assert words in caught.value.message
