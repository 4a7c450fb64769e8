"""What Slack refuses: the structural rules of blocks, messages and views, as its documents state them."""

from bot.simulator.slack.rules.blocks import Place, block_problems, view_problems, view_too_large

__all__ = ["Place", "block_problems", "view_problems", "view_too_large"]
