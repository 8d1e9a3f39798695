"""`doctor` and `register`: what is found, and what is mended."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Ran, change, command
from tests.flow.home import API_KEY, WEBHOOK_PASSWORD, Home
from tests.standins.connect import MASK

CALM = {"SONARR_URL": "", "SONARR_API_KEY": ""}
"""One arr is enough for most faults, and half the time."""


def faults(ran: Ran) -> dict[str, tuple[str, str]]:
    """Each fault by its subject: what it is, and its remedy."""
    return {
        row["subject"]: (row["message"], row["remedy"])
        for row in ran.json()["data"]
        if not row["ok"]
    }


def webhook_values(home: Home) -> dict[str, object]:
    """What Radarr holds of our connection."""
    (stored,) = home.radarr.connect._stored.values()
    fields = {field["name"]: field.get("value") for field in stored["fields"]}
    return fields | {name: on for name, on in stored.items() if name.startswith("on")}


# --- doctor ---


def test_a_home_where_all_is_well_has_no_fault(home: Home) -> None:
    home.offer_film()
    home.up()
    home.wait_for_job("refresh_playlist", status="done")
    command(home, "register")

    ran = command(home, "doctor")

    assert ran.code == 0, ran.out
    assert "All is well." in ran.out
    assert "FAULT" not in ran.out
    subjects = {line.split(":")[0].removeprefix("ok").strip() for line in ran.out.splitlines()}
    assert subjects >= {
        "settings",
        "database",
        "queue",
        "playlist list.m3u",
        "radarr",
        "radarr library",
        "radarr downloads",
        "radarr disk",
        "radarr webhook",
        "sonarr webhook",
    }


def test_without_any_setting_each_missing_one_is_named(home: Home) -> None:
    nothing = {"RADARR_URL": "", "RADARR_API_KEY": "", "M3U_FILE_PATH": ""}

    ran = command(home, "doctor", "--json", **CALM, **nothing)

    found = faults(ran)
    assert ran.code == 1
    assert set(found) == {"settings", "playlist"}
    assert "STALKEER_RADARR_URL" in found["settings"][1]
    assert "STALKEER_M3U_URL" in found["playlist"][1]


@pytest.mark.parametrize(
    ("settings", "subject", "remedy"),
    [
        pytest.param(
            {"RADARR_API_KEY": "f" * 32}, "radarr", "STALKEER_RADARR_API_KEY", id="wrong-key"
        ),
        pytest.param(
            {"RADARR_URL": "http://127.0.0.1:9"}, "radarr", "STALKEER_RADARR_URL", id="away"
        ),
        pytest.param(
            {"RADARR_PATH_MAP": ""},
            "radarr downloads",
            "STALKEER_RADARR_PATH_MAP={folder}/downloads=>/downloads",
            id="folder-under-another-name",
        ),
        pytest.param(
            {"RADARR_PATH_MAP": "", "DIRECTORIES_MOVIES": "own/movies"},
            "radarr downloads",
            "Mount the same folder in both containers.",
            id="folder-not-shared",
        ),
        pytest.param(
            {"DIRECTORIES_MOVIES": "/proc/stalkeer"},
            "radarr downloads",
            "Change the owner or the mode of the folder.",
            id="not-writable",
        ),
        pytest.param(
            {"DOWNLOADS_MIN_FREE_SPACE": "900000TB"}, "radarr disk", "Make room", id="disk-full"
        ),
        pytest.param(
            {"PUBLIC_URL": "http://127.0.0.1:9"},
            "radarr webhook",
            "STALKEER_PUBLIC_URL",
            id="public-url-unreachable",
        ),
        pytest.param({"RADAR_URL": "x"}, "settings", "Correct or remove the variable.", id="typo"),
        pytest.param(
            {"DATABASE_URL": "postgresql://joe:pass@127.0.0.1:9/x"},
            "database",
            "STALKEER_DATABASE_URL",
            id="no-database",
        ),
    ],
)
def test_a_planted_fault_is_found_with_its_remedy(
    home: Home, settings: dict[str, str], subject: str, remedy: str
) -> None:
    ran = command(home, "doctor", "--json", **(CALM | settings))

    found = faults(ran)
    assert ran.code == 1
    assert remedy.format(folder=home.folder) in found[subject][1]
    assert ran.json()["faults"] == len(found)


def test_another_product_at_the_address_is_named(home: Home) -> None:
    given = {"RADARR_URL": home.sonarr.url, "RADARR_API_KEY": home.sonarr.api_key}

    ran = command(home, "doctor", "--json", **CALM, **given)

    message, remedy = faults(ran)["radarr"]
    assert "Sonarr" in message
    assert "STALKEER_RADARR_URL" in remedy


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param("UPDATE playlist SET refreshed_at = '2020-01-01 00:00:00'", "ago", id="old"),
        pytest.param("UPDATE playlist SET last_error = 'it is empty'", "it is empty", id="broken"),
    ],
)
def test_a_playlist_that_is_old_or_broken_is_named(home: Home, sql: str, message: str) -> None:
    home.offer_film()
    command(home, "process")
    change(home, sql)

    found = faults(command(home, "doctor", "--json", **CALM, RADARR_URL="", RADARR_API_KEY=""))

    assert message in found["playlist list.m3u"][0]
    assert found["playlist list.m3u"][1]


def test_a_webhook_that_is_not_registered_is_named(home: Home) -> None:
    home.radarr.connect._stored.clear()
    home.up()

    found = faults(command(home, "doctor", "--json", **CALM))

    assert "`stalkeer register radarr`" in found["radarr webhook"][1]


def test_doctor_leaves_no_file_of_its_own_behind(home: Home) -> None:
    command(home, "doctor", **CALM)

    assert home.published() == []


# --- register ---


def test_register_creates_repairs_and_leaves_alone(home: Home) -> None:
    home.radarr.connect._stored.clear()
    home.up()

    created = command(home, "register", "radarr")
    again = command(home, "register", "radarr", "--json").json()
    home.radarr.connect._stored[1]["onGrab"] = False
    repaired = command(home, "register", "radarr")
    values = webhook_values(home)

    assert (created.code, created.out) == (0, "radarr: created\n")
    assert again == {"data": [{"instance": "radarr", "webhook": "unchanged"}]}
    assert repaired.out == "radarr: repaired\n"
    assert values["url"] == f"{home.url}/webhooks/radarr"
    assert (values["username"], values["password"]) == ("stalkeer", WEBHOOK_PASSWORD)
    assert {name for name, on in values.items() if name.startswith("on") and on} == {
        "onGrab",
        "onDownload",
        "onUpgrade",
        "onMovieAdded",
        "onMovieDelete",
        "onMovieFileDelete",
    }
    assert MASK not in str(values)
    assert API_KEY not in str(values)
    shown = {row["name"]: row["webhook"] for row in home.get("/api/v1/system/status")["instances"]}
    assert shown == {"radarr": "registered", "sonarr": None}


def test_register_without_a_service_says_to_start_it_and_saves_nothing(home: Home) -> None:
    home.radarr.connect._stored.clear()

    ran = command(home, "register", "radarr", "--json")

    assert ran.code == 1
    assert "error" in ran.json()["data"][0]
    assert "Start `stalkeer up` first" in ran.err
    assert home.radarr.connect._stored == {}
    assert home.rows("SELECT webhook FROM instance WHERE name = 'radarr'") == [
        {"webhook": "failed"}
    ]


@pytest.mark.parametrize("arguments", [("register",), ("register", "radarr")], ids=["all", "one"])
def test_register_without_an_instance_names_what_to_set(
    home: Home, arguments: tuple[str, ...]
) -> None:
    ran = command(home, *arguments, **CALM, RADARR_URL="", RADARR_API_KEY="")

    assert ran.code == 2
    assert "STALKEER_RADARR_URL" in ran.err


def test_register_takes_any_instance_and_names_those_there_are(home: Home) -> None:
    home.up()
    home.radarr.connect._stored.clear()
    key = f"{home.radarr.api_key}\n"
    command(home, "instances", "add", "radarr4k", "radarr", home.radarr.url, stdin=key)

    done = command(home, "register", "radarr4k")
    wrong = command(home, "register", "radar4k")

    assert (done.code, done.out) == (0, "radarr4k: created\n"), done.err
    assert wrong.code == 2
    assert "radarr, radarr4k, sonarr" in wrong.err
