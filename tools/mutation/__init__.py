"""Breaks the domain in every small way an operator knows, and sees whether a test says so. See docs/mutation.md."""
