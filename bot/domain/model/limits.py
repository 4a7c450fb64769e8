"""Numbers somebody will want to change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Numbers somebody will want to change. Filled by config; every default is documented there."""

    max_images_per_call: int = 10
    max_projects_per_call: int = 100
    max_tenants_per_image: int = 256
    max_tenants_full_ecs: int = 10
    max_submits: int = 3
    plan_timeout: timedelta = timedelta(minutes=15)
    retry_delay: timedelta = timedelta(seconds=5)
    settle_reads: int = 5
    """Reads of the member list after a lost answer before a pair counts as missing."""
    settle_delay: timedelta = timedelta(seconds=10)
    verify_reads: int = 3
    job_timeout: timedelta = timedelta(minutes=30)
    facts_age: timedelta = timedelta(seconds=60)
    """How old the facts a lane was judged by may be when it starts; older ones are looked up again."""
    lease: timedelta = timedelta(seconds=60)
    digest_above: int = 3
    """So many reports may wait for one channel; when there are more, a digest says them."""
    digest_most: int = 100
    """Requests in one digest."""
    response_url_life: timedelta = timedelta(minutes=29)
