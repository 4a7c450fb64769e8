"""A small strict Slack and a small strict IMS on loopback, for the demo and the tests. Made of nothing of ours."""
