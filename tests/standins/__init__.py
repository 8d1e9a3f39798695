"""Stand-ins for Radarr and Sonarr: real HTTP servers on loopback that answer as the programs do.

They follow what is known of the programs (sources read, shapes recorded in `tests/contract`), not
what stalkeer expects of them. Start reading at `radarr.py` and `sonarr.py`.
"""
