"""No place that makes something durable is forgotten: they are found in the source, and known again when they run."""

from __future__ import annotations

from pathlib import Path

from bot.domain.model import DueKind
from tests.crashes.acts import ACTS
from tests.crashes.sites import sites
from tests.crashes.steps import COMMIT, NEVER, Step, unreached

SOURCE = """
class Keeper:
    async def keep(self, bot):
        def store(tx):
            tx.record("kept")

        await self._outside.store.write(store)
        await bot.outside.store.write(
            lambda tx: tx.finish(bot)
        )

async def submit(store, step):
    await store.write(lambda tx: _put_back(tx))
    await store.write(lambda tx: _put_back(tx))
    await store.write(step)
    file.write("nothing of ours")
"""


def planted(root: Path) -> Path:
    (root / "bot" / "usecases").mkdir(parents=True)
    (root / "bot" / "usecases" / "keep.py").write_text(SOURCE)
    return root


def test_every_writing_place_is_found_and_has_a_name_of_its_own(tmp_path: Path) -> None:
    """A name that stands for two places would let one of them hide behind the other."""
    found = {site.name: site.line for site in sites(planted(tmp_path))}
    assert found == {
        "keep.Keeper.keep.store": 4,
        "keep.Keeper.keep>finish": 9,
        "keep.submit>_put_back/1": 13,
        "keep.submit>_put_back/2": 14,
        "keep.submit.step": 0,
    }


def test_a_step_that_runs_is_known_by_where_its_code_begins(tmp_path: Path) -> None:
    """As the interpreter itself counts the lines."""
    path = planted(tmp_path) / "bot" / "usecases" / "keep.py"
    code = compile(SOURCE, str(path), "exec")
    begins = set()
    waiting = [code]
    while waiting:
        one = waiting.pop()
        begins.add(one.co_firstlineno)
        waiting += [const for const in one.co_consts if isinstance(const, type(code))]
    assert {site.line for site in sites(tmp_path) if site.line} <= begins


def test_every_place_in_the_bot_can_be_known_again() -> None:
    """A step that is made elsewhere could not be told from others."""
    assert [site for site in sites() if not site.line] == []
    names = [site.name for site in sites()]
    assert len(set(names)) == len(names) > 50


def reached(*names: str) -> list[Step]:
    return [Step(act=ACTS["goes_at_once"], kind=COMMIT, name=name, side="after") for name in names]


def test_what_no_story_reaches_is_named_unless_it_is_excused() -> None:
    """A list of steps that is only as long as somebody's memory proves nothing about the rest."""
    names = [site.name for site in sites() if site.name not in NEVER]
    claims = [f"crew.Crew._claim_of>claim_due[{kind.value}]" for kind in DueKind]
    assert unreached(reached(*names, *claims)) == []

    forgotten = "break_glass.break_glass.store"
    assert unreached(reached(*[name for name in names if name != forgotten], *claims)) == [
        f"{forgotten} is never reached"
    ]
    assert unreached(reached(*names, *claims[1:])) == [f"no {next(iter(DueKind)).value} row is ever claimed"]
    excused = next(iter(NEVER))
    assert unreached(reached(*names, *claims, excused)) == [f"{excused} is excused, and reached"]
