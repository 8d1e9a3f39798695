"""Playlists as they come in: from a file, an address or a panel to a bounded stream of bytes.

Public: `source.open_source` and `xtream.open_panel`; `terms` has what they take and give, `errors`
what they raise; `archive` keeps copies for people. The lines are read by `core.m3u`.
"""
