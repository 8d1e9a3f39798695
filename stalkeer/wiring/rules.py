"""What the settings mean for the rooms: rules for instances, playlists and downloads."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from stalkeer.core.items import Service
from stalkeer.core.pathmap import PathMap
from stalkeer.db.slots import SlotLimits
from stalkeer.downloader.limiter import TokenBucket
from stalkeer.downloader.terms import EngineRules
from stalkeer.jobs.register import Webhook
from stalkeer.jobs.services import DownloadRules, ImportMode, InstanceRules, PlaylistRules
from stalkeer.settings import Secrets, Settings
from stalkeer.settings.sections import Radarr, Sonarr
from stalkeer.wiring.sources import USER_AGENT, source_options

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 # asked for, not listened on


def playlist_rules(settings: Settings) -> PlaylistRules:
    """Say how playlists are fetched."""
    return PlaylistRules(**source_options(settings))


def section_of(settings: Settings, service: Service) -> Radarr | Sonarr:
    """Return the settings of the one instance of a service."""
    return settings.radarr if service is Service.RADARR else settings.sonarr


def instance_rules(settings: Settings) -> dict[str, InstanceRules]:
    """Describe the instances that have an address, by name."""
    folders = {Service.RADARR: settings.movies_dir, Service.SONARR: settings.tvshows_dir}
    sections = {service: section_of(settings, service) for service in folders}
    return {
        service.value: InstanceRules(
            name=service.value,
            service=service,
            setting=f"STALKEER_{service.name}",
            folder=folders[service].absolute(),
            parts=(settings.directories.temp or folders[service]).absolute(),
            path_map=PathMap(section.path_map),
            import_mode=ImportMode(section.import_mode),
            search_limit=section.limit,
            tags=frozenset(tag.lower() for tag in section.tags),
            quality_profile_ids=frozenset(section.quality_profile_id),
        )
        for service, section in sections.items()
        if section.url
    }


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
    )


def engine_rules(settings: Settings) -> EngineRules:
    """Say how patient the download engine is, and what it may fetch."""
    given = settings.downloads
    return EngineRules(
        read_step_s=1,
        stall_timeout_s=given.stall_timeout,
        timeout_s=given.timeout,
        resume_enabled=given.resume_enabled,
        limiter=TokenBucket(given.bandwidth_limit),
        allowed_hosts=frozenset(given.allowed_hosts),
        private_hosts=own_hosts(settings),
    )


def slot_limits(settings: Settings) -> SlotLimits:
    """Say how many downloads may run at once."""
    given = settings.downloads
    return SlotLimits(overall=given.concurrent_limit, per_provider=given.per_provider_limit)


def own_hosts(settings: Settings) -> frozenset[str]:
    """Return the hosts a person configured: files may come from their private addresses."""
    addresses = [url.get_secret_value() for url in settings.m3u.url]
    addresses += [settings.radarr.url, settings.sonarr.url, settings.xtream.url]
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


def webhooks(settings: Settings, keys: Secrets, *, hostname: str) -> dict[str, Webhook]:
    """Say what each instance has to hold to send us its events."""
    address = own_address(settings, hostname=hostname)
    return {
        name: Webhook(f"{address}/webhooks/{name}", keys.webhook_username, keys.webhook_password)
        for name in instance_rules(settings)
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
