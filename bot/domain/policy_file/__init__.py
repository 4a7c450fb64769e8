"""Reading the policy file: text in, a Policy or every problem out. Opens no file; asks nobody.

tree makes nodes of the text, reader makes typed values of nodes, the other modules read one section each,
load puts them together and runs the file's own tests, lint warns.
"""

from bot.domain.policy_file.lint import lint
from bot.domain.policy_file.load import load

__all__ = ["lint", "load"]
