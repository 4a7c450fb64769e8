"""Real processes, really killed: `imagebot serve` on SQLite between a simulated Slack and a simulated cloud.

`python -m tests.crashes` runs seeded rounds of it, `--every-step` dies once at every step there is.
"""
