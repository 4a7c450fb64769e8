"""The tool that mutates the domain: what it changes, what it leaves alone, and that its explanations are still about the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutation import explained
from tools.mutation.finding import enumerations, mutants_of
from tools.mutation.mutants import MODULE, Mutant, code_of
from tools.mutation.quick import Verdict
from tools.mutation.table import Result, show

ROOT = Path(__file__).parents[2]
ENUMS = {"Colour": ["RED", "GREEN"]}


def made(source: str) -> list[Mutant]:
    return mutants_of("bot/domain/sample.py", source, ENUMS)


def texts(body: str) -> set[str]:
    """The changed second line of a function with this body, for each mutant."""
    source = f"def f(a, b):\n    {body}\n"
    return {one.of(source.encode()).decode().split("\n", 1)[1].strip() for one in made(source)}


@pytest.mark.parametrize(
    ("body", "among"),
    [
        ("return a < b", "return (a <= b)"),
        ("return a is not b", "return (a is b)"),
        ("return a and b", "return (a or b)"),
        ("return not a", "return (a)"),
        ("return a + b", "return (a - b)"),
        ("return a | b", "return (a)"),
        ("return 4", "return (5)"),
        ("return True", "return (False)"),
        ("return 'word'", "return ('XXwordXX')"),
        ("return 'a whole sentence'", "return ('')"),
        ("return f'{a} of {b}'", "return (f' of {b}')"),
        ("return f'{a or b}'", "return (f'{a and b}')"),
        ("return a.x", "return (None)"),
        ("raise a from b", "pass"),
        ("a.append(b)", "pass"),
        ("a += b", "a = b"),
        ("return a if b else 0", "return a if (not b) else 0"),
        ("return [x for x in a if x.y]", "return [x for x in a if (True)]"),
        ("return f(x=a)", "return f(x=(None))"),
        ("return min(a)", "return (max)(a)"),
        ("return sorted(a)", "return (list(a))"),
        ("return {a: 1, b: 2}", "return ({b: 2})"),
        ("return Colour.RED", "return (Colour.GREEN)"),
        ("return a == 1 and b and a.c", "return (a == 1 and a.c)"),
        ("for x in a: continue", "for x in a: break"),
    ],
)
def test_a_mistake_somebody_could_make_is_made(body: str, among: str) -> None:
    """Each operator changes what its name says."""
    assert among in texts(body)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring with words."""\n',
        "from a import b\n",
        "x: Literal['a', 'b']\n",
        "Value = str | int\n",
        "__all__ = ['a', 'b', 'c']\n",
        "@dataclass(frozen=True)\nclass A:\n    b: int\n",
        "def f(a: int | str) -> bool | None: ...\n",
    ],
)
def test_what_only_the_reader_or_the_type_checker_sees_is_left_alone(source: str) -> None:
    """No test can tell such a mutant from the code."""
    assert made(source) == []


def test_a_mutant_keeps_its_name_when_lines_move() -> None:
    """Explanations are about the code and not about line numbers; two that are alike in one function are numbered."""
    body = "def f(a):\n    if a > 1:\n        return 1\n    return 1\n"

    first, moved = made(body), made(f"X = 0\n\n\n{body}")

    assert [one.key for one in first] == [one.key for one in moved if not one.at_import]
    assert len({one.key for one in first}) == len(first)
    assert ("f", "1 (2)") in {(one.where, one.was) for one in first}


def test_a_mutant_knows_which_function_to_replace() -> None:
    """A default value and a table belong to the import; what stands inside belongs to the outermost function."""
    source = "A = 1\n\nclass B:\n    c = 2\n\n    def d(self, e=3):\n        return [f + 4 for f in e]\n"
    found = {one.was: one for one in made(source)}

    assert [found[was].where for was in ("1", "2", "3", "4")] == [MODULE, MODULE, MODULE, "B.d"]
    code = code_of(compile(found["4"].of(source.encode()), "x", "exec"), found["4"])
    assert code is not None
    assert code.co_name == "d"


def test_every_mutant_of_a_module_is_a_program_and_another_one() -> None:
    """One that does not compile would count as caught."""
    source = (ROOT / "bot/domain/lifecycle.py").read_text(encoding="utf-8")
    for one in mutants_of("bot/domain/lifecycle.py", source, ENUMS):
        compile(one.of(source.encode()), "lifecycle.py", "exec")
        assert one.of(source.encode()) != source.encode()


def test_an_explanation_of_a_mutant_that_is_caught_is_told() -> None:
    """It says something that is no longer true."""
    caught, alive, other = made("def f(a, b):\n    return a < b and b > 4\n")[:3]
    book = explained.Book(survivors={caught.key: "a reason", alive.key: "a reason"}, left_out=())
    result = Result()
    result.add([Verdict(caught, "caught", "test_x"), Verdict(alive, "survived"), Verdict(other, "unreached")])

    lines, unexplained = show(result, book, [caught, alive, other], 0)

    assert [verdict.mutant for verdict in result.needlessly_explained(set(book.survivors))] == [caught]
    assert unexplained == [other]
    assert any(line.startswith("explained, but caught") for line in lines)
    assert explained.rotten(book, [caught], [caught.file]) == [f"no such mutant: {' | '.join(alive.key)}"]


@pytest.mark.parametrize("entries", [1, 2])
def test_an_explanation_without_a_reason_or_one_that_stands_twice_is_refused(
    entries: int, tmp_path: Path
) -> None:
    """The reason is what the book is for."""
    why = "short" if entries == 1 else "a reason of several words"
    entry = f'[[survivors."bot/a.py"]]\nwhere = "f"\nwas = "1"\nnow = "2"\nwhy = "{why}"\n'
    path = tmp_path / "book.toml"
    path.write_text(entry * entries, encoding="utf-8")

    with pytest.raises(ValueError, match="stands twice or says no reason"):
        explained.read(path)


def test_every_explanation_is_about_a_mutant_that_can_still_be_made() -> None:
    """One that is about nothing hides that somebody has changed the code it spoke of."""
    book = explained.read()
    files = sorted({key[0] for key in book.survivors})
    domain = [path.relative_to(ROOT).as_posix() for path in (ROOT / "bot/domain").rglob("*.py")]
    enums = enumerations(ROOT, domain)
    found = [
        one for file in files for one in mutants_of(file, (ROOT / file).read_text(encoding="utf-8"), enums)
    ]

    assert explained.rotten(book, book.made(found), files) == []
    assert all(any(file.startswith(rule.files) for file in domain) for rule in book.left_out)
