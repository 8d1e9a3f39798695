"""What the settings mean for the rooms, and that `up` works alone."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from stalkeer.core.items import Service
from stalkeer.db.connect import StoreError
from stalkeer.downloader.limiter import TokenBucket
from stalkeer.jobs.register import Webhook
from stalkeer.jobs.services import ImportMode, InstanceRules
from stalkeer.playlist.terms import Source, SourceKind
from stalkeer.settings import Settings, SettingsError, load
from stalkeer.wiring.instances import known_instances, rules_of
from stalkeer.wiring.matching import match_rules
from stalkeer.wiring.rules import (
    download_rules,
    engine_rules,
    out_of_reach,
    own_address,
    own_hosts,
    playlist_rules,
    slot_limits,
    webhooks,
)
from stalkeer.wiring.sole import AlreadyRunningError, LockFileError, among_others, sole_process
from stalkeer.wiring.sources import (
    USER_AGENT,
    archive_folder,
    location_of,
    name_sources,
    playlist_sources,
    source_rules,
)

RADARR = {"RADARR_URL": "http://radarr.lan:7878", "RADARR_API_KEY": "radarr-key"}
SONARR = {"SONARR_URL": "http://sonarr.lan:8989", "SONARR_API_KEY": "sonarr-key"}


def settings(**given: str) -> Settings:
    named = {f"STALKEER_{name}": value for name, value in given.items()}
    return load(named, folder=Path("/nowhere"))


# --- playlists ---


@pytest.mark.parametrize(
    ("locations", "names"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["/lists/films.m3u"], ["films.m3u"], id="file"),
        pytest.param(
            ["https://joe:pass@tv.example.invalid:8080/get.php?password=x"],
            ["tv.example.invalid"],
            id="address",
        ),
        pytest.param(
            ["/a/l.m3u", "/b/l.m3u", "/c/l.m3u"], ["l.m3u", "l.m3u-2", "l.m3u-3"], id="same"
        ),
        pytest.param(
            ["/a/l.m3u-2", "/a/l.m3u", "/b/l.m3u"],
            ["l.m3u-2", "l.m3u", "l.m3u-3"],
            id="number-is-taken",
        ),
        pytest.param(["http://[broken/joe/pass"], ["playlist"], id="address-that-is-none"),
    ],
)
def test_every_playlist_has_a_name_of_its_own_without_a_secret(
    locations: list[str], names: list[str]
) -> None:
    found = name_sources(locations)

    assert [(each.name, each.location) for each in found] == list(
        zip(names, locations, strict=True)
    )


def test_a_path_holds_in_every_folder_and_an_address_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert location_of("films.m3u") == str(tmp_path / "films.m3u")
    assert (
        location_of("http://tv.example.invalid/films.m3u") == "http://tv.example.invalid/films.m3u"
    )


def test_the_playlists_of_the_settings_are_the_file_and_every_address() -> None:
    given = settings(
        M3U_FILE_PATH="/lists/films.m3u",
        M3U_URL="http://one.example.invalid/a http://two.example.invalid/b",
    )

    assert playlist_sources(given) == [
        Source(name="films.m3u", location="/lists/films.m3u", is_typed=True),
        Source(name="one.example.invalid", location="http://one.example.invalid/a", is_typed=True),
        Source(name="two.example.invalid", location="http://two.example.invalid/b", is_typed=True),
    ]


def test_a_panel_is_a_playlist_beside_the_others_with_a_name_of_its_own() -> None:
    given = settings(
        M3U_URL="http://panel.example.invalid/a",
        XTREAM_URL="http://panel.example.invalid:8080",
        XTREAM_USERNAME="joe",
        XTREAM_PASSWORD="word",
    )

    assert playlist_sources(given)[1:] == [
        Source(
            name="panel.example.invalid-2",
            location="http://panel.example.invalid:8080",
            kind=SourceKind.XTREAM,
            username="joe",
            password="word",
            is_typed=True,
        )
    ]


@pytest.mark.parametrize("missing", ["URL", "USERNAME", "PASSWORD"])
def test_a_panel_needs_address_name_and_password(missing: str) -> None:
    whole = {"URL": "http://panel.example.invalid", "USERNAME": "joe", "PASSWORD": "word"}
    given = {f"XTREAM_{key}": value for key, value in whole.items() if key != missing}

    with pytest.raises(SettingsError, match=r"STALKEER_XTREAM_.*needs _URL, _USERNAME and"):
        settings(**given)


def test_what_panels_say_of_series_is_kept_in_the_data_directory() -> None:
    given = settings(DATA_DIR="/data", DOWNLOADS_ALLOWED_HOSTS="nas.lan")

    rules = source_rules(given, read_only=True)

    assert (rules.cache_dir, rules.read_only) == (Path("/data/xtream"), True)
    assert rules.allowed_hosts == {"nas.lan"}
    assert playlist_rules(given).cache_dir == Path("/data/xtream")


def test_copies_are_kept_in_the_data_directory_or_where_the_setting_says() -> None:
    assert archive_folder(settings(DATA_DIR="/data")) == Path("/data/archives")
    assert archive_folder(settings(M3U_ARCHIVE_DIR="/copies")) == Path("/copies")


def test_playlists_are_asked_for_as_the_settings_say() -> None:
    given = playlist_rules(
        settings(
            M3U_USER_AGENT="VLC/3.0.21",
            M3U_AUTH_USERNAME="joe",
            M3U_AUTH_PASSWORD="pass",
            M3U_MAX_FILE_SIZE_MB="7",
        )
    )

    assert (given.user_agent, given.auth) == ("VLC/3.0.21", ("joe", "pass"))
    assert given.limits.decoded_bytes == 7_000_000


def test_playlists_are_asked_for_under_our_name_and_without_a_login_by_default() -> None:
    given = playlist_rules(settings())

    assert (given.user_agent, given.auth) == (USER_AGENT, None)


# --- instances ---


def instance_rules(given: Settings) -> dict[str, InstanceRules]:
    known = known_instances(given, {}, webhook_password="")
    return {name: rules_of(one, given) for name, one in known.items()}


def test_only_an_instance_with_an_address_has_rules() -> None:
    assert instance_rules(settings()) == {}
    assert set(instance_rules(settings(**RADARR))) == {"radarr"}
    assert set(instance_rules(settings(**RADARR, **SONARR))) == {"radarr", "sonarr"}


def test_an_instance_publishes_into_its_own_folder_below_the_data_directory() -> None:
    rules = instance_rules(settings(DATA_DIR="/data", **RADARR, **SONARR))

    assert rules["radarr"].folder == rules["radarr"].parts == Path("/data/downloads/movies")
    assert rules["sonarr"].folder == rules["sonarr"].parts == Path("/data/downloads/tvshows")


def test_folders_are_absolute_whatever_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    rules = instance_rules(settings(DIRECTORIES_MOVIES="m", DIRECTORIES_TEMP="t", **RADARR))

    assert (rules["radarr"].folder, rules["radarr"].parts) == (tmp_path / "m", tmp_path / "t")


def test_the_rules_of_an_instance_are_those_of_its_section() -> None:
    rules = instance_rules(
        settings(
            RADARR_IMPORT="scan",
            RADARR_LIMIT="7",
            RADARR_TAGS="Kids, 4K",
            RADARR_QUALITY_PROFILE_ID="3,4",
            RADARR_PATH_MAP="/data=>/downloads",
            SONARR_LIMIT="9",
            **RADARR,
            **SONARR,
        )
    )
    radarr = rules["radarr"]

    assert (radarr.service, radarr.setting) == (Service.RADARR, "STALKEER_RADARR")
    assert (radarr.import_mode, radarr.search_limit) == (ImportMode.SCAN, 7)
    assert radarr.tags == {"kids", "4k"}
    assert radarr.quality_profile_ids == {3, 4}
    assert radarr.path_map.theirs("/data/x.mkv") == "/downloads/x.mkv"
    assert rules["sonarr"].search_limit == 9


# --- downloads ---


def test_the_rules_of_downloads_are_in_seconds_and_bytes() -> None:
    rules = download_rules(
        settings(
            DOWNLOADS_RETRY_ATTEMPTS="7",
            DOWNLOADS_RETRY_DELAY="2m",
            DOWNLOADS_MIN_FREE_SPACE="3GB",
            DOWNLOADS_MIN_SIZE_MOVIE="1MiB",
            DOWNLOADS_MIN_SIZE_EPISODE="500",
            DOWNLOADS_VERIFY="false",
            DOWNLOADS_RUNTIME_LOW="0.6",
            DOWNLOADS_RUNTIME_HIGH="1.5",
            DOWNLOADS_PROGRESS_INTERVAL_MB="3",
            DOWNLOADS_PROGRESS_INTERVAL_SECONDS="4",
            DOWNLOADS_PART_RETENTION="1d",
            DOWNLOADS_USER_AGENT="VLC/3.0.21",
        )
    )

    assert (rules.attempts, rules.retry_delay_s) == (7, 120)
    assert (rules.min_free_bytes, rules.min_movie_bytes, rules.min_episode_bytes) == (
        3_000_000_000,
        1_048_576,
        500,
    )
    assert (rules.verify, rules.runtime_low, rules.runtime_high) == (False, 0.6, 1.5)
    assert (rules.progress_every_bytes, rules.progress_every_s) == (3_000_000, 4)
    assert (rules.part_retention_s, rules.user_agent) == (86_400, "VLC/3.0.21")


def test_downloads_are_asked_for_under_our_name_by_default() -> None:
    assert download_rules(settings()).user_agent == USER_AGENT


def test_the_engine_obeys_the_settings() -> None:
    rules = engine_rules(
        settings(
            DOWNLOADS_STALL_TIMEOUT="30s",
            DOWNLOADS_TIMEOUT="1h",
            DOWNLOADS_RESUME_ENABLED="false",
            DOWNLOADS_ALLOWED_HOSTS="nas.lan, 192.168.1.20",
            **RADARR,
        ),
        TokenBucket(0),
    )

    assert (rules.stall_timeout_s, rules.timeout_s, rules.resume_enabled) == (30, 3600, False)
    assert rules.allowed_hosts == {"nas.lan", "192.168.1.20"}
    assert rules.private_hosts == {"radarr.lan"}


def test_limits_and_thresholds_are_those_of_the_settings() -> None:
    given = settings(
        DOWNLOADS_CONCURRENT_LIMIT="5",
        DOWNLOADS_PER_PROVIDER_LIMIT="2",
        MATCHING_AUTO="90",
        MATCHING_ASK="60",
        MATCHING_LANGUAGES="fr,en",
        MATCHING_RESOLUTIONS="720p,1080p",
    )

    limits, rules = slot_limits(given), match_rules(given)

    assert (limits.overall, limits.per_provider) == (5, 2)
    assert (rules.auto, rules.ask) == (90, 60)
    assert (rules.languages, rules.resolutions) == (("fr", "en"), ("720p", "1080p"))


def test_own_hosts_are_those_of_playlists_and_instances_and_no_others() -> None:
    given = settings(
        M3U_FILE_PATH="/lists/films.m3u",
        M3U_URL="http://joe:pass@192.168.1.30:8080/a https://TV.example.invalid/b",
        XTREAM_URL="http://panel.example.invalid:80",
        XTREAM_USERNAME="joe",
        XTREAM_PASSWORD="word",
        **RADARR,
        **SONARR,
    )

    assert own_hosts(given) == {
        "192.168.1.30",
        "tv.example.invalid",
        "panel.example.invalid",
        "radarr.lan",
        "sonarr.lan",
    }
    assert own_hosts(settings()) == set()


# --- addresses ---


@pytest.mark.parametrize(
    ("given", "address"),
    [
        pytest.param({}, "http://127.0.0.1:8790", id="default"),
        pytest.param({"HOST": "192.168.1.5", "PORT": "80"}, "http://192.168.1.5:80", id="host"),
        pytest.param({"HOST": "0.0.0.0"}, "http://box:8790", id="every-address"),
        pytest.param({"HOST": "::"}, "http://box:8790", id="every-address-of-ipv6"),
        pytest.param({"HOST": "fd00::5"}, "http://[fd00::5]:8790", id="ipv6"),
        pytest.param({"URL_BASE": "/films"}, "http://127.0.0.1:8790/films", id="url-base"),
        pytest.param({"PUBLIC_URL": "http://box.lan/"}, "http://box.lan", id="public"),
        pytest.param(
            {"PUBLIC_URL": "http://box.lan", "URL_BASE": "films"},
            "http://box.lan/films",
            id="public-with-base",
        ),
        pytest.param(
            {"PUBLIC_URL": "http://box.lan/films", "URL_BASE": "films"},
            "http://box.lan/films",
            id="public-that-has-the-base",
        ),
    ],
)
def test_the_address_for_the_arrs_is_one_they_can_use(given: dict[str, str], address: str) -> None:
    assert own_address(settings(**given), hostname="box") == address


@pytest.mark.parametrize(
    ("given", "names"),
    [
        pytest.param({}, [], id="no-arr"),
        pytest.param(RADARR, ["radarr.lan"], id="default"),
        pytest.param({**RADARR, **SONARR}, ["radarr.lan", "sonarr.lan"], id="both"),
        pytest.param({**RADARR, "HOST": "0.0.0.0"}, [], id="listens-to-all"),
        pytest.param({**RADARR, "HOST": "::1"}, ["radarr.lan"], id="loopback-of-ipv6"),
        pytest.param({**RADARR, "PUBLIC_URL": "http://box.lan"}, [], id="public"),
        pytest.param(
            {**RADARR, "HOST": "0.0.0.0", "PUBLIC_URL": "http://localhost:8790"},
            ["radarr.lan"],
            id="public-is-loopback",
        ),
        pytest.param({**RADARR, "RADARR_URL": "http://localhost:7878"}, [], id="arr-here"),
        pytest.param({**RADARR, "RADARR_URL": "http://127.0.0.1:7878"}, [], id="arr-at-loopback"),
    ],
)
def test_an_arr_on_another_host_that_is_given_a_loopback_address_is_warned_of(
    given: dict[str, str], names: list[str]
) -> None:
    warnings = out_of_reach(settings(**given), hostname="box")

    assert [warning.split()[0] for warning in warnings] == names
    assert all("STALKEER_PUBLIC_URL" in warning for warning in warnings)


def test_each_instance_is_to_send_to_its_own_address_with_the_webhook_password() -> None:
    given = settings(**RADARR, **SONARR, URL_BASE="films")
    known = known_instances(given, {}, webhook_password="webhook-password")

    found = webhooks(given, known, "stalkeer", hostname="box")

    assert found == {
        name: Webhook(
            f"http://127.0.0.1:8790/films/webhooks/{name}", "stalkeer", "webhook-password"
        )
        for name in ("radarr", "sonarr")
    }


# --- alone ---


def test_a_second_process_on_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    given = settings(DATA_DIR=str(tmp_path))

    with (
        sole_process(given),
        pytest.raises(AlreadyRunningError, match="already runs on"),
        sole_process(given),
    ):
        pass


def test_the_data_directory_is_free_again_afterwards(tmp_path: Path) -> None:
    given = settings(DATA_DIR=str(tmp_path))

    with sole_process(given):
        pass
    with sole_process(given):
        pass


def test_a_second_process_on_the_same_database_file_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (settings(DATA_DIR=str(folder), DATABASE_URL=url) for folder in folders)

    with sole_process(one), pytest.raises(AlreadyRunningError), sole_process(two):
        pass


def test_a_database_behind_a_link_to_the_data_directory_is_no_second_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    given = settings(
        DATA_DIR=str(tmp_path / "link"), DATABASE_URL=f"sqlite:///{tmp_path}/data/stalkeer.db"
    )

    with sole_process(given):
        pass


def test_a_second_process_on_the_same_postgresql_database_is_refused(
    postgres_url: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (settings(DATA_DIR=str(each), DATABASE_URL=postgres_url) for each in folders)

    with (
        sole_process(one),
        pytest.raises(AlreadyRunningError, match="on this database"),
        sole_process(two),
    ):
        pass
    with among_others(one), among_others(two):
        pass


def _cut_off(url: str) -> None:
    """End every session of a database, as its restart does."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _is_refused(given: Settings) -> bool:
    try:
        with sole_process(given):
            return False
    except AlreadyRunningError:
        return True


def test_after_a_restart_of_postgresql_a_second_process_is_refused_again(
    postgres_url: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (settings(DATA_DIR=str(each), DATABASE_URL=postgres_url) for each in folders)

    with sole_process(one, look_every_s=0.05):
        _cut_off(postgres_url)
        threading.Event().wait(0.5)
        was_refused = _is_refused(two)

    assert was_refused
    assert not _is_refused(two)


def test_a_process_whose_database_was_taken_over_ends_in_good_order(
    postgres_url: str, tmp_path: Path
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    one, two = (settings(DATA_DIR=str(each), DATABASE_URL=postgres_url) for each in folders)
    asked_to_end = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())

    try:
        with sole_process(one, look_every_s=1):
            _cut_off(postgres_url)
            with sole_process(two):
                was_asked = asked_to_end.wait(10)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert was_asked


def test_web_and_worker_share_and_keep_up_out(tmp_path: Path) -> None:
    given = settings(DATA_DIR=str(tmp_path))

    with (
        among_others(given),
        among_others(given),
        pytest.raises(AlreadyRunningError),
        sole_process(given),
    ):
        pass
    with sole_process(given), pytest.raises(AlreadyRunningError), among_others(given):
        pass


def test_a_lock_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    given = settings(DATA_DIR=str(tmp_path / "not-there"))

    with pytest.raises(LockFileError, match="No such file or directory"), sole_process(given):
        pass


def test_a_database_that_does_not_answer_is_said_plainly(tmp_path: Path) -> None:
    url = "postgresql://joe:secret-pass@127.0.0.1:9/stalkeer"
    given = settings(DATA_DIR=str(tmp_path), DATABASE_URL=url)

    with pytest.raises(StoreError, match="did not answer") as refused, sole_process(given):
        pass
    assert "secret-pass" not in str(refused.value)
