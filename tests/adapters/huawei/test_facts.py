"""From the cloud's record of an image to what the policy is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.huawei.facts import read_date, read_image
from bot.domain.model import ImageKind

OURS = "0123456789abcdef0123456789abcdef"
RECORD: dict[str, Any] = {
    "id": "d164b5df-1bc3-4c3f-893e-3e471fd16e64",
    "name": "base-ubuntu-24",
    "owner": OURS,
    "status": "active",
    "visibility": "private",
    "__imagetype": "private",
    "__os_type": "Linux",
    "__os_version": "Ubuntu 24.04 server 64bit",
    "virtual_env_type": "FusionCompute",
    "__image_size": "2147483648",
    "min_disk": 40,
    "tags": ["team=shop", "hardened"],
    "created_at": "2025-12-01T08:30:00Z",
}
FIELDS = ["kind", "encrypted", "windows", "owned", "public", "marketplace", "size_gb", "status", "os"]


def test_a_full_record_leaves_nothing_unknown() -> None:
    """Every unknown fact makes the policy hold a request."""
    facts = read_image(RECORD, OURS)

    assert facts.name == "base-ubuntu-24"
    assert (facts.kind, facts.encrypted, facts.windows) == (ImageKind.SYSTEM, False, False)
    assert (facts.owner, facts.owned, facts.public, facts.marketplace) == (OURS, True, False, False)
    assert (facts.status, facts.os, facts.size_gb) == ("active", "Ubuntu 24.04 server 64bit", 2.0)
    assert facts.tags == {"team=shop", "hardened"}
    assert facts.created_at == datetime(2025, 12, 1, 8, 30, tzinfo=UTC)
    assert facts.shared_with is None


@pytest.mark.parametrize(
    ("changes", "fact", "value"),
    [
        ({"__system__cmkid": "6f3c0f2e"}, "encrypted", True),
        ({"__system__cmkid": ""}, "encrypted", False),
        ({"__system__cmkid": None}, "encrypted", None),
        ({"__whole_image": "true"}, "kind", ImageKind.FULL_ECS),
        ({"__whole_image": True}, "kind", ImageKind.FULL_ECS),
        ({"__whole_image": "false"}, "kind", ImageKind.SYSTEM),
        ({"virtual_env_type": "DataImage"}, "kind", ImageKind.DATA),
        ({"virtual_env_type": "DataImage", "__whole_image": "true"}, "kind", ImageKind.FULL_ECS),
        ({"virtual_env_type": "Ironic"}, "kind", ImageKind.SYSTEM),
        ({"virtual_env_type": "Novelty"}, "kind", None),
        ({"__os_type": "Windows"}, "windows", True),
        ({"__os_type": "Other"}, "windows", False),
        ({"__os_type": ""}, "windows", None),
        ({"owner": "f" * 32}, "owned", False),
        ({"owner": OURS.upper()}, "owned", True),
        ({"__imagetype": "shared"}, "public", False),
        ({"__imagetype": "gold", "visibility": "public"}, "public", True),
        ({"__imagetype": "market"}, "marketplace", True),
        ({"__productcode": "00301-110982"}, "marketplace", True),
        ({"__productcode": ""}, "marketplace", False),
        ({"status": "Queued"}, "status", "queued"),
        ({"__image_size": "0"}, "size_gb", 40.0),
        ({"__image_size": "lots", "min_disk": None}, "size_gb", None),
        ({"__image_size": "inf"}, "size_gb", 40.0),
        ({"__os_version": "", "__platform": "CentOS"}, "os", "CentOS"),
        ({"tags": None, "image_tags": [{"key": "team", "value": "shop"}]}, "tags", {"team=shop"}),
        (
            {"created_at": "04-Jun-2015 18:11:06:586"},
            "created_at",
            datetime(2015, 6, 4, 18, 11, 6, 586000, UTC),
        ),
        ({"created_at": "yesterday"}, "created_at", None),
        ({"created_at": 1764577800}, "created_at", None),
        ({"name": "a\x00b\ud800c"}, "name", "a\ufffdb\ufffdc"),
    ],
)
def test_a_field_decides_its_fact(changes: dict[str, Any], fact: str, value: object) -> None:
    """These are the values the vendor documents, and some it sends nevertheless."""
    assert getattr(read_image({**RECORD, **changes}, OURS), fact) == value


@pytest.mark.parametrize("fact", FIELDS)
def test_what_a_bare_record_does_not_say_is_unknown(fact: str) -> None:
    """A guess of no encryption would share an encrypted image."""
    assert getattr(read_image({"id": RECORD["id"]}, OURS), fact) is None


@pytest.mark.parametrize("missing", ["owner", "status", "__imagetype"])
def test_absence_of_a_key_proves_nothing_in_a_torn_record(missing: str) -> None:
    """Only where the usual fields are there does the missing one mean no."""
    record = {name: value for name, value in RECORD.items() if name != missing}

    assert read_image(record, OURS).encrypted is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*RECORD, "__system__cmkid", "__whole_image", "image_tags"]), _JSON))
def test_no_record_can_make_it_fail(record: dict[str, Any]) -> None:
    """One odd image must not hide all the others."""
    facts = read_image(record, OURS)

    facts.name.encode()
    assert facts.created_at is None or facts.created_at.tzinfo is not None


@given(st.text(max_size=30))
def test_no_date_can_make_it_fail(text: str) -> None:
    """Dates come in several spellings, and some in none."""
    read_date(text)
