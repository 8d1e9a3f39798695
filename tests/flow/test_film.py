"""A film from the webhook to the library."""

from __future__ import annotations

import hashlib

from tests.flow.home import Home


def test_a_film_added_in_radarr_ends_in_its_library(home: Home) -> None:
    film = home.offer_film("EN - Night of the Living Dead (1968) 1080p", "/movie/u/p/1.mkv")
    home.up()

    movie = home.radarr.add_movie("Night of the Living Dead", 1968, runtime=96)
    download = home.wait_for_download(import_status="imported")

    library_file = home.radarr.movie_file(movie)
    assert library_file is not None
    assert hashlib.sha256(library_file.read_bytes()).digest() == (
        hashlib.sha256(film.read()).digest()
    )
    assert download["status"] == "completed"
    assert download["imported_path"] == (
        "/movies/Night of the Living Dead (1968)/Night of the Living Dead (1968) WEBDL-1080p.mkv"
    )
    assert home.radarr.count_imports(movie) == 1
