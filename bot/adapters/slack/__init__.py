"""Slack. The only room with a Slack library; Slack's words stop here."""
