"""What became of the mutants, as a table and a list of what is left to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tools.mutation.explained import Book, Key
from tools.mutation.mutants import Mutant
from tools.mutation.quick import Verdict

ALIVE = ("survived", "unreached")


class Result:
    """The last verdict of each mutant."""

    def __init__(self) -> None:
        self.verdicts: dict[Key, Verdict] = {}

    def add(self, verdicts: Iterable[Verdict]) -> None:
        self.verdicts |= {verdict.mutant.key: verdict for verdict in verdicts}

    def outcome(self, mutant: Mutant) -> str:
        known = self.verdicts.get(mutant.key)
        return known.outcome if known else ""

    def survivors(self) -> list[Mutant]:
        return [verdict.mutant for verdict in self.verdicts.values() if verdict.outcome in ALIVE]

    def needlessly_explained(self, explained: set[Key]) -> list[Verdict]:
        """Explained, and caught all the same."""
        return [v for key, v in self.verdicts.items() if key in explained and v.outcome not in ALIVE]


def show(
    result: Result, book: Book, mutants: Sequence[Mutant], left_out: int
) -> tuple[list[str], list[Mutant]]:
    """The lines to print, and the survivors nobody has explained."""
    unexplained = [mutant for mutant in result.survivors() if mutant.key not in book.survivors]
    lines = [f"{'module':44}{'mutants':>9}{'caught':>9}{'timed out':>11}{'explained':>11}{'unexplained':>13}"]
    files = list(dict.fromkeys(mutant.file for mutant in mutants))
    total: Counter[str] = Counter()
    for file in files:
        counts = _counts(result, book, file)
        total.update(counts)
        lines.append(_row(file, counts))
    lines.append(_row("all", total))
    for how, count in Counter(
        v.by for v in result.verdicts.values() if v.outcome == "caught" and "::" not in v.by
    ).items():
        lines.append(f"{count} caught without a test that fails: {how}")
    lines.append(f"{left_out} mutants are left out by a rule of {'explained.toml'}")
    for mutant in sorted(unexplained, key=lambda one: (one.file, one.line)):
        lines += [f"{mutant.file}:{mutant.line} {mutant.where}: {mutant.operator} ({result.outcome(mutant)})",
                  f"    {mutant.was}   ->   {mutant.now}", f"    {mutant.statement}"]  # fmt: skip
    for verdict in result.needlessly_explained(set(book.survivors)):
        lines.append(f"explained, but {verdict.outcome}: {' | '.join(verdict.mutant.key)}  by {verdict.by}")
    return lines, unexplained


def _counts(result: Result, book: Book, file: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for verdict in result.verdicts.values():
        if verdict.mutant.file == file and verdict.outcome != "invalid":
            alive = "explained" if verdict.mutant.key in book.survivors else "unexplained"
            counts[alive if verdict.outcome in ALIVE else verdict.outcome] += 1
            counts["mutants"] += 1
    return counts


def _row(name: str, counts: Counter[str]) -> str:
    return (
        f"{name:44}{counts['mutants']:9}{counts['caught']:9}{counts['timed out']:11}{counts['explained']:11}"
        f"{counts['unexplained']:13}"
    )
