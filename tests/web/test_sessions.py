"""Setting up once, logging in and out, and what another site cannot have a browser do."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stalkeer.web.passwords import fits, hashed
from stalkeer.web.throttle import Rate, Throttle
from tests.web.conftest import SETUP_CODE, House

V1 = "/api/v1"
PASSWORD = "correct horse battery"


def set_up(house: House) -> dict[str, str]:
    """Make the account with the stranger; return the header that a page of ours sends."""
    answer = house.stranger.post(f"{V1}/setup", json={"code": SETUP_CODE, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_who_sets_up_is_logged_in(house: House) -> None:
    set_up(house)

    assert house.stranger.get(f"{V1}/downloads").status_code == 200


def test_a_session_cookie_is_for_no_script_and_no_other_site(house: House) -> None:
    answer = house.stranger.post(f"{V1}/setup", json={"code": SETUP_CODE, "password": PASSWORD})

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("code", ["", "wrong", SETUP_CODE + "x"])
def test_without_the_code_nobody_sets_up(house: House, code: str) -> None:
    answer = house.stranger.post(f"{V1}/setup", json={"code": code, "password": PASSWORD})

    assert code_of(answer) == (403, "wrong_password")
    assert house.store.accounts.password() is None


def test_it_is_set_up_once(house: House) -> None:
    set_up(house)

    answer = house.stranger.post(f"{V1}/setup", json={"code": SETUP_CODE, "password": PASSWORD})

    assert code_of(answer) == (409, "already_set_up")


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper()])
def test_a_wrong_password_opens_nothing(house: House, password: str) -> None:
    set_up(house)
    house.stranger.cookies.clear()

    answer = house.stranger.post(f"{V1}/login", json={"password": password})

    assert code_of(answer) == (403, "wrong_password")
    assert house.stranger.get(f"{V1}/downloads").status_code == 401


def test_before_the_account_is_made_a_login_fails_like_any_other(house: House) -> None:
    answer = house.stranger.post(f"{V1}/login", json={"password": PASSWORD})

    assert code_of(answer) == (403, "wrong_password")


class Scrypt:
    """Counts the calls, and how many of them were under way at once."""

    def __init__(self) -> None:
        self.real = hashlib.scrypt
        self.calls = self.now = self.most = 0

    def __call__(self, *args: Any, **kwargs: Any) -> bytes:
        self.calls, self.now = self.calls + 1, self.now + 1
        self.most = max(self.most, self.now)
        try:
            return self.real(*args, **kwargs)
        finally:
            self.now -= 1


@pytest.fixture
def scrypt(monkeypatch: pytest.MonkeyPatch) -> Scrypt:
    scrypt = Scrypt()
    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    return scrypt


def test_a_login_takes_as_long_without_an_account_as_with_one(house: House, scrypt: Scrypt) -> None:
    house.stranger.post(f"{V1}/login", json={"password": PASSWORD})
    without = scrypt.calls
    set_up(house)
    before = scrypt.calls
    house.stranger.post(f"{V1}/login", json={"password": "wrong"})

    assert (without, scrypt.calls - before) == (1, 1)


def test_passwords_are_hashed_one_at_a_time(scrypt: Scrypt) -> None:
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(lambda one: hashed(one, b"salt"), ["one", "two", "three", "four"]))

    assert len(set(kept)) == 4
    assert (scrypt.calls, scrypt.most) == (4, 1)


def test_every_login_is_a_session_of_its_own(house: House) -> None:
    set_up(house)
    first = house.stranger.cookies["stalkeer_session"]

    house.stranger.post(f"{V1}/login", json={"password": PASSWORD})

    assert house.stranger.cookies["stalkeer_session"] != first


def test_a_cookie_is_kept_as_a_digest_only(house: House) -> None:
    set_up(house)
    cookie = house.stranger.cookies["stalkeer_session"]

    kept = house.store.db.read(
        lambda: house.store.db.execute("SELECT mark FROM web_session").fetchall()
    )

    assert kept
    assert cookie not in str(kept)


def test_what_changes_something_needs_the_token_beside_the_cookie(house: House) -> None:
    token = set_up(house)

    without = house.stranger.post(f"{V1}/missing/scan")
    wrong = house.stranger.post(f"{V1}/missing/scan", headers={"X-CSRF-Token": "0" * 64})
    right = house.stranger.post(f"{V1}/missing/scan", headers=token)

    assert code_of(without) == code_of(wrong) == (403, "forbidden")
    assert right.status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="same-site"),
        pytest.param({"Origin": "https://evil.example.invalid"}, id="origin"),
        pytest.param({"Origin": "null"}, id="sandboxed"),
        pytest.param({"Origin": "http://["}, id="no-address"),
    ],
)
def test_another_site_can_change_nothing(house: House, headers: dict[str, str]) -> None:
    token = set_up(house)

    changed = house.stranger.post(f"{V1}/missing/scan", headers={**token, **headers})
    logged_in = house.stranger.post(f"{V1}/login", json={"password": PASSWORD}, headers=headers)

    assert code_of(changed) == code_of(logged_in) == (403, "forbidden")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}]
)
def test_our_own_page_may(house: House, headers: dict[str, str]) -> None:
    token = set_up(house)

    answer = house.stranger.post(f"{V1}/missing/scan", headers={**token, **headers})

    assert answer.status_code == 202


def test_a_page_that_is_loaded_anew_gets_its_token_again(house: House) -> None:
    token = set_up(house)

    assert house.stranger.get(f"{V1}/session").json()["csrf_token"] == token["X-CSRF-Token"]
    assert code_of(house.client.get(f"{V1}/session")) == (409, "no_session")


def test_after_the_logout_the_cookie_opens_nothing(house: House) -> None:
    token = set_up(house)
    cookie = house.stranger.cookies["stalkeer_session"]

    house.stranger.post(f"{V1}/logout", headers=token)
    house.stranger.cookies.set("stalkeer_session", cookie)

    assert house.stranger.get(f"{V1}/downloads").status_code == 401


def test_a_new_password_ends_every_session(house: House) -> None:
    token = set_up(house)
    new = "staple horse correct"

    wrong = house.stranger.post(f"{V1}/password", json={"old": "x", "new": new}, headers=token)
    right = house.stranger.post(f"{V1}/password", json={"old": PASSWORD, "new": new}, headers=token)

    assert code_of(wrong) == (403, "wrong_password")
    assert right.status_code == 200
    assert house.stranger.get(f"{V1}/downloads").status_code == 401
    assert house.stranger.post(f"{V1}/login", json={"password": new}).status_code == 200


def test_who_holds_the_key_sets_a_forgotten_password(house: House) -> None:
    house.client.post(f"{V1}/password", json={"new": PASSWORD})

    assert house.stranger.post(f"{V1}/login", json={"password": PASSWORD}).status_code == 200


def test_a_short_password_is_refused(house: House) -> None:
    answer = house.client.post(f"{V1}/password", json={"new": "short"})

    assert code_of(answer) == (422, "invalid_body")
    assert "short" not in answer.json()["error"]["message"]


def test_guessing_is_slowed_down_whatever_the_guesser_says_it_is(house: House) -> None:
    set_up(house)
    house.stranger.cookies.clear()

    answers = [
        house.stranger.post(
            f"{V1}/login",
            json={"password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
        for number in range(8)
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [403] * 4 + [429] * 4
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Also with the right one: otherwise the limit would tell which it is.
    assert house.stranger.post(f"{V1}/login", json={"password": PASSWORD}).status_code == 429


# --- the parts ---


def test_a_password_fits_its_hash_and_no_other() -> None:
    kept = hashed("pässwörd", b"salt")

    assert fits("pässwörd", kept)
    assert not fits("password", kept)
    assert "pässwörd" not in kept


def test_the_same_password_has_another_hash_with_another_salt() -> None:
    assert hashed("word", b"one") != hashed("word", b"two")


@pytest.mark.parametrize(
    ("first", "second"),
    [("10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::2"), ("", "")],
)
def test_a_client_is_an_address_and_a_network_of_ipv6(first: str, second: str) -> None:
    throttle = Throttle(Rate(1, 0.1), Rate(100, 100), monotonic=lambda: 0.0)

    assert throttle.take(first) == 0
    assert throttle.take(second) == 10


def test_clients_do_not_use_up_what_others_have_but_all_of_them_have_a_limit() -> None:
    now = [0.0]
    throttle = Throttle(Rate(1, 1), Rate(2, 0.5), monotonic=lambda: now[0])

    assert [throttle.take("a"), throttle.take("b"), throttle.take("c")] == [0, 0, 2]
    now[0] = 2
    assert throttle.take("c") == 0


def test_who_was_refused_is_not_counted() -> None:
    now = [0.0]
    throttle = Throttle(Rate(1, 1), Rate(100, 100), monotonic=lambda: now[0])
    throttle.take("a")

    for _ in range(10):
        assert throttle.take("a") == 1

    now[0] = 1
    assert throttle.take("a") == 0
