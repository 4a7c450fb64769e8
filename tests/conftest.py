"""For all tests: no property is judged by the clock, since machines are noisy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("imagebot", deadline=None)
settings.load_profile("imagebot")
