"""For all tests: no property is judged by the clock, since machines are noisy; and what the stages assert is told as well as what
a test asserts, in whichever room they are used first."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.journeys.stage", "tests.journeys.seats", "tests.journeys.process")

settings.register_profile("imagebot", deadline=None)
settings.load_profile("imagebot")
