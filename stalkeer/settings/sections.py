"""Every setting there is: its section, its type, its default and the line that explains it.

The names of the variables, `.env.example` and `stalkeer config` are made from this page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from stalkeer.settings.values import (
    DatabaseUrl,
    Duration,
    Events,
    FernetKey,
    Hosts,
    HttpUrl,
    Lowered,
    Networks,
    Numbers,
    PathMaps,
    Patterns,
    PlaylistUrls,
    RedisUrl,
    Secrets,
    Size,
    UrlBase,
    Windows,
    Words,
)

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Period = Annotated[Duration, Field(gt=0)]
Confidence = Annotated[int, Field(ge=0, le=100)]
Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def setting(
    default: object,
    about: str,
    *,
    example: str = "",
    key: str = "",
    alias: str = "",
    restart: bool = False,
    savable: bool = True,
) -> Any:
    """Describe one setting.

    `default` is what a person would write, `"1h"` for a time. `example` stands in where the
    default is empty. `key` is the end of the variable's name where it is not the field's,
    `alias` another whole name of it. Not `savable` is what has to be known to find saved settings.
    """
    return Field(
        default=default,
        description=about,
        json_schema_extra={
            "example": example,
            "key": key,
            "alias": alias,
            "restart": restart or not savable,
            "savable": savable,
        },
    )


class Section(BaseModel):
    """Settings that share a prefix. Defaults go through the same checks as what is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class General(Section):
    """What concerns the service as a whole."""

    data_dir: Path = setting(
        "./data", "Folder of the database, keys, archives and downloads.", savable=False
    )
    host: str = setting("127.0.0.1", "Address to listen on; 0.0.0.0 for all.", restart=True)
    port: Port = setting(8790, "Port to listen on.", alias="API_PORT", restart=True)
    public_url: HttpUrl = setting(
        "", "How Radarr and Sonarr reach stalkeer.", example="http://stalkeer:8790"
    )
    url_base: UrlBase = setting(
        "", "Path in front of every address, behind a proxy.", example="/stalkeer", restart=True
    )
    api_key: SecretStr = setting("", "Key of the API; made at first start when empty.")
    webhook_username: str = setting("stalkeer", "Name the Connect webhooks log in with.")
    webhook_password: SecretStr = setting(
        "",
        "Password the Connect webhooks log in with; made at first start when empty.",
    )
    secret_key: FernetKey = setting(
        "",
        "Key that encrypts stored passwords; made at first start when empty.",
        savable=False,
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Lowered] = setting(
        "info", "What is logged: debug, info, warning or error.", alias="LOGGING_LEVEL"
    )
    log_format: Annotated[Literal["text", "json"], Lowered] = setting(
        "text", "How it is logged: text for people, json for programs."
    )
    trusted_proxies: Networks = setting(
        "",
        "Proxies whose X-Forwarded headers are believed, as addresses or networks.",
        example="172.16.0.0/12",
        restart=True,
    )


class Database(Section):
    """Where the rows are. Either the URL or the parts; the URL wins."""

    url: DatabaseUrl = setting(
        "",
        "Database; empty: SQLite in DATA_DIR, or the parts below.",
        example="postgresql://stalkeer:password@postgres:5432/stalkeer",
        alias="DATABASE_URL",
        savable=False,
    )
    host: str = setting(
        "", "PostgreSQL server, instead of the URL.", example="postgres", savable=False
    )
    port: Port = setting(5432, "Its port.", savable=False)
    user: str = setting("stalkeer", "User on it.", savable=False)
    password: SecretStr = setting("", "Password of that user.", example="password", savable=False)
    dbname: str = setting("stalkeer", "Database on it.", savable=False)
    sslmode: Literal["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = (
        setting("", "TLS mode of libpq; empty: its own default.", example="require", savable=False)
    )
    pool_size: Count = setting(20, "Connections a process may hold.", savable=False)
    pool_timeout: Duration = setting("10s", "How long to wait for a free one.", savable=False)


class Queue(Section):
    """What carries messages between processes."""

    redis_url: RedisUrl = setting(
        "",
        "Redis, for several processes or hosts; empty: everything in one process.",
        example="redis://redis:6379/0",
        alias="REDIS_URL",
        savable=False,
    )


class M3u(Section):
    """Playlists."""

    file_path: Path | None = setting(None, "A playlist on disk.", example="/playlists/films.m3u")
    url: PlaylistUrls = setting(
        "",
        "Playlists to download; several: separated by spaces.",
        example="https://provider.example.invalid/films.m3u",
    )
    update_interval: Period = setting("1h", "How often playlists are read again.")
    archive_dir: Path | None = setting(
        None, "Folder of playlist copies; empty: archives in DATA_DIR.", example="/archives"
    )
    retention_count: CountOrNone = setting(5, "Copies kept of each playlist.")
    max_file_size_mb: Count = setting(2048, "Largest playlist that is read, in MB.")
    user_agent: str = setting("", "User-Agent for playlists; empty: our own.", example="VLC/3.0.21")
    auth_username: str = setting("", "Name for playlists behind a login.", example="me")
    auth_password: SecretStr = setting("", "Password for them.", example="password")


class Xtream(Section):
    """An account on an Xtream panel, beside the playlists or in place of them."""

    url: HttpUrl = setting("", "Address of the panel.", example="http://panel.example.invalid:8080")
    username: SecretStr = setting("", "Name on the panel.", example="me")
    password: SecretStr = setting("", "Password on the panel.", example="password")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = {bool(self.url), bool(self.username), bool(self.password)}
        if len(given) > 1:
            raise ValueError("needs _URL, _USERNAME and _PASSWORD, or none of them")
        return self


class Filter(Section):
    """Which entries are kept."""

    group_title_include: Patterns = setting(
        "",
        "Keep only entries whose group fits one of these RE2 patterns, one a line.",
        example='"^VOD\\n^FILMS"',
    )
    group_title_exclude: Patterns = setting(
        "", "Leave out entries whose group fits one of these.", example="(?i)adult"
    )
    tvg_name_include: Patterns = setting(
        "", "Keep only entries whose name fits one of these.", example="^EN"
    )
    tvg_name_exclude: Patterns = setting(
        "", "Leave out entries whose name fits one of these.", example="(?i)trailer"
    )


class Arr(Section):
    """A Radarr or a Sonarr."""

    url: HttpUrl = setting("", "Its address.")
    api_key: SecretStr = setting(
        "", "Its API key, from Settings, General.", example="0123456789abcdef0123456789abcdef"
    )
    sync_interval: Period = setting("1h", "How often it is asked what is missing.")
    limit: Count = setting(20, "New searches one run starts, newest added first.")
    path_map: PathMaps = setting(
        "",
        "A folder as we see it and as it sees it, when they differ; several: ;",
        example="/data/downloads=>/downloads",
    )
    import_mode: Annotated[Literal["manual", "scan", "off"], Lowered] = setting(
        "manual",
        "How it takes finished files: manual (exact), scan (it guesses) or off.",
        key="IMPORT",
    )
    tags: Words = setting("", "Only items with one of these tags.", example="m3u")
    quality_profile_id: Numbers = setting(
        "", "Only items with one of these quality profiles.", example="1,4"
    )
    volume: Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,32}$")] = setting(
        "",
        "Disk of its files, where only some workers have it mounted.",
        example="films",
        restart=True,
    )

    @model_validator(mode="after")
    def _has_both_or_neither(self) -> Self:
        if bool(self.url) != bool(self.api_key):
            raise ValueError("needs both _URL and _API_KEY, or neither of them")
        return self


class Radarr(Arr):
    """Radarr, which collects movies."""

    url: HttpUrl = setting("", "Its address.", example="http://radarr:7878")


class Sonarr(Arr):
    """Sonarr, which collects series."""

    url: HttpUrl = setting("", "Its address.", example="http://sonarr:8989")


class Tmdb(Section):
    """The Movie Database, a second witness of what an entry is."""

    api_key: SecretStr = setting("", "Its API key; empty: not asked.", example="0123456789abcdef")
    language: str = setting("en-US", "Language of its titles.")
    requests_per_second: Count = setting(4, "How often it may be asked.")


class Matching(Section):
    """When an entry is taken for an item. Confidence goes from 0 to 100."""

    auto: Confidence = setting(80, "From this confidence on an entry is taken.")
    ask: Confidence = setting(50, "From this confidence on a person is asked.")
    languages: Words = setting("", "Languages wanted, in order; empty: any.", example="en,fr")
    resolutions: Words = setting("1080p,720p,2160p,480p", "Resolutions, the most wanted first.")
    upgrade: bool = setting(False, "Fetch a better one for what is there already.")

    @model_validator(mode="after")
    def _ask_is_below_auto(self) -> Self:
        if self.ask > self.auto:
            raise ValueError(f"needs _ASK ({self.ask}) to be at most _AUTO ({self.auto})")
        return self


class Downloads(Section):
    """How files are fetched and when they count as whole."""

    concurrent_limit: Count = setting(3, "Files fetched at once.")
    per_provider_limit: Count = setting(1, "Files fetched at once from one provider.")
    bandwidth_limit: Size = setting("0", "Bytes a second for all of them; 0: no limit.")
    retry_attempts: Count = setting(5, "Attempts before an entry is given up.")
    retry_delay: Duration = setting("60s", "Wait before the second attempt; it grows.")
    stall_timeout: Period = setting("60s", "Without bytes for this long, connect again.")
    timeout: Duration = setting("0", "Limit on one whole file; 0: none. It cuts every large film.")
    start_gap: Duration = setting("0s", "Wait between two starts at one provider.")
    verify: bool = setting(True, "Read each file's header; length and type are always checked.")
    runtime_low: Factor = setting(0.5, "Shortest running time, times what the arr says.")
    runtime_high: Factor = setting(1.75, "Longest running time, times what the arr says.")
    resume_enabled: bool = setting(True, "Go on where a download stopped.")
    progress_interval_mb: Count = setting(10, "Progress is stored after this many MB,")
    progress_interval_seconds: Count = setting(2, "or after this many seconds.")
    lock_timeout: Period = setting(
        "60s", "After this long without a sign a worker counts as dead.", restart=True
    )
    min_free_space: Size = setting("2GB", "Nothing is fetched when less is free on the disk.")
    min_size_movie: Size = setting("50MB", "A smaller file is no movie.")
    min_size_episode: Size = setting("20MB", "A smaller file is no episode.")
    checksum: bool = setting(False, "Keep a checksum (xxh3) of each finished file.")
    part_retention: Duration = setting("7d", "Unfinished files nobody needs are kept this long.")
    user_agent: str = setting("", "User-Agent for downloads; empty: our own.", example="VLC/3.0.21")
    allowed_hosts: Hosts = setting(
        "", "Loopback or private hosts files may come from.", example="nas.lan,192.168.1.20"
    )
    unverified_hosts: Hosts = setting(
        "",
        "Hosts whose TLS certificate is not verified, whatever is asked of them.",
        example="nas.lan",
    )
    window: Windows = setting(
        "", "When files are fetched, local time; several: comma.", example="01:00-07:00"
    )

    @model_validator(mode="after")
    def _runtime_is_a_range(self) -> Self:
        if self.runtime_low >= self.runtime_high:
            raise ValueError("needs _RUNTIME_LOW to be less than _RUNTIME_HIGH")
        return self


class Directories(Section):
    """Where finished files go."""

    movies: Path | None = setting(
        None, "Finished movies; empty: downloads/movies in DATA_DIR.", example="/media/movies"
    )
    tvshows: Path | None = setting(
        None, "Finished episodes; empty: downloads/tvshows in DATA_DIR.", example="/media/tvshows"
    )
    temp: Path | None = setting(
        None, "Unfinished files; empty: a hidden folder inside each.", example="/media/.unfinished"
    )


class Notifications(Section):
    """Who is told what."""

    urls: Secrets = setting(
        "", "Apprise addresses, separated by spaces.", example="ntfy://ntfy.example.invalid/films"
    )
    events: Events = setting(
        "",
        "What to tell of: imported, failed, to_confirm, provider, disk; empty: all.",
        example="imported,failed",
    )
