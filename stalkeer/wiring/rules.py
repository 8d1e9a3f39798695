"""What the settings mean for the rooms: rules for instances, playlists and downloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from stalkeer.core.items import ItemKind, Service
from stalkeer.core.states import QUEUES
from stalkeer.core.windows import Window
from stalkeer.db.providers import SlotLimits
from stalkeer.downloader.limiter import Bandwidth, TokenBucket
from stalkeer.downloader.terms import EngineRules
from stalkeer.jobs.instances import KnownInstance
from stalkeer.jobs.register import Webhook
from stalkeer.jobs.services import DownloadRules, Places, PlaylistRules
from stalkeer.settings import Settings
from stalkeer.wiring.instances import section_of
from stalkeer.wiring.sources import USER_AGENT, source_rules

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 # asked for, not listened on


def playlist_rules(settings: Settings) -> PlaylistRules:
    """Say how playlists are fetched, and how often."""
    rules = source_rules(settings)
    return PlaylistRules(
        limits=rules.limits,
        user_agent=rules.user_agent,
        auth=rules.auth,
        allowed_hosts=rules.allowed_hosts,
        unverified_hosts=rules.unverified_hosts,
        cache_dir=rules.cache_dir,
        every_s=settings.m3u.update_interval,
    )


def download_rules(settings: Settings) -> DownloadRules:
    """Say how downloads are done."""
    given = settings.downloads
    return DownloadRules(
        attempts=given.retry_attempts,
        retry_delay_s=given.retry_delay,
        min_free_bytes=given.min_free_space,
        min_movie_bytes=given.min_size_movie,
        min_episode_bytes=given.min_size_episode,
        verify=given.verify,
        runtime_low=given.runtime_low,
        runtime_high=given.runtime_high,
        progress_every_s=given.progress_interval_seconds,
        progress_every_bytes=given.progress_interval_mb * 1_000_000,
        part_retention_s=given.part_retention,
        user_agent=given.user_agent or USER_AGENT,
        checksum=given.checksum,
        windows=tuple(Window(each.start, each.end) for each in given.window),
        folders={
            ItemKind.MOVIE: _places(settings, settings.movies_dir),
            ItemKind.EPISODE: _places(settings, settings.tvshows_dir),
        },
    )


def _places(settings: Settings, folder: Path) -> Places:
    parts = settings.directories.temp or folder
    return Places(folder=folder.absolute(), parts=parts.absolute())


def bandwidth(settings: Settings) -> Bandwidth:
    """Make the limits on bytes a second, which all processes of this data directory share."""
    folder = settings.general.data_dir / "bandwidth"
    return Bandwidth(settings.downloads.bandwidth_limit, folder=folder)


def engine_rules(
    settings: Settings, limiter: TokenBucket, further: Iterable[str] = ()
) -> EngineRules:
    """Say how patient the download engine is, and what it may fetch."""
    given = settings.downloads
    return EngineRules(
        read_step_s=1,
        stall_timeout_s=given.stall_timeout,
        timeout_s=given.timeout,
        resume_enabled=given.resume_enabled,
        limiter=limiter,
        allowed_hosts=frozenset(given.allowed_hosts),
        private_hosts=own_hosts(settings, further),
        unverified_hosts=frozenset(given.unverified_hosts),
    )


def slot_limits(settings: Settings) -> SlotLimits:
    """Say how many downloads may run at once."""
    given = settings.downloads
    return SlotLimits(
        overall=given.concurrent_limit,
        per_provider=given.per_provider_limit,
        start_gap_s=given.start_gap,
    )


def all_queues(settings: Settings) -> tuple[str, ...]:
    """Name the queues of every job there may be, those of the volumes included."""
    volumes = {settings.radarr.volume, settings.sonarr.volume} - {""}
    return (*QUEUES, *sorted(f"download.{volume}" for volume in volumes))


def own_hosts(settings: Settings, further: Iterable[str] = ()) -> frozenset[str]:
    """Return the hosts a person configured: files may come from their private addresses.

    `further` are the addresses of instances that no setting names.
    """
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    addresses += [settings.radarr.url, settings.sonarr.url, settings.xtream.url, *further]
    return frozenset(urlsplit(address).hostname or "" for address in addresses) - {""}


def own_address(settings: Settings, *, hostname: str) -> str:
    """Return where Radarr and Sonarr find us: PUBLIC_URL, else what HOST and PORT say.

    `hostname` is the name of this machine, for a HOST that means all its addresses.
    """
    general = settings.general
    if general.public_url:
        return general.public_url.removesuffix(general.url_base) + general.url_base
    host = hostname if general.host in _EVERYWHERE else general.host
    return f"http://{f'[{host}]' if ':' in host else host}:{general.port}{general.url_base}"


def webhooks(
    settings: Settings, known: Mapping[str, KnownInstance], username: str, *, hostname: str
) -> dict[str, Webhook]:
    """Say what each instance has to hold to send us its events."""
    address = own_address(settings, hostname=hostname)
    return {
        name: Webhook(f"{address}/webhooks/{name}", username, one.config.webhook_password)
        for name, one in known.items()
    }


def out_of_reach(settings: Settings, *, hostname: str) -> list[str]:
    """Warn of each instance on another host that is to call us on a loopback address."""
    address = own_address(settings, hostname=hostname)
    if not _is_loopback(urlsplit(address).hostname):
        return []
    return [
        f"{host} cannot reach {address} for its webhooks: set STALKEER_PUBLIC_URL to how "
        f"{name} reaches this machine, and STALKEER_HOST to 0.0.0.0."
        for name, host in _instance_hosts(settings)
        if not _is_loopback(host)
    ]


def _instance_hosts(settings: Settings) -> Iterator[tuple[str, str]]:
    for service in Service:
        host = urlsplit(section_of(settings, service).url).hostname
        if host:
            yield service.value.title(), host


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
