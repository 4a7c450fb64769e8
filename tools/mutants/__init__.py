"""Breaks the bot's promises on purpose, one way at a time, in a copy of the tree, and sees which invariant of the simulation says so.

Each mutant is a mistake somebody could make. One that no invariant of its promise notices, or that no longer fits the code, is a
failure. `make mutants` tries all of them; `python -m tools.mutants WORD...` those whose names contain a word.
"""
