"""The store: bot.ports.Store over SQLite. The only room with a database.

`SqliteStore` is the store; `migrate` brings a file to the newest schema.
"""

from bot.adapters.store.migrations import migrate
from bot.adapters.store.sqlite import SqliteStore

__all__ = ["SqliteStore", "migrate"]
