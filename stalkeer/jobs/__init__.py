"""What the product does: receive, reconcile, search, download, import. One job kind a module.

Public: `Services` (what the jobs need), `runner.run_job`, `pulse.Pulse`, `receive.WebhookWriter`.
"""
