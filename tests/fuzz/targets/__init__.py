"""Every target by name. A module is only loaded when its target is asked for, so that the fuzzer can watch the product being
loaded."""

from __future__ import annotations

from importlib import import_module

from tests.fuzz.target import Target

NAMES = (
    "commands",
    "policy_files",
    "cloud_readers",
    "cloud_signing",
    "cloud_wire",
    "slack_door",
    "slack_signatures",
    "slack_socket",
    "slack_messages",
)


def target(name: str) -> Target:
    """The target of this name."""
    found: Target = import_module(f"{__name__}.{name}").TARGET
    return found
