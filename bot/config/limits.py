"""The numbers of bot.domain.model.Limits, one setting for each field, with the same defaults."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.config.fields import DAY, Section, count, seconds
from bot.domain.model import Limits

_LIMITS = Limits()


class LimitSettings(Section):
    """Limits and times."""

    max_images_per_call: int = count(
        "IMAGEBOT_MAX_IMAGES_PER_CALL",
        _LIMITS.max_images_per_call,
        "Images in one call to the cloud.",
        most=100,
    )
    max_projects_per_call: int = count(
        "IMAGEBOT_MAX_PROJECTS_PER_CALL",
        _LIMITS.max_projects_per_call,
        "Projects in one call to the cloud.",
        most=1000,
    )
    max_tenants_per_image: int = count(
        "IMAGEBOT_MAX_TENANTS_PER_IMAGE",
        _LIMITS.max_tenants_per_image,
        "Projects one image may be shared with.",
        most=100_000,
    )
    max_tenants_full_ecs: int = count(
        "IMAGEBOT_MAX_TENANTS_FULL_ECS",
        _LIMITS.max_tenants_full_ecs,
        "The same for a full-server image.",
        most=100_000,
    )
    max_submits: int = count(
        "IMAGEBOT_MAX_SUBMITS",
        _LIMITS.max_submits,
        "How often one job is submitted before a person must look.",
        most=100,
    )
    plan_timeout: float = seconds(
        "IMAGEBOT_PLAN_TIMEOUT",
        _LIMITS.plan_timeout,
        "How long a request may wait for the cloud to be planned.",
    )
    retry_delay: float = seconds(
        "IMAGEBOT_RETRY_DELAY",
        _LIMITS.retry_delay,
        "First pause before something that failed for now is tried again.",
    )
    settle_reads: int = count(
        "IMAGEBOT_SETTLE_READS",
        _LIMITS.settle_reads,
        "Reads of the member list after a lost answer before a pair counts as missing.",
        most=1000,
    )
    settle_delay: float = seconds("IMAGEBOT_SETTLE_DELAY", _LIMITS.settle_delay, "Pause between those reads.")
    verify_reads: int = count(
        "IMAGEBOT_VERIFY_READS",
        _LIMITS.verify_reads,
        "Reads of the member list after a job ended before a missing pair counts as failed.",
        most=1000,
    )
    job_timeout: float = seconds(
        "IMAGEBOT_JOB_TIMEOUT",
        _LIMITS.job_timeout,
        "After this a job of the cloud is no longer waited for: the member list decides.",
        most=7 * DAY,
    )
    facts_age: float = seconds(
        "IMAGEBOT_FACTS_AGE",
        _LIMITS.facts_age,
        "How old the facts a lane was judged by may be when it starts; older ones are looked up again.",
    )
    lease: float = seconds(
        "IMAGEBOT_LEASE",
        _LIMITS.lease,
        "How long a claim on a due row lasts before another worker may take it.",
    )
    digest_above: int = count(
        "IMAGEBOT_DIGEST_ABOVE",
        _LIMITS.digest_above,
        "So many results may wait for one channel; when there are more, one digest says them all.",
        most=1_000_000,
    )
    digest_most: int = count(
        "IMAGEBOT_DIGEST_MOST",
        _LIMITS.digest_most,
        "Requests in one digest; what Slack takes in a message may be fewer.",
        most=150,
    )
    response_url_life: float = seconds(
        "IMAGEBOT_RESPONSE_URL_LIFE",
        _LIMITS.response_url_life,
        "How long Slack's private answer address is used.",
        most=1800,
    )

    def limits(self) -> Limits:
        """The same numbers as the domain takes them."""
        values: dict[str, Any] = {name: _plain(getattr(self, name)) for name in type(self).model_fields}
        return Limits(**values)


def _plain(value: float) -> int | timedelta:
    return timedelta(seconds=value) if isinstance(value, float) else value
