"""The way out to the network, the same for playlists, downloads and the arrs.

`address` judges where a connection may lead, `transport` makes it to the very address that was
judged, `trust` says whose certificates are believed.
"""
