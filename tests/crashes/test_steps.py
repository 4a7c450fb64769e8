"""Death at exactly the named steps: a few of them here, all of them by `python -m tests.crashes --every-step`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashes.steps import every_step


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_a_death_at_any_step_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Before and after each commit, and each call, of every small story; and no place that commits is in none of them."""
    done = await every_step(jobs=3, keep=tmp_path, most=24)
    assert done["wrong_in_the_rehearsal"] == []
    assert done["steps"] == 24
    assert done["failed"] == 0, done
