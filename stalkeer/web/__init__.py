"""HTTP in: parses, authenticates, calls one function of `jobs` or `db`, answers.

Public: `app.make_app`.
"""
