"""The instances of the settings and those that were added through the API, as one table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from stalkeer.core.items import Service
from stalkeer.core.pathmap import PathMap
from stalkeer.jobs.instances import InstanceConfig, KnownInstance
from stalkeer.jobs.services import ImportMode, InstanceRules
from stalkeer.log import get_logger
from stalkeer.settings import VARIABLES, Settings
from stalkeer.settings.sections import Radarr, Sonarr

log = get_logger(__name__)

_FIELDS = {
    "url": "url",
    "api_key": "api_key",
    "path_map": "path_map",
    "import_mode": "import_mode",
    "limit": "limit",
    "tags": "tags",
    "quality_profile_ids": "quality_profile_id",
    "sync_interval_s": "sync_interval",
}
"""The fields of an instance and the settings they are in its section."""


def section_of(settings: Settings, service: Service) -> Radarr | Sonarr:
    """Return the settings of the one instance of a service."""
    return settings.radarr if service is Service.RADARR else settings.sonarr


def known_instances(
    settings: Settings, kept: Mapping[str, str], *, webhook_password: str
) -> dict[str, KnownInstance]:
    """Describe every instance that has an address, by name: first those of the settings."""
    known = {
        service.value: KnownInstance(
            name=service.value,
            config=_of_section(section_of(settings, service), service, webhook_password),
            is_setting=True,
            pinned=_pinned(settings, service),
        )
        for service in Service
        if section_of(settings, service).url
    }
    for name, text in kept.items():
        config = _read(name, text)
        if config is not None and name not in known:
            known[name] = KnownInstance(name=name, config=config, is_setting=False)
    return known


def rules_of(instance: KnownInstance, settings: Settings) -> InstanceRules:
    """Say how an instance is worked for: a further one has a folder of its name inside ours."""
    config = instance.config
    is_radarr = config.service is Service.RADARR
    folder = settings.movies_dir if is_radarr else settings.tvshows_dir
    folder = folder if instance.is_setting else folder / instance.name
    setting = f"STALKEER_{config.service.name}" if instance.is_setting else ""
    return InstanceRules(
        name=instance.name,
        service=config.service,
        setting=setting,
        folder=folder.absolute(),
        parts=(settings.directories.temp or folder).absolute(),
        path_map=PathMap(config.path_map),
        import_mode=config.import_mode,
        search_limit=config.limit,
        tags=frozenset(tag.lower() for tag in config.tags),
        quality_profile_ids=frozenset(config.quality_profile_ids),
    )


def as_settings(service: Service, config: InstanceConfig) -> dict[str, str]:
    """Give the fields of an instance as variables of its section."""
    texts = {
        "url": config.url,
        "api_key": config.api_key,
        "path_map": ";".join(f"{ours}=>{theirs}" for ours, theirs in config.path_map),
        "import_mode": config.import_mode.value,
        "limit": str(config.limit),
        "tags": ",".join(config.tags),
        "quality_profile_ids": ",".join(map(str, config.quality_profile_ids)),
        "sync_interval_s": str(config.sync_interval_s),
    }
    names = _variables(service)
    return {names[field]: text for field, text in texts.items()}


def _variables(service: Service) -> dict[str, str]:
    """Give the variable of each field."""
    by_field = {one.field: one.name for one in VARIABLES if one.section == service.value}
    return {field: by_field[setting] for field, setting in _FIELDS.items()}


def _pinned(settings: Settings, service: Service) -> frozenset[str]:
    names = _variables(service)
    return frozenset(field for field, name in names.items() if name in settings.pinned)


def _of_section(
    section: Radarr | Sonarr, service: Service, webhook_password: str
) -> InstanceConfig:
    return InstanceConfig(
        service=service,
        url=section.url,
        api_key=section.api_key.get_secret_value(),
        path_map=section.path_map,
        import_mode=ImportMode(section.import_mode),
        limit=section.limit,
        tags=section.tags,
        quality_profile_ids=section.quality_profile_id,
        sync_interval_s=max(round(section.sync_interval), 1),
        webhook_password=webhook_password,
    )


def _read(name: str, text: str) -> InstanceConfig | None:
    """Read what was kept; what another version wrote must not keep us from starting."""
    try:
        said: dict[str, Any] = json.loads(text)
        return InstanceConfig.model_validate(said)
    except (ValueError, ValidationError):
        log.warning("what was kept of an instance cannot be read: save it again", instance=name)
        return None
