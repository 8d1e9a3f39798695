"""The settings: read from everywhere, checked together, explained.

Public: `load`, `Settings`, `SettingsError`; `ensure_secrets`, `Secrets`; `env_example`, `Row`;
`VARIABLES`, `Variable`, `Source`; the value `Window`; `parse_duration`, `parse_size` and
`is_http_url`, for whoever is told the same in another way.
"""

from stalkeer.settings.explain import Row, env_example
from stalkeer.settings.given import Source
from stalkeer.settings.keys import Secrets, ensure_secrets
from stalkeer.settings.loading import load
from stalkeer.settings.model import Settings, SettingsError
from stalkeer.settings.values import Window, is_http_url, parse_duration, parse_size
from stalkeer.settings.variables import VARIABLES, Variable

__all__ = [
    "VARIABLES",
    "Row",
    "Secrets",
    "Settings",
    "SettingsError",
    "Source",
    "Variable",
    "Window",
    "ensure_secrets",
    "env_example",
    "is_http_url",
    "load",
    "parse_duration",
    "parse_size",
]
