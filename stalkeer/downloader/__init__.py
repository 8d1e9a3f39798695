"""Fetch one file over HTTP, completely or not at all, and put it where it belongs.

The public face:
`http`: `Engine.fetch` takes a `FetchRequest`, tells `Progress` and gives `Fetched`; `Engine.holds`
says whether a file is what an address holds.
`resume`: `ResumeState`, what must be stored so that a download can go on.
`limiter`: `Bandwidth` and `TokenBucket`, limits that all downloads of a host share.
`digests`: what a server says of a whole file, and the checksum that is kept of one.
`files`: `part_path`, `check_space`, `publish`, `publish_as`, `published`, `remove_part`.
`media`: `container_of`, `inspect`, `judge_runtime`: whether the bytes are the film.
`errors`: every way a download ends other than well.
"""
