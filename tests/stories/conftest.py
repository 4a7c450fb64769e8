"""Every story ends with the question whether each change in it left its event."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories import witness


@pytest.fixture(autouse=True)
def every_change_left_its_event() -> Iterator[None]:
    """Promise 9 over all stories: no state changes behind the audit log's back."""
    witness.UNEXPLAINED.clear()
    yield
    assert witness.UNEXPLAINED == []
