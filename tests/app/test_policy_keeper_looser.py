"""What is announced when a changed policy comes into force: the looser side of it, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.policy_keeper import MAX_TOLD, PolicyKeeper, loosened_in_words
from bot.domain.policy_file import load
from tests.stories.world import POLICY


class Heard:
    """What was announced, in order."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    async def __call__(self, kind: str, sentence: str) -> None:
        self.sentences.append(f"{kind}: {sentence}")


async def announced(tmp_path: Path, old: str, new: str) -> str:
    """What is said when the old file is replaced by the new."""
    path = tmp_path / "policy.yml"
    path.write_text(old)
    keeper, heard = PolicyKeeper(path), Heard()
    path.write_text(new)

    assert await keeper.reload(heard)
    [sentence] = heard.sentences
    return sentence


PROD = "require: {count: 1, from: [leads]}\n  - id: partner"


async def test_a_looser_rule_is_named_with_its_project(tmp_path: Path) -> None:
    """Whoever reads the channel sees what can pass now that could not before."""
    assert PROD in POLICY
    said = await announced(
        tmp_path, POLICY, POLICY.replace(PROD, PROD.replace("{count: 1, from: [leads]}", "none"))
    )

    assert said.startswith("policy_loaded: The policy file was loaded: 5 rules, ")
    assert (
        "Looser than before: share to shop-prod: needs 1 of leads -> allowed without approval (rules prod)."
        in said
    )


async def test_a_stricter_file_is_loaded_without_alarm(tmp_path: Path) -> None:
    """An alarm at every change is soon overlooked."""
    said = await announced(tmp_path, POLICY, POLICY.replace(PROD, PROD.replace("count: 1", "count: 2")))

    assert "Looser" not in said


async def test_wider_limits_and_a_way_around_approvals_are_told(tmp_path: Path) -> None:
    """No verdict shows them."""
    new = (
        POLICY.replace("max_pairs: 500", "max_pairs: 900")
        + "break_glass: {by: [leads], review: {count: 1, from: [security]}}\n"
    )
    said = await announced(tmp_path, POLICY, new)

    assert "limits: max_pairs: 500 -> 900" in said
    assert "break_glass is new" in said


async def test_many_looser_things_are_counted(tmp_path: Path) -> None:
    """A message has an end."""
    new = POLICY
    for number in range(MAX_TOLD + 3):
        new = new.replace("defaults:", f"  - {{id: {number:032x}, name: lab-{number}, env: dev}}\ndefaults:")
    said = await announced(tmp_path, POLICY, new)

    assert "; and " in said
    assert said.endswith("more (imagebot policy diff shows all).")


@pytest.mark.parametrize("within", [0.0, 5.0])
def test_looking_is_bounded_in_time(within: float) -> None:
    """With no time at all only the settings are compared; the policy is in force all the same."""
    wider = load(
        POLICY.replace(PROD, PROD.replace("{count: 1, from: [leads]}", "none")).replace(
            "max_pairs: 500", "max_pairs: 900"
        )
    )
    found = loosened_in_words(load(POLICY), wider, within)

    assert "limits: max_pairs: 500 -> 900" in found
    assert (len(found) > 1) is (within > 0)
