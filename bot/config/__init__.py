"""The environment, and nothing else, as one frozen Config. Every problem is reported at once, no secret ever.

`slack`, `cloud`, `service` and `limits` hold the settings themselves, `fields` what one setting is, `reading`
the `.env` file and `NAME_FILE`, `rules` what no single setting can say, `loading` puts them together, and
`reference` draws the pages that list them.
Only the wiring and the operator's door may import this room: everybody else is handed plain values.
"""

from bot.config.cloud import AccessKey, CloudSettings, Login
from bot.config.fields import Setting
from bot.config.loading import SETTINGS, Config
from bot.config.service import ServiceSettings
from bot.config.slack import SlackSettings

__all__ = [
    "SETTINGS",
    "AccessKey",
    "CloudSettings",
    "Config",
    "Login",
    "ServiceSettings",
    "Setting",
    "SlackSettings",
]
