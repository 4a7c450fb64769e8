"""The words people type: text into commands, commands into text, the table of sub-commands. Slack's habits
with typed text are undone here; what a command then does, and whether its images exist, is nowhere in this
package.

What others use is named below; the modules are the package's own.
"""

from bot.domain.parse.canonical import unparse
from bot.domain.parse.durations import duration_in_words, parse_duration
from bot.domain.parse.grammar import parse
from bot.domain.parse.nearest import suggest
from bot.domain.parse.usage import USAGES, Usage

__all__ = ["USAGES", "Usage", "duration_in_words", "parse", "parse_duration", "suggest", "unparse"]
