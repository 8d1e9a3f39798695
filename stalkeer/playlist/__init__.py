"""Playlists as they come in: from a file or an address to a bounded stream of bytes.

Public: `source.open_source` and what it gives (`OpenSource`, `NotModified`, `SourceInfo`), takes
(`Source`, `SourceLimits`); `errors` has what it raises. The lines are read by `core.m3u`.
"""
