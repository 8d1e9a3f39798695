"""Radarr and Sonarr instances: how each is reached, and what is asked of one before it is used."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from stalkeer.arr.base import RootFolder
from stalkeer.arr.radarr import Radarr
from stalkeer.arr.sonarr import Sonarr
from stalkeer.core.items import Service
from stalkeer.errors import StalkeerError
from stalkeer.jobs.doctor import suggest_path_map
from stalkeer.jobs.folders import FolderNotWritableError, sees
from stalkeer.jobs.register import Webhook, check_reach, fault_of, is_let_in
from stalkeer.jobs.services import ImportMode, InstanceRules
from stalkeer.outgoing.address import judge, origin
from stalkeer.outgoing.transport import resolve


class InstanceError(StalkeerError):
    """An instance cannot be as it was asked for."""

    code: ClassVar[str] = "invalid_instance"


class PinnedError(StalkeerError):
    """The environment says how it is, and the API must not say otherwise."""

    code: ClassVar[str] = "pinned"


class InstanceConfig(BaseModel):
    """How an instance is reached and what it is used for.

    `path_map` pairs our folders with theirs. Without `tags` and `quality_profile_ids` every item
    counts. `webhook_password` is what it sends its events with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: Service
    url: str
    api_key: str = Field(repr=False)
    path_map: tuple[tuple[str, str], ...] = ()
    import_mode: ImportMode = ImportMode.MANUAL
    limit: int = 20
    tags: tuple[str, ...] = ()
    quality_profile_ids: tuple[int, ...] = ()
    sync_interval_s: int = 3600
    webhook_password: str = Field(repr=False)


def check_address(url: str, allowed_hosts: Collection[str]) -> None:
    """Raise `InstanceError` for an address where no arr is: of a cloud's metadata, or none at all.

    Radarr and Sonarr live on loopback and in private networks, so those are what they should be. A
    name that is not known now may be later; it is judged again at each connection.
    """
    host = urlsplit(url).hostname or ""
    try:
        found = resolve(host, 0)
    except (OSError, UnicodeError):
        return
    reason = judge(host, found, allowed_hosts=allowed_hosts, near_hosts=(host,))
    if reason is not None:
        raise InstanceError(f"There is no Radarr or Sonarr at {host}: {reason}")


def require_key(name: str, before: InstanceConfig, url: str) -> None:
    """Raise `InstanceError` when the key of an instance would go where it was not saved for."""
    if origin(url) != origin(before.url):
        raise InstanceError(
            f"{name} would be at another address, and its saved key goes to the one it was saved "
            f"for. Send api_key too (on the command line: --api-key-stdin)."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInstance:
    """An instance and where it comes from: `pinned` are the fields that the environment says."""

    name: str
    config: InstanceConfig
    is_setting: bool
    pinned: frozenset[str] = frozenset()


class Instances(Protocol):
    """Keeps the instances; what it saves takes effect at once, in every process."""

    def known(self) -> Mapping[str, KnownInstance]:
        """Return every instance by name."""
        ...

    def save_instance(self, name: str, config: InstanceConfig) -> None:
        """Add or replace one. Raises `PinnedError` and `InstanceError`."""
        ...

    def remove_instance(self, name: str) -> None:
        """Remove one. Raises `PinnedError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFolder:
    """A root folder of an arr: whether the arr may write there, and whether we see it and may too.

    We need not: what is imported is put there by the arr.
    """

    path: str
    accessible: bool
    free_bytes: int | None
    we_see: bool
    we_may_write: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of trying an instance out. `suggested_path_map` is a pair when one was found.

    `own_host` is the name of our machine in the address that the arr is given for its webhooks.
    """

    reachable: bool
    product: str = ""
    version: str = ""
    is_expected_product: bool = False
    root_folders: tuple[SeenFolder, ...] = ()
    folder: str
    we_may_write: bool = False
    it_sees_us: bool = False
    suggested_path_map: tuple[str, str] | None = None
    webhook_url: str
    own_host: str
    webhook_registered: bool = False
    webhook_reaches_us: bool = False
    faults: tuple[str, ...] = field(default=())


def try_out(arr: Radarr | Sonarr, rules: InstanceRules, webhook: Webhook) -> Trial:
    """Ask an arr everything that has to be right, and change nothing there.

    One small file is written into our folder, and removed again.
    """
    facts: dict[str, object] = {
        "folder": str(rules.folder),
        "webhook_url": webhook.url,
        "own_host": urlsplit(webhook.url).hostname or socket.gethostname(),
    }
    faults: list[str] = []
    try:
        status = arr.status()
    except StalkeerError as exc:
        return Trial(reachable=False, faults=(str(exc),), **facts)  # type: ignore[arg-type]
    facts |= {"product": status.app_name, "version": status.version}
    is_expected = status.app_name.casefold() == rules.service.value
    if not is_expected:
        faults.append(f"{status.app_name} answers there, and not {rules.service.title()}.")
    else:
        for ask in (_root_folders, _folder, _webhook):
            facts |= _said(ask, arr, rules, webhook, faults)
    return Trial(
        reachable=True,
        is_expected_product=is_expected,
        faults=tuple(faults),
        **facts,  # type: ignore[arg-type]
    )


_Ask = Callable[[Radarr | Sonarr, InstanceRules, Webhook, list[str]], dict[str, object]]


def _said(
    ask: _Ask, arr: Radarr | Sonarr, rules: InstanceRules, webhook: Webhook, faults: list[str]
) -> dict[str, object]:
    try:
        return ask(arr, rules, webhook, faults)
    except StalkeerError as exc:
        faults.append(str(exc))
        return {}


def _root_folders(
    arr: Radarr | Sonarr, rules: InstanceRules, _webhook: Webhook, faults: list[str]
) -> dict[str, object]:
    found = arr.root_folders()
    if not found:
        faults.append("It has no root folder: add one in Settings, Media Management.")
    faults += [
        f"It cannot use its own root folder {one.path}: mount it, or let its user write there."
        for one in found
        if not one.accessible
    ]
    return {"root_folders": tuple(_seen(one, rules) for one in found)}


def _seen(folder: RootFolder, rules: InstanceRules) -> SeenFolder:
    ours = rules.path_map.ours(folder.path)
    we_see = os.path.isdir(ours)  # noqa: PTH112 # unlike Path.is_dir it never raises
    return SeenFolder(
        path=folder.path,
        accessible=folder.accessible,
        free_bytes=folder.free_bytes,
        we_see=we_see,
        we_may_write=we_see and os.access(ours, os.W_OK | os.X_OK),
    )


def _folder(
    arr: Radarr | Sonarr, rules: InstanceRules, _webhook: Webhook, faults: list[str]
) -> dict[str, object]:
    try:
        it_sees = sees(arr, rules.folder, rules.path_map)
    except FolderNotWritableError as exc:
        faults.append(str(exc))
        return {}
    if it_sees:
        return {"we_may_write": True, "it_sees_us": True}
    pair = suggest_path_map(arr, Path(rules.folder))
    remedy = "Mount the same folder in both containers."
    if pair is not None:
        remedy = f"Set its path map to {pair[0]}=>{pair[1]}."
    faults.append(f"It does not see {rules.folder}. {remedy}")
    return {"we_may_write": True, "suggested_path_map": pair}


def _webhook(
    arr: Radarr | Sonarr, _rules: InstanceRules, webhook: Webhook, faults: list[str]
) -> dict[str, object]:
    fault = fault_of(arr, webhook)
    if fault:
        faults.append(f"Our Connect webhook {fault}: register it.")
    try:
        check_reach(arr, webhook)
    except StalkeerError as exc:
        faults.append(f"It does not reach us at {webhook.url}: {exc}")
        return {"webhook_registered": not fault}
    if not fault and not is_let_in(arr, webhook):
        fault = "holds another user or password"
        faults.append(f"Our Connect webhook {fault}: register it.")
    return {"webhook_registered": not fault, "webhook_reaches_us": True}
