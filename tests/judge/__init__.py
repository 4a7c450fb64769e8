"""Judges of what is sent to Slack, independent of the code that builds it."""
