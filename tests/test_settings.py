from __future__ import annotations

import base64
import contextlib
import secrets
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalkeer.settings import (
    VARIABLES,
    Settings,
    SettingsError,
    Source,
    Window,
    ensure_secrets,
    env_example,
    load,
    parse_duration,
    parse_size,
)

REPOSITORY = Path(__file__).parents[1]
HIDDEN = "hunter2-hidden"


@pytest.fixture
def faults(tmp_path: Path) -> Callable[..., tuple[str, ...]]:
    def load_and_fail(**environ: str) -> tuple[str, ...]:
        with pytest.raises(SettingsError) as caught:
            load({f"STALKEER_{name}": text for name, text in environ.items()}, folder=tmp_path)
        return caught.value.faults

    return load_and_fail


def read(tmp_path: Path, **environ: str) -> Settings:
    return load({f"STALKEER_{name}": text for name, text in environ.items()}, folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("90", 90.0, id="bare"),
        pytest.param("60s", 60.0, id="seconds"),
        pytest.param("30m", 1800.0, id="minutes"),
        pytest.param("1.5h", 5400.0, id="part-of-an-hour"),
        pytest.param(" 7 d ", 604800.0, id="days-with-spaces"),
        pytest.param("0", 0.0, id="none"),
    ],
)
def test_a_time_is_read_as_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-1s", "1 week", "1h30m", "nan", "1e9"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be a time such as"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        pytest.param("734003200", 734_003_200, id="bare-is-bytes"),
        pytest.param("512B", 512, id="bytes"),
        pytest.param("50MB", 50_000_000, id="MB-is-1000"),
        pytest.param("50MiB", 52_428_800, id="MiB-is-1024"),
        pytest.param("2gb", 2_000_000_000, id="small-letters"),
        pytest.param("2 GiB", 2_147_483_648, id="space"),
        pytest.param("10M", 10_000_000, id="without-B"),
        pytest.param("1.5k", 1500, id="part"),
        pytest.param("1TB", 1_000_000_000_000, id="terabyte"),
    ],
)
def test_a_size_is_read_as_bytes(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "MB", "-1", "1PB", "1 2", "ten"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be a size such as"):
        parse_size(text)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("M3U_URL", "http://a/1?x=1,2 https://b/2", 2, id="addresses-by-space"),
        pytest.param("NOTIFICATIONS_URLS", "ntfy://a\n tgram://b", 2, id="apprise"),
    ],
)
def test_addresses_are_separated_by_spaces_alone(
    tmp_path: Path, name: str, text: str, value: int
) -> None:
    settings = read(tmp_path, **{name: text})

    assert len(settings.m3u.url or settings.notifications.urls) == value


def test_lists_are_cut_where_their_row_of_the_table_says(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        MATCHING_RESOLUTIONS="720p, 1080p;480p",
        RADARR_QUALITY_PROFILE_ID="1, 4",
        RADARR_PATH_MAP="/data/my films=>D:\\films; /data/x => /x",
        FILTER_GROUP_TITLE_INCLUDE="^VOD, new\n^FILMS",
        DOWNLOADS_WINDOW="01:00-07:00, 23:30-00:15",
        TRUSTED_PROXIES="10.0.0.7/8 ::1",
    )

    assert settings.matching.resolutions == ("720p", "1080p", "480p")
    assert settings.radarr.quality_profile_id == (1, 4)
    assert settings.radarr.path_map == (
        ("/data/my films", "D:\\films"),
        ("/data/x", "/x"),
    )
    assert settings.filter.group_title_include == ("^VOD, new", "^FILMS")
    assert settings.downloads.window == (
        Window(time(1), time(7)),
        Window(time(23, 30), time(0, 15)),
    )
    assert settings.general.trusted_proxies == ("10.0.0.0/8", "::1/128")


def test_without_any_variable_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = load({}, folder=tmp_path)

    assert settings == Settings()
    assert settings.general.port == 8790
    assert settings.general.data_dir == Path("data")
    assert settings.downloads.min_free_space == 2_000_000_000
    assert settings.downloads.part_retention == 604_800
    assert settings.radarr.import_mode == "manual"
    assert settings.pinned == frozenset()


def test_the_environment_wins_over_env_file_over_saved_over_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "STALKEER_RADARR_LIMIT=2\nSTALKEER_SONARR_LIMIT=2\n", encoding="utf-8"
    )

    settings = load(
        {"STALKEER_RADARR_LIMIT": "1"},
        folder=tmp_path,
        saved={
            "STALKEER_RADARR_LIMIT": "3",
            "STALKEER_SONARR_LIMIT": "3",
            "STALKEER_M3U_RETENTION_COUNT": "3",
        },
    )

    assert settings.radarr.limit == 1
    assert settings.sonarr.limit == 2
    assert settings.m3u.retention_count == 3
    assert settings.tmdb.requests_per_second == 4
    assert settings.pinned == {"STALKEER_RADARR_LIMIT", "STALKEER_SONARR_LIMIT"}


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = load(
        {"STALKEER_PORT": "", "STALKEER_RADARR_LIMIT": "  "},
        folder=tmp_path,
        saved={"STALKEER_RADARR_LIMIT": "3"},
    )

    assert (settings.general.port, settings.radarr.limit) == (8790, 3)


def test_the_prefixed_name_wins_over_its_alias(tmp_path: Path) -> None:
    environ = {
        "API_PORT": "1000",
        "STALKEER_DATABASE_URL": "postgresql://ours.example.invalid/db",
        "DATABASE_URL": "postgres://theirs.example.invalid/db",
        "REDIS_URL": "redis://cache.example.invalid/0",
        "LOGGING_LEVEL": "DEBUG",
    }

    settings = load(environ, folder=tmp_path)

    assert settings.general.port == 1000
    assert settings.general.log_level == "debug"
    assert settings.database_url.get_secret_value() == "postgresql://ours.example.invalid/db"
    assert settings.queue.redis_url.get_secret_value() == "redis://cache.example.invalid/0"


def test_env_file_keeps_dollars_and_reads_escapes_in_double_quotes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        'STALKEER_FILTER_TVG_NAME_INCLUDE="^EN\\n^FR"\n'
        "STALKEER_RADARR_URL=http://radarr:7878\n"
        "STALKEER_RADARR_API_KEY='pa$$word${HOME}'\n"
        "STALKEER_PORT\n",
        encoding="utf-8",
    )

    settings = load({"HOME": "/root"}, folder=tmp_path)

    assert settings.filter.tvg_name_include == ("^EN", "^FR")
    assert settings.radarr.api_key.get_secret_value() == "pa$$word${HOME}"


def test_another_env_file_is_read_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STALKEER_PORT=1\n", encoding="utf-8")
    (tmp_path / "other").write_text("STALKEER_PORT=2\n", encoding="utf-8")

    assert load({"STALKEER_ENV_FILE": "other"}, folder=tmp_path).general.port == 2


def test_a_named_env_file_that_is_missing_is_a_fault(
    faults: Callable[..., tuple[str, ...]],
) -> None:
    (fault,) = faults(ENV_FILE="nowhere")

    assert fault.startswith("STALKEER_ENV_FILE: cannot read ")
    assert fault.endswith("nowhere: No such file or directory")


def test_an_env_file_that_is_not_utf_8_is_a_fault(
    tmp_path: Path, faults: Callable[..., tuple[str, ...]]
) -> None:
    (tmp_path / ".env").write_bytes(b"STALKEER_PORT=\xff\n")

    assert faults() == (f"STALKEER_ENV_FILE: cannot read {tmp_path / '.env'}: it is not UTF-8",)


def test_a_variable_that_ends_in_file_is_read_from_that_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  abc\n", encoding="utf-8")
    (tmp_path / "address").write_text("redis://cache.example.invalid\n", encoding="utf-8")

    settings = load(
        {
            "STALKEER_API_KEY_FILE": str(tmp_path / "key"),
            "REDIS_URL_FILE": "address",
        },
        folder=tmp_path,
    )

    assert settings.general.api_key.get_secret_value() == "abc"
    assert settings.queue.redis_url.get_secret_value() == "redis://cache.example.invalid"
    assert settings.unknown == ()


def test_a_file_that_cannot_be_read_is_a_fault_beside_all_others(
    faults: Callable[..., tuple[str, ...]],
) -> None:
    assert faults(API_KEY_FILE="/nowhere/key", PORT="x") == (
        "STALKEER_API_KEY_FILE: cannot read /nowhere/key: No such file or directory",
        "STALKEER_PORT is 'x' (environment): should be a valid integer, unable to parse string "
        "as an integer. For example: 8790",
    )


def test_a_value_and_a_file_for_the_same_setting_are_a_fault(
    faults: Callable[..., tuple[str, ...]],
) -> None:
    assert faults(API_KEY="abc", API_KEY_FILE="/run/key") == (
        "STALKEER_API_KEY and STALKEER_API_KEY_FILE are both set: remove one of them",
    )


def test_a_saved_setting_names_no_file_to_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc", encoding="utf-8")

    settings = load({}, folder=tmp_path, saved={"STALKEER_API_KEY_FILE": "key"})

    assert settings.general.api_key.get_secret_value() == ""


def test_all_faults_are_reported_together(faults: Callable[..., tuple[str, ...]]) -> None:
    found = faults(
        PORT="70000",
        RADARR_IMPORT="maybe",
        M3U_UPDATE_INTERVAL="0s",
        DOWNLOADS_VERIFY="perhaps",
        DOWNLOADS_RUNTIME_LOW="nan",
    )

    assert [fault.split(" ")[0] for fault in found] == [
        "STALKEER_PORT",
        "STALKEER_M3U_UPDATE_INTERVAL",
        "STALKEER_RADARR_IMPORT",
        "STALKEER_DOWNLOADS_VERIFY",
        "STALKEER_DOWNLOADS_RUNTIME_LOW",
    ]
    assert str(SettingsError(found)).splitlines()[1:] == list(found)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("RADARR_URL", "radarr:7878", "starts with http://", id="no-scheme"),
        pytest.param("RADARR_URL", "ftp://radarr", "starts with http://", id="other-scheme"),
        pytest.param("PUBLIC_URL", "http://", "and a host", id="no-host"),
        pytest.param("PUBLIC_URL", "http://h:99999", "and a host", id="no-such-port"),
        pytest.param("PUBLIC_URL", "http://h/a b", "and a host", id="space"),
        pytest.param("XTREAM_URL", "http://[", "and a host", id="open-bracket-as-host"),
        pytest.param("PUBLIC_URL", "http://a..b/x", "and a host", id="empty-part-of-a-name"),
        pytest.param("SONARR_URL", f"http://{64 * 'a'}.b", "and a host", id="long-part-of-a-name"),
        pytest.param("RADARR_URL", "http://a%20b", "and a host", id="sign-in-a-name"),
        pytest.param("URL_BASE", "/a?b", "a path such as /stalkeer", id="query-as-base"),
        pytest.param("URL_BASE", "/../b", "a path such as /stalkeer", id="base-goes-up"),
        pytest.param("TRUSTED_PROXIES", "proxy", "addresses or networks", id="name-of-proxy"),
        pytest.param("DOWNLOADS_ALLOWED_HOSTS", "http://nas", "without http://", id="host"),
        pytest.param("RADARR_PATH_MAP", "/a=/b", "then =>, then theirs", id="no-arrow"),
        pytest.param("RADARR_PATH_MAP", "a=>/b", "our absolute path", id="ours-relative"),
        pytest.param("RADARR_PATH_MAP", "/a=>b", "our absolute path", id="theirs-relative"),
        pytest.param("DOWNLOADS_WINDOW", "1-7", "01:00-07:00", id="no-minutes"),
        pytest.param("DOWNLOADS_WINDOW", "25:00-07:00", "01:00-07:00", id="no-such-hour"),
        pytest.param("DOWNLOADS_WINDOW", "01:00-01:00", "different times", id="empty-window"),
        pytest.param("FILTER_TVG_NAME_INCLUDE", "a(", "missing ): a(", id="open-bracket"),
        pytest.param("FILTER_TVG_NAME_INCLUDE", "(?=a)", "RE2 patterns", id="look-ahead"),
        pytest.param("FILTER_TVG_NAME_INCLUDE", "a" * 501, "500 characters", id="long-pattern"),
        pytest.param("FILTER_TVG_NAME_INCLUDE", "a\n" * 101, "100 patterns", id="patterns"),
        pytest.param("MATCHING_AUTO", "101", "less than or equal to 100", id="confidence"),
        pytest.param("DATABASE_SSLMODE", "on", "'verify-full'", id="sslmode"),
    ],
)
def test_a_fault_names_the_variable_and_says_what_is_right(
    faults: Callable[..., tuple[str, ...]], name: str, text: str, said: str
) -> None:
    (fault,) = faults(**{name: text})

    assert fault.startswith(f"STALKEER_{name} is '{text[:5]}".replace("\n", "\\n"))
    assert said in fault


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("REDIS_URL", f"http://u:{HIDDEN}@h", "redis:// or rediss://", id="redis"),
        pytest.param("DATABASE_URL", f"mysql://u:{HIDDEN}@h", "postgresql://", id="mysql"),
        pytest.param("DATABASE_URL", "sqlite:///", "sqlite:///", id="sqlite-nowhere"),
        pytest.param("M3U_URL", f"file://{HIDDEN}", "http://", id="playlist"),
        pytest.param("SECRET_KEY", HIDDEN, "32 bytes in urlsafe base64", id="fernet"),
        pytest.param("SECRET_KEY", "é" * 44, "32 bytes in urlsafe base64", id="not-ascii"),
    ],
)
def test_a_fault_of_a_secret_does_not_show_it(
    faults: Callable[..., tuple[str, ...]], name: str, text: str, said: str
) -> None:
    (fault,) = faults(**{name: text})

    assert said in fault
    assert HIDDEN not in fault


def test_a_password_in_an_address_is_not_shown_by_a_fault(
    faults: Callable[..., tuple[str, ...]],
) -> None:
    assert HIDDEN not in str(faults(RADARR_URL=f"ftp://me:{HIDDEN}@radarr"))


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        pytest.param(
            {"RADARR_URL": "http://radarr"},
            "STALKEER_RADARR_*: needs both _URL and _API_KEY, or neither of them",
            id="arr-without-key",
        ),
        pytest.param(
            {"MATCHING_ASK": "90"},
            "STALKEER_MATCHING_*: needs _ASK (90) to be at most _AUTO (80)",
            id="ask-above-auto",
        ),
        pytest.param(
            {"DOWNLOADS_RUNTIME_LOW": "2"},
            "STALKEER_DOWNLOADS_*: needs _RUNTIME_LOW to be less than _RUNTIME_HIGH",
            id="empty-range",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_a_fault(
    faults: Callable[..., tuple[str, ...]], environ: dict[str, str], fault: str
) -> None:
    assert faults(**environ) == (fault,)


def test_an_unknown_variable_is_a_warning_with_the_name_it_may_mean(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STALKEER_COLOUR=red\n", encoding="utf-8")

    settings = read(tmp_path, RADAR_URL="http://radarr", PORT_FILE="", ENV_FILE="")

    assert settings.unknown == (
        "STALKEER_COLOUR is not a setting",
        "STALKEER_RADAR_URL is not a setting; did you mean STALKEER_RADARR_URL?",
    )


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        pytest.param({"DATA_DIR": "/data"}, "sqlite:////data/stalkeer.db", id="default"),
        pytest.param(
            {"DATABASE_HOST": "pg", "DATABASE_PASSWORD": "a/b@c", "DATABASE_SSLMODE": "require"},
            "postgresql://stalkeer:a%2Fb%40c@pg:5432/stalkeer?sslmode=require",
            id="parts",
        ),
        pytest.param(
            {"DATABASE_HOST": "::1", "DATABASE_USER": "me", "DATABASE_DBNAME": "films"},
            "postgresql://me@[::1]:5432/films",
            id="parts-without-password",
        ),
        pytest.param(
            {"DATABASE_URL": "sqlite:////x/y.db", "DATABASE_HOST": "pg"},
            "sqlite:////x/y.db",
            id="url-wins",
        ),
    ],
)
def test_the_database_url_is_made_of_what_was_given(
    tmp_path: Path, environ: dict[str, str], url: str
) -> None:
    assert read(tmp_path, **environ).database_url.get_secret_value() == url


def test_folders_are_inside_the_data_folder_unless_they_are_set(tmp_path: Path) -> None:
    inside = read(tmp_path, DATA_DIR="/data")
    apart = read(tmp_path, DIRECTORIES_MOVIES="/m", DIRECTORIES_TVSHOWS="/t", M3U_ARCHIVE_DIR="/a")

    assert (inside.movies_dir, inside.tvshows_dir, inside.archive_dir) == (
        Path("/data/downloads/movies"),
        Path("/data/downloads/tvshows"),
        Path("/data/archives"),
    )
    assert (apart.movies_dir, apart.tvshows_dir, apart.archive_dir) == (
        Path("/m"),
        Path("/t"),
        Path("/a"),
    )


def test_addresses_are_kept_in_one_form(tmp_path: Path) -> None:
    settings = read(
        tmp_path, RADARR_URL="http://radarr:7878/", RADARR_API_KEY="k", URL_BASE="stalkeer/"
    )

    assert (settings.radarr.url, settings.general.url_base) == ("http://radarr:7878", "/stalkeer")


def test_no_text_of_the_settings_shows_a_secret(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        API_KEY=HIDDEN,
        DATABASE_URL=f"postgresql://me:{HIDDEN}@pg/db",
        M3U_URL=f"http://host.example.invalid/get.php?password={HIDDEN}",
    )

    assert HIDDEN not in repr(settings) + str(settings) + repr(settings.given)


@pytest.mark.parametrize("secret", ["json://[", "//["])
def test_describe_masks_what_looks_like_an_address_and_is_none(tmp_path: Path, secret: str) -> None:
    settings = read(tmp_path, NOTIFICATIONS_URLS=secret, TMDB_API_KEY=secret)

    rows = {row.variable: row.value for row in settings.describe()}

    assert rows["STALKEER_NOTIFICATIONS_URLS"] == rows["STALKEER_TMDB_API_KEY"] == "***"


def test_describe_masks_secrets_and_says_who_set_what(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"STALKEER_API_KEY={HIDDEN}\n", encoding="utf-8")
    settings = load(
        {
            "STALKEER_M3U_URL": f"http://{HIDDEN}:x@host.example.invalid:80/{HIDDEN}?a={HIDDEN}",
            "STALKEER_NOTIFICATIONS_URLS": f"tgram://{HIDDEN}/1",
            "STALKEER_RADARR_URL": f"http://me:{HIDDEN}@radarr.example.invalid",
            "STALKEER_RADARR_API_KEY": HIDDEN,
        },
        folder=tmp_path,
        saved={"STALKEER_PORT": "99"},
    )

    rows = {row.variable: row for row in settings.describe()}

    assert HIDDEN not in repr(rows)
    assert rows["STALKEER_API_KEY"].value == "***"
    assert rows["STALKEER_API_KEY"].source is Source.ENV_FILE
    assert rows["STALKEER_M3U_URL"].value == "http://host.example.invalid/***"
    assert rows["STALKEER_NOTIFICATIONS_URLS"].value == "***"
    assert rows["STALKEER_RADARR_URL"].value == "http://radarr.example.invalid/***"
    assert (rows["STALKEER_PORT"].value, rows["STALKEER_PORT"].source) == ("99", Source.SAVED)
    assert rows["STALKEER_DOWNLOADS_VERIFY"].value == "true"
    assert rows["STALKEER_WEBHOOK_PASSWORD"].value == ""
    assert rows["STALKEER_PORT"].about == "Port to listen on. Needs a restart."


def test_describe_shows_secrets_to_their_owner(tmp_path: Path) -> None:
    rows = read(tmp_path, API_KEY=HIDDEN).describe(show_secrets=True)

    assert HIDDEN in [row.value for row in rows]


def test_every_setting_has_its_own_name_and_an_explanation() -> None:
    names = [name for variable in VARIABLES for name in variable.names]

    assert len(names) == len(set(names))
    assert all(variable.about for variable in VARIABLES)


def test_every_password_key_and_address_that_may_hold_one_is_a_secret() -> None:
    addresses = ("DATABASE_URL", "REDIS_URL", "M3U_URL", "NOTIFICATIONS_URLS")
    telling = ("PASSWORD", "_KEY", "XTREAM_USERNAME", *addresses)

    expected = {v.name for v in VARIABLES if v.name.endswith(telling)}

    assert {v.name for v in VARIABLES if v.is_secret} == expected


def test_env_example_is_what_the_settings_say() -> None:
    # After a change: python -c "from stalkeer.settings import env_example as e; print(e(), end='')"
    assert (REPOSITORY / ".env.example").read_text(encoding="utf-8") == env_example()


def test_env_example_without_its_comment_marks_changes_nothing(tmp_path: Path) -> None:
    lines = env_example().replace("\n#STALKEER_", "\nSTALKEER_")
    (tmp_path / ".env").write_text(lines, encoding="utf-8")

    settings = load({}, folder=tmp_path)

    assert settings.model_copy(update={"given": {}}) == Settings()
    assert settings.pinned == {v.name for v in VARIABLES if v.default}


@given(st.dictionaries(st.sampled_from([v.name for v in VARIABLES]), st.text()))
def test_any_text_gives_settings_or_faults_and_never_another_error(
    environ: dict[str, str],
) -> None:
    with contextlib.suppress(SettingsError):
        load(environ, folder=REPOSITORY / "tests")


def test_the_first_start_makes_keys_that_only_the_user_can_read(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "data"

    keys = ensure_secrets(data_dir, Settings(), token=secrets.token_urlsafe)

    folder = data_dir / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert keys.created == tuple(
        folder / name for name in ("api_key", "webhook_password", "secret_key")
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.created} == {0o600}
    assert sorted(folder.iterdir()) == sorted(keys.created)
    assert keys.webhook_username == "stalkeer"
    assert len(base64.urlsafe_b64decode(keys.secret_key)) == 32


def test_the_next_start_has_the_same_keys(tmp_path: Path) -> None:
    first = ensure_secrets(tmp_path, Settings(), token=secrets.token_urlsafe)

    second = ensure_secrets(tmp_path, Settings(), token=secrets.token_urlsafe)

    assert second.created == ()
    assert (second.api_key, second.webhook_password, second.secret_key) == (
        first.api_key,
        first.webhook_password,
        first.secret_key,
    )


def test_keys_of_the_environment_win_and_are_not_written(tmp_path: Path) -> None:
    fernet_key = base64.urlsafe_b64encode(bytes(32)).decode()
    settings = read(tmp_path, API_KEY="a", WEBHOOK_PASSWORD="b", SECRET_KEY=fernet_key.rstrip("="))

    keys = ensure_secrets(tmp_path, settings, token=secrets.token_urlsafe)

    assert (keys.api_key, keys.webhook_password, keys.secret_key) == ("a", "b", fernet_key)
    assert list((tmp_path / "secrets").iterdir()) == []


def test_an_edited_key_may_end_with_a_newline_or_not(tmp_path: Path) -> None:
    ensure_secrets(tmp_path, Settings(), token=secrets.token_urlsafe)
    (tmp_path / "secrets" / "api_key").write_text("mine\r\n", encoding="ascii")
    (tmp_path / "secrets" / "webhook_password").write_text("yours", encoding="ascii")

    keys = ensure_secrets(tmp_path, Settings(), token=secrets.token_urlsafe)

    assert (keys.api_key, keys.webhook_password) == ("mine", "yours")


def test_what_a_crash_left_is_replaced_and_open_modes_are_closed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    (folder / ".api_key.new").write_text("half", encoding="ascii")
    (folder / "api_key").touch()
    (folder / "webhook_password").write_text("old", encoding="ascii")

    keys = ensure_secrets(tmp_path, Settings(), token=lambda size: "t" * size)

    assert (keys.api_key, keys.webhook_password) == ("t" * 24, "old")
    assert not (folder / ".api_key.new").exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "webhook_password").stat().st_mode) == 0o600


def test_processes_that_start_together_end_with_the_same_keys(tmp_path: Path) -> None:
    program = (
        "import secrets, sys; from pathlib import Path; from stalkeer.settings import *\n"
        "sys.stdin.read()\n"
        "keys = ensure_secrets(Path(sys.argv[1]), Settings(), token=secrets.token_urlsafe)\n"
        "print(keys.api_key, keys.webhook_password, keys.secret_key)"
    )

    with _started(program, str(tmp_path)) as one, _started(program, str(tmp_path)) as other:
        for process in (one, other):
            assert process.stdin is not None
            process.stdin.close()
        said = [process.stdout.read() for process in (one, other) if process.stdout]

    assert said[0] == said[1]
    assert len(said[0].split()) == 3


def _started(program: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_data_folder_that_cannot_be_used_is_a_fault_of_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"STALKEER_DATA_DIR: cannot keep keys in it: .*file"):
        ensure_secrets(tmp_path / "file", Settings(), token=secrets.token_urlsafe)


def test_keys_do_not_show_in_their_repr(tmp_path: Path) -> None:
    keys = ensure_secrets(tmp_path, Settings(), token=lambda size: HIDDEN * size)

    assert HIDDEN not in repr(keys)
