"""What the stage asserts is told as well as what a test asserts."""

import pytest

pytest.register_assert_rewrite("tests.journeys.stage", "tests.journeys.seats", "tests.journeys.process")
