"""The shape of the tree: sizes, clocks, words and tools that are allowed nowhere. Each check is tested."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_LINES = 300
BODY_LINES = 40
Check = Callable[[Path], Iterator[str]]
CHECKS: list[Check] = []

CLOCK_EXCEPTIONS = {
    "bot/simulator": "stands for two vendors, whose time is their own",
}
"""Places besides bot/app.py that may ask what time it is, each with its reason."""

TEST_ROOMS_OF_THEIR_OWN = {
    "contracts": "one suite for all implementations of a port",
    "crashes": "the whole bot as a process, really killed",
    "fakes": "implementations of ports for tests",
    "fuzz": "what comes in at every door, made up by search",
    "invariants": "the promises as functions over what a story leaves behind",
    "journeys": "the whole bot, end to end",
    "judge": "judges what is sent to Slack without any code of ours",
    "samples": "what vendors send",
    "security": "attacks, each on the bot as a whole",
    "simulation": "the whole bot in virtual time, one seed a story",
    "soak": "the whole bot under load for long",
    "stories": "the use cases together, fakes around them, one story a test",
}
TESTS_OF_THE_TREE = {"test_shape", "test_docs", "test_docker", "test_bench", "test_mutants"}
THE_CONTRACT = "contract"
"""`test_contract.py`: the room's implementation under the suite of its port."""
A_FAKE = "memory"
"""`test_memory*.py`: the fake of the room's port under the same suite."""


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def sources(root: Path, *folders: str) -> Iterator[tuple[str, str]]:
    """(path relative to the root, text) of every Python file in the folders."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def nodes(root: Path, *folders: str) -> Iterator[tuple[str, ast.AST]]:
    for path, text in sources(root, *folders):
        for node in ast.walk(ast.parse(text, path)):
            yield path, node


def written(root: Path) -> Iterator[Path]:
    """Every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    found = [root / name for name in names if name] or [p for p in root.rglob("*") if ".venv" not in p.parts]
    return (path for path in found if path.is_file())


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and dotted(node.value):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


# -- the checks --------------------------------------------------------------------------------


@check
def files_are_short(root: Path) -> Iterator[str]:
    for path, text in sources(root, "bot", "bench"):
        if text.count("\n") > FILE_LINES:
            yield f"{path}: {text.count(chr(10))} lines"


@check
def functions_are_short(root: Path) -> Iterator[str]:
    for path, node in nodes(root, "bot", "bench"):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > BODY_LINES:
            yield f"{path}:{node.lineno} {node.name}: {body_lines(node)} lines"


@check
def the_domain_never_waits(root: Path) -> Iterator[str]:
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    for path, node in nodes(root, "bot/domain"):
        if isinstance(node, waiting) or (isinstance(node, ast.comprehension) and node.is_async):
            yield f"{path}:{getattr(node, 'lineno', 0)}"


@check
def only_the_wiring_knows_the_time(root: Path) -> Iterator[str]:
    for path, node in nodes(root, "bot"):
        if path == "bot/app.py" or any(
            path.startswith(f"{place}/") for place in ("bot/app", *CLOCK_EXCEPTIONS)
        ):
            continue
        name = dotted(node) if isinstance(node, ast.Attribute) else ""
        if re.search(
            r"(^|\.)(datetime|date)\.(now|utcnow|today)$|^time\.(time|time_ns|gmtime|localtime)$", name
        ):
            yield f"{path}:{node.lineno} {name}"  # type: ignore[attr-defined]
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"{path}:{node.lineno} {a.name}" for a in node.names if a.name in ("time", "time_ns"))


@check
def no_room_is_a_drawer_for_everything(root: Path) -> Iterator[str]:
    for path, _ in sources(root, "bot", "bench", "tests"):
        stems = set(Path(path).with_suffix("").parts)
        if stems & {"util", "utils", "helper", "helpers", "common", "misc"}:
            yield path


@check
def nothing_is_left_for_later(root: Path) -> Iterator[str]:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"))
    for path, text in sources(root, "bot", "bench", "tests"):
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(rf"\b({words})\b", line):
                yield f"{path}:{number}"


@check
def every_test_counts(root: Path) -> Iterator[str]:
    for path, node in nodes(root, "tests"):
        name = dotted(node) if isinstance(node, ast.Attribute) else ""
        if re.fullmatch(r"(pytest\.)(mark\.)?(skip|skipif|xfail|importorskip)", name):
            yield f"{path}:{node.lineno} {name}"  # type: ignore[attr-defined]


@check
def nothing_is_patched(root: Path) -> Iterator[str]:
    for path, node in nodes(root, "tests"):
        if isinstance(node, ast.Attribute) and node.attr == "setattr" and "patch" in dotted(node.value):
            yield f"{path}:{node.lineno} {dotted(node)}"
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if {"mock", "mocker"} & set(f"{module}.{'.'.join(names)}".split(".")) or module.startswith(
            "unittest.mo"
        ):
            yield f"{path}:{node.lineno} {module}"  # type: ignore[attr-defined]
        if isinstance(node, ast.arg) and node.arg == "mocker":
            yield f"{path}:{node.lineno} mocker"


@check
def the_tests_mirror_the_bot(root: Path) -> Iterator[str]:
    for path, _ in sources(root, "tests"):
        place = Path(path).relative_to("tests")
        stem = place.stem.removeprefix("test_")
        apart = place.parts[0] in TEST_ROOMS_OF_THEIR_OWN or place.stem in TESTS_OF_THE_TREE
        if not place.stem.startswith("test_") or apart:
            continue
        known = {p.stem for p in (root / "bot" / place.parent).glob("*") if p.suffix in ("", ".py")}
        known |= {p.stem for p in (root / place.parent).glob("*") if place.parts[0] == "bench"}
        known |= {place.parent.name, THE_CONTRACT, A_FAKE}
        if not any(stem == module or stem.startswith(f"{module}_") for module in known if module):
            yield f"{path}: no bot/{place.parent / stem}.py"


@check
def folders_of_tests_are_packages(root: Path) -> Iterator[str]:
    for folder in sorted({path.parent for path in (root / "tests").rglob("*.py")}):
        if not (folder / "__init__.py").exists():
            yield folder.relative_to(root).as_posix()


@check
def the_project_speaks_of_itself_alone(root: Path) -> Iterator[str]:
    places = "|".join(
        (
            r"\bpypi\." + "org",
            "python" + r"hosted\.",
            r"registry\.npm" + "js",
            "-index" + "-url",
            r"https?://[^\s\"'<>)]+(/simp" + r"le\b|\.wh" + r"l\b|\.tg" + r"z\b)",
            r"(?<![\w.])/wo" + "rk/",
            r"(?<![\w.])/ro" + r"ot/\.",
        )
    )
    pattern = re.compile(places)
    for path in written(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := pattern.search(line):
                yield f"{path.relative_to(root)}:{number} {found[0]}"


@pytest.mark.parametrize("look", CHECKS, ids=lambda look: look.__name__)
def test_the_tree_keeps_its_shape(look: Check) -> None:
    """What a reader may rely on without looking."""
    assert list(look(ROOT)) == []


# -- each check finds what it is for -----------------------------------------------------------

OFFENCES: list[tuple[Check, str, str]] = [
    (files_are_short, "bot/long.py", "x = 1\n" * (FILE_LINES + 1)),
    (files_are_short, "bench/long.py", "x = 1\n" * (FILE_LINES + 1)),
    (functions_are_short, "bot/a.py", 'def f():\n    """Doc."""\n' + "    x = 1\n" * (BODY_LINES + 1)),
    (functions_are_short, "bot/a.py", "class A:\n  async def f(self):\n" + "    x = 1\n" * (BODY_LINES + 1)),
    (the_domain_never_waits, "bot/domain/plan.py", "async def plan(): ...\n"),
    (the_domain_never_waits, "bot/domain/plan.py", "def p(xs):\n    return (x async for x in xs)\n"),
    (only_the_wiring_knows_the_time, "bot/worker.py", "import datetime\nd = datetime.datetime.now(None)\n"),
    (only_the_wiring_knows_the_time, "bot/domain/x.py", "from datetime import date\nd = date.today\n"),
    (only_the_wiring_knows_the_time, "bot/worker/crew.py", "import time\nclock = time.time\n"),
    (only_the_wiring_knows_the_time, "bot/worker/crew.py", "from time import time as now\n"),
    (no_room_is_a_drawer_for_everything, "bot/domain/utils.py", ""),
    (no_room_is_a_drawer_for_everything, "bot/common/x.py", ""),
    (nothing_is_left_for_later, "bot/a.py", "# TO" + "DO: later\n"),
    (nothing_is_left_for_later, "tests/test_a.py", "raise NotImplemented" + "Error\n"),
    (every_test_counts, "tests/test_a.py", "import pytest\n\n@pytest.mark." + "skip\ndef test_a(): ...\n"),
    (every_test_counts, "tests/test_a.py", "import pytest\n\nx = pytest." + "importorskip('a')\n"),
    (
        nothing_is_patched,
        "tests/test_a.py",
        "def test_a(monkeypatch):\n    monkeypatch." + "setattr('a', 1)\n",
    ),
    (nothing_is_patched, "tests/test_a.py", "from unittest import mock\n"),
    (nothing_is_patched, "tests/test_a.py", "from unittest.mock import Magic" + "Mock\n"),
    (nothing_is_patched, "tests/test_a.py", "def test_a(mocker): ...\n"),
    (the_tests_mirror_the_bot, "tests/domain/test_nowhere.py", ""),
    (folders_of_tests_are_packages, "tests/domain/test_plan.py", ""),
    (the_project_speaks_of_itself_alone, "docs/a.md", "see /wo" + "rk/main\n"),
    (the_project_speaks_of_itself_alone, "requirements/run.txt", "--extra-index" + "-url x\n"),
    (the_project_speaks_of_itself_alone, "Makefile", "\tpip install -i https://mirror.example/simp" + "le\n"),
]


@pytest.mark.parametrize(
    ("look", "path", "text"), OFFENCES, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_planted_offence_is_found(look: Check, path: str, text: str, tmp_path: Path) -> None:
    """A check that finds nothing proves nothing."""
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)

    assert list(look(tmp_path)), path


def test_what_is_allowed_is_not_found(tmp_path: Path) -> None:
    """A check that cries at honest code is soon switched off."""
    honest = {
        "bot/app.py": "import datetime\nnow = datetime.datetime.now\n",
        "bot/simulator/world.py": "import time\nnow = time.time\n",
        "bot/worker.py": "import time\nstart = time.monotonic()\n\ndef due(clock):\n    return clock.now()\n",
        "bot/domain/plan.py": 'def plan():\n    """Doc.\n' + "    more\n" * 60 + '    """\n    return 1\n',
        "tests/__init__.py": "",
        "tests/domain/__init__.py": "",
        "tests/domain/test_plan.py": "def test_a(monkeypatch):\n    monkeypatch.setenv('A', 'b')\n",
        "tests/domain/test_plan_hash.py": "",
        "docs/a.md": "the network/ and a homework/ folder\n",
    }
    for path, text in honest.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    assert [offence for look in CHECKS for offence in look(tmp_path)] == []


def test_every_exception_has_a_reason_and_is_needed() -> None:
    """An exception that outlives its cause hides the next offence."""
    for place, reason in CLOCK_EXCEPTIONS.items():
        assert reason
        assert (ROOT / place).exists(), place


# -- tools -------------------------------------------------------------------------------------


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_point_inward_only() -> None:
    """The walls between the rooms, as pyproject.toml has them."""
    run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")


def test_generated_texts_are_up_to_date() -> None:
    """A copy that is not checked is wrong within a month."""
    texts = [path for path in written(ROOT) if path.suffix in (".md", ".example", ".yml")]
    generated = [
        str(path.relative_to(ROOT)) for path in texts if "[[[" + "cog" in path.read_text(encoding="utf-8")
    ]

    assert generated
    run(sys.executable, "-m", "cogapp", "-I", ".", "--check", *generated)
