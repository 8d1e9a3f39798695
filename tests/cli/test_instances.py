"""Further instances and saved settings, with the service running and without it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.cli.conftest import Ran, command
from tests.flow.home import API_KEY, Home, wait_for
from tests.standins.radarr import Radarr


@pytest.fixture
def second(home: Home) -> Iterator[Radarr]:
    root = home.folder / "library/4k"
    root.mkdir()
    with Radarr(root=root, path_map={"/downloads": home.folder / "downloads"}) as radarr:
        yield radarr


def add(home: Home, second: Radarr, *more: str) -> Ran:
    """Add the second Radarr as a person does who pipes its key in."""
    paths = f"{home.folder / 'downloads'}=>/downloads"
    arguments = ("instances", "add", "radarr4k", "radarr", second.url, "--path-map", paths)
    return command(home, *arguments, *more, stdin=f"{second.api_key}\n")


def test_an_instance_is_kept_without_a_service_and_never_shows_its_key(
    home: Home, second: Radarr
) -> None:
    added = add(home, second, "--limit", "3", "--json")

    shown = command(home, "instances", "show", "radarr4k", "--json")
    listed = command(home, "instances")
    assert added.code == 0, added.err
    assert (shown.json()["limit"], shown.json()["has_api_key"]) == (3, True)
    assert "radarr4k" in listed.out
    for said in (added, shown, listed):
        assert second.api_key not in said.out + said.err


def test_an_instance_is_changed_and_removed(home: Home, second: Radarr) -> None:
    add(home, second)

    changed = command(home, "instances", "edit", "radarr4k", "--limit", "7", "--json")
    removed = command(home, "instances", "remove", "radarr4k")
    gone = command(home, "instances", "show", "radarr4k")

    assert changed.json()["limit"] == 7
    assert len(changed.json()["path_map"]) == 1
    assert removed.out == "radarr4k is removed.\n"
    assert gone.code == 1
    assert "There is no instance 'radarr4k'" in gone.err


def test_an_instance_that_moves_needs_its_key_again(home: Home, second: Radarr) -> None:
    add(home, second)
    edit = ("instances", "edit", "radarr4k", "--url", "http://127.0.0.1:9")

    refused = command(home, *edit)
    moved = command(home, *edit, "--api-key-stdin", "--json", stdin="another\n")

    assert refused.code == 1
    assert "--api-key-stdin" in refused.err
    assert moved.json()["url"] == "http://127.0.0.1:9"


def test_a_trial_ends_with_1_when_something_is_not_right(home: Home, second: Radarr) -> None:
    add(home, second)

    ran = command(home, "instances", "test", "radarr4k", "--json")

    assert ran.code == 1
    assert ran.json()["reachable"]
    assert "Our Connect webhook is not registered: register it." in ran.json()["faults"]


def test_without_a_key_on_stdin_nothing_is_added(home: Home, second: Radarr) -> None:
    ran = command(home, "instances", "add", "x", "radarr", second.url)

    assert ran.code == 2
    assert "stdin" in ran.err


def test_what_is_said_to_a_running_service_is_in_force_at_once(home: Home, second: Radarr) -> None:
    home.offer_film()
    process = home.up()

    added = add(home, second)
    registered = command(home, "instances", "register", "radarr4k")
    tried = command(home, "instances", "test", "radarr4k")
    saved = httpx.put(
        f"{home.url}/api/v1/settings/downloads",
        json={"values": {"retry_attempts": 9}},
        headers={"X-Api-Key": API_KEY},
    )
    (home.folder / ".env").write_text("STALKEER_MATCHING_AUTO=91\n")
    os.kill(process.popen.pid, signal.SIGHUP)

    assert added.code == registered.code == tried.code == 0, (added, registered, tried)
    assert registered.out == "radarr4k: created\n"
    assert saved.status_code == 200
    wait_for(lambda: value_of(home, "matching", "auto") == "91")
    assert value_of(home, "downloads", "retry_attempts") == "9"
    second.add_movie("Night of the Living Dead", 1968, runtime=96)
    [download] = home.wait_for_imported(count=1)
    assert (download["instance"], download["target_service"]) == ("radarr4k", "radarr")
    assert "/movies/radarr4k/" in download["download_path"]
    assert process.stop() == 0
    output = process.output()
    assert not [secret for secret in (second.api_key, API_KEY) if secret in output]


def value_of(home: Home, section: str, key: str) -> str:
    rows = home.get(f"/api/v1/settings/{section}")["settings"]
    return next(str(row["value"]) for row in rows if row["key"] == key)


def test_what_needs_a_restart_is_in_force_after_it(home: Home) -> None:
    process = home.up()
    values = {"url_base": "/foo", "host": "localhost", "log_format": "json"}
    address, headers = f"http://localhost:{home.port}/foo", {"X-Api-Key": API_KEY}

    saved = httpx.put(
        f"{home.url}/api/v1/settings/general", json={"values": values}, headers=headers
    ).json()
    process.stop()
    again = home.run("up")
    wait_for(lambda: _answers(f"{address}/ping"))
    shown = httpx.get(f"{address}/api/v1/instances/radarr", headers=headers).json()
    listed = command(home, "instances", "--json")
    again.stop()
    alone = command(home, "instances", "show", "radarr", "--json")

    assert saved["restart"] == ["STALKEER_HOST", "STALKEER_URL_BASE"]
    assert shown["webhook_url"] == f"{address}/webhooks/radarr"
    assert listed.code == 0, listed.err
    assert alone.json()["webhook_url"] == shown["webhook_url"]
    assert '{"event": ' in again.output()


def test_keys_are_made_anew_beside_a_running_service(home: Home, second: Radarr) -> None:
    home.environ |= {"STALKEER_API_KEY": "", "STALKEER_WEBHOOK_PASSWORD": ""}
    home.up()
    add(home, second)
    folder = home.folder / "data" / "secrets"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    shown_before = _password(home)

    ran = command(home, "keys", "rotate", "--json")
    one = command(home, "keys", "rotate", "--instance", "radarr4k")
    after = {path.name: path.read_text() for path in folder.iterdir()}

    assert ran.code == 0, ran.err
    assert sorted(ran.json()["rotated"]) == ["api_key", "secret_key", "webhook_password"]
    assert ran.json()["instances"] == ["radarr4k"]
    assert all(after[name] != text for name, text in before.items())
    assert after["secret_key"].split()[1:] == before["secret_key"].split()
    assert (one.code, "radarr4k" in one.out) == (0, True), one.err
    assert _password(home) not in ("", shown_before)
    assert command(home, "downloads").code == 0


def _password(home: Home) -> str:
    """What a person enters who connects the second Radarr by hand."""
    rows = command(home, "config", "--show-secrets", "--json").json()
    return str(next(row["value"] for row in rows if "radarr4k" in row["variable"]))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False
