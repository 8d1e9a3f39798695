"""Builds everything from the settings: the only place that does.

Public: `service.Service`; `database.open_store`; `sole.sole_process` and `sole.among_others`;
`sources`, which playlists there are and how they are asked for; `rules`, what the other settings
mean for the rooms.
"""
