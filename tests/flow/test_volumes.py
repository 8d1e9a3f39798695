"""Several hosts: who has no disk of films mounted fetches none."""

from __future__ import annotations

from tests.flow.home import Home


def test_a_film_is_fetched_by_the_worker_that_has_its_disk(
    home: Home, postgres_url: str, redis_url: str
) -> None:
    home.offer_film()
    home.environ |= {
        "STALKEER_DATABASE_URL": postgres_url,
        "STALKEER_REDIS_URL": redis_url,
        "STALKEER_RADARR_VOLUME": "films",
    }
    web = home.run("web")
    thinker = home.run("worker", "--queues", "control,default")
    fetcher = home.run("worker", "--queues", "download.films")
    home.wait_until_up(web)

    movie = home.add_film()
    home.wait_for_imported(count=1)
    home.wait_until_quiet()

    ran = {
        kind: home.get(f"/api/v1/admin/jobs/{home.jobs(kind=kind)[0]['id']}")["history"][-1]
        for kind in ("search", "download", "import")
    }
    pids = {kind: run["worker"].rpartition(":")[2] for kind, run in ran.items()}
    assert pids["search"] == str(thinker.popen.pid)
    assert pids["download"] == pids["import"] == str(fetcher.popen.pid)
    assert home.jobs(kind="download")[0]["queue"] == "download.films"
    assert home.radarr.count_imports(movie) == 1
