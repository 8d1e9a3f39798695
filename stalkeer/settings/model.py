"""All settings as one frozen value, and the error that lists what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from stalkeer.settings.explain import Row, rows
from stalkeer.settings.given import PINNING, Given
from stalkeer.settings.sections import (
    Database,
    Directories,
    Downloads,
    Filter,
    General,
    M3u,
    Matching,
    Notifications,
    Queue,
    Radarr,
    Sonarr,
    Tmdb,
    Xtream,
)


class SettingsError(Exception):
    """Settings that cannot be used. `faults` has one sentence for each, by variable name."""

    code = "settings_invalid"

    def __init__(self, faults: Iterable[str]) -> None:
        """Keep the faults; the message lists them all."""
        self.faults = tuple(faults)
        super().__init__("\n".join(["The settings are not usable:", *self.faults]))


class Settings(BaseModel):
    """Every setting, by section; `Settings()` has the defaults.

    `given` is what somebody set, by variable name; `unknown` are warnings about variables that
    carry our prefix and are no setting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    general: General = General()
    database: Database = Database()
    queue: Queue = Queue()
    m3u: M3u = M3u()
    xtream: Xtream = Xtream()
    filter: Filter = Filter()
    radarr: Radarr = Radarr()
    sonarr: Sonarr = Sonarr()
    tmdb: Tmdb = Tmdb()
    matching: Matching = Matching()
    downloads: Downloads = Downloads()
    directories: Directories = Directories()
    notifications: Notifications = Notifications()
    given: Mapping[str, Given] = Field(default_factory=dict, repr=False)
    unknown: tuple[str, ...] = ()

    @property
    def pinned(self) -> frozenset[str]:
        """Variables set by the environment or `.env`: the settings API must not change them."""
        return frozenset(name for name, given in self.given.items() if given.source in PINNING)

    @property
    def database_url(self) -> SecretStr:
        """Where the rows are: what was given, or `sqlite:///` and a path inside `data_dir`."""
        if self.database.url:
            return self.database.url
        if self.database.host:
            return SecretStr(_postgres_url(self.database))
        return SecretStr(f"sqlite:///{self.general.data_dir / 'stalkeer.db'}")

    @property
    def archive_dir(self) -> Path:
        """Where playlist copies are kept."""
        return self.m3u.archive_dir or self.general.data_dir / "archives"

    @property
    def movies_dir(self) -> Path:
        """Where finished movies go."""
        return self.directories.movies or self.general.data_dir / "downloads" / "movies"

    @property
    def tvshows_dir(self) -> Path:
        """Where finished episodes go."""
        return self.directories.tvshows or self.general.data_dir / "downloads" / "tvshows"

    def describe(self, *, show_secrets: bool = False) -> tuple[Row, ...]:
        """Explain every setting: its value, who set it, what it is for."""
        return rows(self.given, show_secrets=show_secrets)


def _postgres_url(database: Database) -> str:
    password = quote(database.password.get_secret_value(), safe="")
    login = quote(database.user, safe="") + (f":{password}" if password else "")
    host = f"[{database.host}]" if ":" in database.host else database.host
    options = f"?sslmode={database.sslmode}" if database.sslmode else ""
    name = quote(database.dbname, safe="")
    return f"postgresql://{login}@{host}:{database.port}/{name}{options}"
