"""Radarr and Sonarr: what they want, whether they take a file, and the webhooks they send.

Public: `radarr.Radarr` and `sonarr.Sonarr` (both a `base.Arr`), built on one `http.ArrHttp` per
instance; `base` also holds what they answer (`SystemStatus`, `RootFolder`, `ImportTarget`,
`ImportVerdict`, `Rejection`, `CommandState`), `http` every error that leaves this room and
`InstanceHealth`; `webhook.parse_webhook` reads a delivery into a `webhook.WebhookEvent`. The other
modules are private to the room.
"""
