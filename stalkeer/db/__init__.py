"""The tables, on SQLite or PostgreSQL. Public: `Store`, `Database`, and what their verbs answer."""
