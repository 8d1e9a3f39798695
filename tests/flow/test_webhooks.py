"""What Radarr sends, in every order and number, and what must not come of it."""

from __future__ import annotations

import pytest

from tests.flow.home import MB, PATH, Home
from tests.standins.media import Reply
from tests.standins.server import Fault


def test_a_library_that_is_on_disk_already_is_not_downloaded(home: Home) -> None:
    for number in range(1, 201):
        folder = home.radarr.root / f"Film {number} (1990)"
        folder.mkdir()
        (folder / f"Film {number} (1990).mkv").write_bytes(b"film")
    home.offer_film(name="EN - Film 7 (1990) 1080p")
    home.up()

    movies = home.radarr.import_library()
    done = home.wait_for_webhook(count=200)

    assert len(movies) == len(done) == 200
    assert {delivery.status for delivery in home.radarr.deliveries} == {202}
    assert {job["result"]["outcome"] for job in done} == {"skipped"}
    assert (home.jobs(kind="search"), home.downloads()) == ([], [])
    assert home.media.requests() == []


def test_the_test_button_turns_green_and_makes_no_job(home: Home) -> None:
    home.up()

    answer = home.radarr.press_test()

    assert answer.status == 200
    assert [delivery.status for delivery in home.radarr.deliveries] == [200]
    assert home.jobs(kind="webhook") == []


def test_a_wrong_password_is_told_to_whoever_presses_the_test_button(home: Home) -> None:
    other = home.radarr.connect.add(
        f"{home.url}/webhooks/radarr", username="stalkeer", password="wrong", name="other"
    )
    home.up()

    answer = home.radarr.connect.press_test(other)

    assert answer.status == 400
    assert "[401:Unauthorized]" in answer.body[0]["errorMessage"]
    assert home.jobs(kind="webhook") == []


def test_the_same_delivery_three_times_makes_one_download(home: Home) -> None:
    home.offer_film(Reply(bytes_s=MB))
    home.up()
    movie = home.add_film()
    body = home.radarr.deliveries[0].body

    answers = [home.deliver(body) for _ in range(2)]
    home.wait_for_imported(count=1)
    answers.append(home.deliver(body))
    home.wait_for_webhook(count=5)  # four of them are MovieAdded, one is the echo of the import
    home.wait_until_quiet()

    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["job_id"] for answer in answers}) == 3
    assert len(home.downloads()) == len(home.media.requests(PATH)) == 1
    assert home.radarr.count_imports(movie) == 1
    assert home.item()["state"] == "imported"


def test_a_delete_that_overtakes_the_add_leaves_nothing_to_do(home: Home) -> None:
    home.offer_film()
    movie = home.add_film()
    home.radarr.settle()
    home.radarr.delete_movie(movie)
    added = home.radarr.deliveries[0].body
    home.up()

    answers = [home.deliver({**added, "eventType": "MovieDelete"}), home.deliver(added)]
    done = home.wait_for_webhook(count=2)

    assert [answer.status_code for answer in answers] == [202, 202]
    assert [job["result"]["outcome"] for job in done] == ["skipped", "skipped"]
    assert (home.downloads(), home.media.requests()) == ([], [])


def test_an_event_of_a_later_version_is_stored_and_skipped(home: Home) -> None:
    home.up()

    answer = home.deliver({"eventType": "MovieDreamtOf", "movie": {"id": 1}, "dream": []})
    (job,) = home.wait_for_webhook()

    assert answer.status_code == 202
    assert job["id"] == answer.json()["job_id"]
    assert job["result"]["outcome"] == "skipped"
    assert "MovieDreamtOf" in job["result"]["reason"]


def test_what_is_no_webhook_is_refused(home: Home) -> None:
    home.up()

    answers = [home.deliver(body) for body in (b"", b"<html>", b"[]", b'{"movie": {}}')]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert home.deliver({"eventType": "Test"}, instance="lidarr").status_code == 404
    assert home.jobs(kind="webhook") == []


def test_nothing_starts_before_radarr_has_looked_at_its_disk(home: Home) -> None:
    home.offer_film()
    home.up()
    home.radarr.commands.hold()

    home.add_film()
    waiting = home.wait_for_job("webhook", status="ready")
    searches = home.jobs(kind="search")
    home.radarr.commands.release()
    home.wait_for_imported(count=1)

    assert searches == []
    assert "has not looked at its disk" in waiting["result"]["reason"]
    assert home.wait_for_webhook()[0]["attempts"] == 1


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.STARTING])
def test_a_webhook_waits_for_a_radarr_that_is_not_there_and_loses_no_attempt(
    home: Home, fault: Fault
) -> None:
    home.offer_film()
    home.up()
    home.radarr.break_with(fault, path="/movie/")

    home.add_film()
    waiting = home.wait_for_job("webhook", status="ready")
    home.radarr.mend()
    home.wait_for_imported(count=1)

    assert "radarr" in waiting["result"]["reason"]
    assert home.wait_for_webhook()[0]["attempts"] == 1


def test_a_webhook_waits_for_a_radarr_that_hides_behind_a_login_page(home: Home) -> None:
    home.offer_film()
    home.up()
    home.radarr.break_with(Fault.HTML, path="/movie/")

    home.add_film()
    waiting = home.wait_for_job("webhook", status="ready")
    home.radarr.mend()
    home.wait_for_imported(count=1)

    assert "a proxy or a login page stands before it" in waiting["result"]["reason"]
    assert home.wait_for_webhook()[0]["attempts"] == 1
