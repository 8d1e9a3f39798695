"""A series from the webhook to the library."""

from __future__ import annotations

from tests.flow.home import MB, Home
from tests.standins.mediafiles import mkv_film
from tests.standins.sonarr import season


def test_a_series_ends_in_its_library_with_one_import_for_a_double_episode(home: Home) -> None:
    for number, (episodes, minutes) in enumerate(
        [("S01E01", 30), ("S01E02", 30), ("S01E03-E04", 60)], start=1
    ):
        name = f"EN - One Step Beyond {episodes}"
        path = f"/series/user/word/{number}.mkv"
        home.offer(name, path, mkv_film(MB, minutes=minutes), group="Series")
    home.up()

    series = home.sonarr.add_series("One Step Beyond", 1959, episodes=season(1, 4))
    home.sonarr.settle()
    home.wait_for_imported(count=3)

    ids = [home.sonarr.episode_id(series, 1, number) for number in (1, 2, 3, 4)]
    orders = home.sonarr.requests("POST", "/command")
    ordered = sorted(file["episodeIds"] for order in orders for file in order.body["files"])
    assert ordered == [[ids[0]], [ids[1]], ids[2:]]
    assert [home.sonarr.count_imports(episode) for episode in ids] == [1, 1, 1, 1]
    files = [home.sonarr.episode_file(episode) for episode in ids]
    assert files[2] == files[3]
    assert len(home.downloads()) == len(set(files)) == 3
    states = home.rows("SELECT DISTINCT state FROM wanted_item")
    assert states == [{"state": "imported"}]
