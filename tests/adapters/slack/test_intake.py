"""Reading a body before Bolt sees it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.adapters.slack.intake import UnreadableBodyError, parsed

FORM = "application/x-www-form-urlencoded"


@given(
    st.text(alphabet="ab=&+%20C3A9;é \x00", max_size=40).filter(lambda raw: not raw.startswith(("{", "[")))
)
@example("a=1&a=2&&b&=c")
@example("text=share+a%20b&c=%ff%")
def test_a_form_is_read_as_the_standard_library_reads_it(raw: str) -> None:
    """The quick way must be no other way: what was signed is what is obeyed."""
    assert parsed(raw, FORM) == dict(parse_qsl(raw, keep_blank_values=True))


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=6))
def test_what_a_form_was_made_of_comes_out_of_it(fields: dict[str, str]) -> None:
    """Whatever people type arrives as they typed it."""
    fields.pop("payload", None)
    assert parsed(urlencode(fields), FORM) == fields


def test_a_form_of_very_many_fields_is_no_payload() -> None:
    """Reading a megabyte of ampersands would hold up everybody's commands."""
    assert parsed("&".join(["a=b"] * 200), FORM) == {"a": "b"}
    with pytest.raises(UnreadableBodyError):
        parsed("&".join(["a=b"] * 201), FORM)
