"""Radarr and Sonarr instances over HTTP: add, change, try out, register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from stalkeer.arr.breaker import BreakerState
from stalkeer.core.items import Service
from stalkeer.db.control import ConflictError
from stalkeer.db.pages import Page
from stalkeer.jobs import by_hand, instances
from stalkeer.jobs.instances import InstanceConfig, KnownInstance, Trial
from stalkeer.jobs.register import Registration
from stalkeer.jobs.services import ImportMode, Services, UnknownInstanceError
from stalkeer.web.faults import FROM_ARR
from stalkeer.web.operations import delete, get, post, put
from stalkeer.web.shapes import Answer, Body, Listing, Name, Paged

_TAG = "instances"
_INSTANCE: dict[str, Any] = {
    "name": "radarr4k",
    "service": "radarr",
    "url": "http://radarr4k:7878",
    "has_api_key": True,
    "path_map": [{"ours": "/data/downloads", "theirs": "/downloads"}],
    "import_mode": "manual",
    "limit": 20,
    "tags": [],
    "quality_profile_ids": [],
    "sync_interval_s": 3600,
    "folder": "/data/downloads/movies/radarr4k",
    "webhook_url": "http://stalkeer:8790/webhooks/radarr4k",
    "webhook": "registered",
    "connection": "closed",
    "is_setting": False,
    "pinned": [],
}
Url = Annotated[
    str,
    Field(
        max_length=500,
        pattern=r"^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
        r"(/[A-Za-z0-9._~/-]*)?$",
    ),
]
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
NewName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class PathPair(Body):
    """One folder as we see it and as the arr sees it."""

    ours: Annotated[str, Field(pattern=r"^/[^\x00-\x1f;=]*$", max_length=1000)]
    theirs: Annotated[str, Field(pattern=r"^/[^\x00-\x1f;=]*$", max_length=1000)]


class InstanceFields(Body):
    """What can be said of an instance."""

    url: Url
    path_map: Annotated[tuple[PathPair, ...], Field(max_length=20)] = ()
    import_mode: ImportMode = ImportMode.MANUAL
    limit: Annotated[int, Field(ge=1, le=100_000)] = 20
    tags: Annotated[tuple[Tag, ...], Field(max_length=50)] = ()
    quality_profile_ids: Annotated[
        tuple[Annotated[int, Field(ge=1, le=2**31 - 1)], ...], Field(max_length=50)
    ] = ()
    sync_interval_s: Annotated[int, Field(ge=1, le=31 * 86_400)] = 3600


class NewInstanceBody(InstanceFields):
    """A further instance."""

    example: ClassVar[Mapping[str, Any]] = {
        "name": "radarr4k",
        "service": "radarr",
        "url": "http://radarr4k:7878",
        "api_key": "0123456789abcdef0123456789abcdef",
    }

    name: NewName
    service: Service
    api_key: Key


class InstanceBody(InstanceFields):
    """An instance as it is to be; a key that is left out stays."""

    example: ClassVar[Mapping[str, Any]] = {"url": "http://radarr4k:7878", "limit": 5}

    api_key: Key | None = None


class PathPairAnswer(Answer):
    """One folder as we see it and as the arr sees it."""

    ours: str
    theirs: str


class InstanceAnswer(Answer):
    """An instance; its keys never show. `pinned` are the fields that the environment says."""

    example: ClassVar[Mapping[str, Any]] = _INSTANCE

    name: str
    service: Service
    url: str
    has_api_key: bool
    path_map: tuple[PathPairAnswer, ...]
    import_mode: ImportMode
    limit: int
    tags: tuple[str, ...]
    quality_profile_ids: tuple[int, ...]
    sync_interval_s: int
    folder: str
    webhook_url: str
    webhook: str | None
    connection: BreakerState
    is_setting: bool
    pinned: tuple[str, ...]


class InstanceQuery(Paged):
    """Which instances to list."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"


class RootFolderAnswer(Answer):
    """A root folder of an arr: whether the arr may write there, and whether we see it and may."""

    path: str
    accessible: bool
    free_bytes: int | None
    we_see: bool
    we_may_write: bool


class TrialAnswer(Answer):
    """What came of trying an instance out; without `faults` all is well."""

    example: ClassVar[Mapping[str, Any]] = {
        "reachable": True,
        "product": "Radarr",
        "version": "6.0.3",
        "is_expected_product": True,
        "root_folders": [
            {
                "path": "/movies",
                "accessible": True,
                "free_bytes": 10**12,
                "we_see": True,
                "we_may_write": False,
            }
        ],
        "folder": "/data/downloads/movies",
        "we_may_write": True,
        "it_sees_us": False,
        "suggested_path_map": {"ours": "/data/downloads", "theirs": "/downloads"},
        "webhook_url": "http://stalkeer:8790/webhooks/radarr",
        "own_host": "stalkeer",
        "webhook_registered": True,
        "webhook_reaches_us": True,
        "faults": ["It does not see /data/downloads/movies."],
    }

    reachable: bool
    product: str
    version: str
    is_expected_product: bool
    root_folders: tuple[RootFolderAnswer, ...]
    folder: str
    we_may_write: bool
    it_sees_us: bool
    suggested_path_map: PathPairAnswer | None
    webhook_url: str
    own_host: str
    webhook_registered: bool
    webhook_reaches_us: bool
    faults: tuple[str, ...]


class RegistrationAnswer(Answer):
    """What was done about our Connect webhook in an instance."""

    example: ClassVar[Mapping[str, Any]] = {"instance": "radarr", "webhook": "created"}

    instance: str
    webhook: Registration


@dataclass(frozen=True, slots=True)
class Instances:
    """The operations on instances. `trial` asks one that need not be saved."""

    services: Services
    kept: instances.Instances
    trial: Callable[[str, InstanceConfig], Trial] = field(repr=False)
    token: Callable[[int], str] = field(repr=False)

    @get("/api/v1/instances", tag=_TAG)
    def page(self, query: InstanceQuery) -> Listing[InstanceAnswer]:
        """List the instances."""
        known = self.kept.known()
        names = sorted(known, reverse=query.order == "desc")
        shown = tuple(known[name] for name in names[query.offset : query.offset + query.limit])
        return Listing.of(Page(shown, len(names)), query, self._shown)

    @get("/api/v1/instances/{name}", tag=_TAG, errors=("unknown_instance",))
    def one(self, name: Name) -> InstanceAnswer:
        """Show one instance."""
        return self._shown(self._known(name))

    @post(
        "/api/v1/instances",
        tag=_TAG,
        status=201,
        errors=("conflict", "pinned", "invalid_instance", "invalid_settings"),
    )
    def add(self, body: NewInstanceBody) -> InstanceAnswer:
        """Add an instance; it is used at once."""
        if body.name in self.kept.known():
            raise ConflictError(f"There is an instance {body.name} already: change it with PUT.")
        config = _config(body, body.service, body.api_key, self.token(24))
        self.kept.save_instance(body.name, config)
        return self.one(body.name)

    @put(
        "/api/v1/instances/{name}",
        tag=_TAG,
        errors=("unknown_instance", "pinned", "invalid_instance", "invalid_settings"),
    )
    def change(self, name: Name, body: InstanceBody) -> InstanceAnswer:
        """Change an instance; what is left out goes back to its default, the key stays.

        A key is for the address it was saved for: who moves an instance sends it again.
        """
        known = self._known(name)
        before, key = known.config, body.api_key
        if key is None and "url" not in known.pinned:
            instances.require_key(name, before, body.url)
        key = key or before.api_key
        self.kept.save_instance(name, _config(body, before.service, key, before.webhook_password))
        return self.one(name)

    @delete("/api/v1/instances/{name}", tag=_TAG, errors=("unknown_instance", "pinned"))
    def remove(self, name: Name) -> InstanceAnswer:
        """Remove an instance: it is asked nothing any more, and its webhooks are refused."""
        shown = self._shown(self._known(name))
        self.kept.remove_instance(name)
        return shown

    @post("/api/v1/instances/{name}/test", tag=_TAG, errors=("unknown_instance",))
    def test(self, name: Name) -> TrialAnswer:
        """Ask an instance everything that has to be right; nothing is changed there."""
        return _trial_answer(self.trial(name, self._known(name).config))

    @post("/api/v1/instances/{name}/register", tag=_TAG, errors=FROM_ARR)
    def register(self, name: Name) -> RegistrationAnswer:
        """Create or repair our Connect webhook in an instance."""
        done = by_hand.register_webhook(self.services, name)
        return RegistrationAnswer(instance=name, webhook=done)

    def _known(self, name: str) -> KnownInstance:
        known = self.kept.known()
        if name not in known:
            raise UnknownInstanceError(
                f"There is no instance {name[:64]!r}. There are: {', '.join(known) or 'none'}."
            )
        return known[name]

    def _shown(self, one: KnownInstance) -> InstanceAnswer:
        config, services = one.config, self.services
        rows = {row.name: row.webhook for row in services.store.instances.all()}
        return InstanceAnswer(
            name=one.name,
            service=config.service,
            url=config.url,
            has_api_key=bool(config.api_key),
            path_map=tuple(PathPairAnswer(ours=a, theirs=b) for a, b in config.path_map),
            import_mode=config.import_mode,
            limit=config.limit,
            tags=config.tags,
            quality_profile_ids=config.quality_profile_ids,
            sync_interval_s=config.sync_interval_s,
            folder=str(services.instances[one.name].folder),
            webhook_url=services.webhooks[one.name].url,
            webhook=rows.get(one.name) or None,
            connection=services.arrs[one.name].health().state,
            is_setting=one.is_setting,
            pinned=tuple(sorted(one.pinned)),
        )


def _config(
    body: InstanceFields, service: Service, api_key: str, webhook_password: str
) -> InstanceConfig:
    return InstanceConfig(
        service=service,
        url=body.url.rstrip("/"),
        api_key=api_key,
        path_map=tuple((pair.ours, pair.theirs) for pair in body.path_map),
        import_mode=body.import_mode,
        limit=body.limit,
        tags=body.tags,
        quality_profile_ids=body.quality_profile_ids,
        sync_interval_s=body.sync_interval_s,
        webhook_password=webhook_password,
    )


def _trial_answer(trial: Trial) -> TrialAnswer:
    pair = trial.suggested_path_map
    shown = PathPairAnswer(ours=pair[0], theirs=pair[1]) if pair else None
    return TrialAnswer.model_validate(asdict(trial) | {"suggested_path_map": shown})
