"""What a test of the fuzzer started ends with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.fuzz.loop import close_all


@pytest.fixture(autouse=True)
def _loops() -> Iterator[None]:
    yield
    close_all()
    logging.disable(logging.NOTSET)
