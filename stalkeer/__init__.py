"""stalkeer fills the gaps in a Radarr and Sonarr library from M3U playlists."""

__version__ = "0.1.0"
