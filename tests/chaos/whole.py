"""What must hold in the database itself, whatever was killed; it is read past stalkeer.

The files of both databases are checked by their own tools, every reference by following it, and
then the rows against each other: what a kill between two writes could leave behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

EXPIRED_S = 20
"""So long after the end of its lease a job was surely taken back, on a busy machine too."""

Ask = Callable[[str], list[tuple[Any, ...]]]

_ROWS = {
    "a lease that is not a running job's": (
        "SELECT id, status FROM job WHERE (status = 'running') <> (lease_token IS NOT NULL)"
    ),
    "a running job past its lease": (
        "SELECT id, kind, lease_owner, lease_until FROM job "
        "WHERE status = 'running' AND lease_until < {past}"
    ),
    "an attempt that goes on without its job": (
        "SELECT a.job_id, a.number FROM job_attempt a JOIN job j ON j.id = a.job_id "
        "WHERE a.finished_at IS NULL AND (j.status <> 'running' OR j.lease_token <> a.token)"
    ),
    "a connection that is kept for no running job": (
        "SELECT provider, slot_no, job_id FROM provider_slot s WHERE lease_until < {past} "
        "OR lease_token IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job j "
        "WHERE j.lease_token = s.lease_token AND j.status = 'running')"
    ),
    "a download under way that has no job": (
        "SELECT id, status FROM download_info d "
        "WHERE status IN ('pending', 'downloading', 'retrying') AND NOT EXISTS "
        "(SELECT 1 FROM job j WHERE j.download_id = d.id AND j.status IN ('ready', 'running'))"
    ),
    "two active jobs of one key": (
        "SELECT dedup_key FROM job WHERE status IN ('ready', 'running') "
        "AND dedup_key IS NOT NULL GROUP BY dedup_key HAVING count(*) > 1"
    ),
}
_INDEXES = (
    "SELECT c.oid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_am a ON a.oid = c.relam "
    "WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace"
)
_TABLES = (
    "SELECT oid::regclass FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_REFERENCES = (
    "SELECT r.conrelid::regclass, c.attname, r.confrelid::regclass, p.attname "
    "FROM pg_constraint r "
    "JOIN pg_attribute c ON (c.attrelid, c.attnum) = (r.conrelid, r.conkey[1]) "
    "JOIN pg_attribute p ON (p.attrelid, p.attnum) = (r.confrelid, r.confkey[1]) "
    "WHERE r.contype = 'f'"
)
_LOST = (
    "SELECT c.ctid FROM {child} c WHERE c.{column} IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.{key} = c.{column})"
)


def faults_in_file(place: Path) -> list[str]:
    """Check a SQLite database; each fault is a sentence."""
    with closing(sqlite3.connect(place)) as database:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return database.execute(sql).fetchall()

        broken = [row for row in ask("PRAGMA integrity_check") if row != ("ok",)]
        lost = ask("PRAGMA foreign_key_check")
        past = f"strftime('%Y-%m-%d %H:%M:%S', 'now', '-{EXPIRED_S} seconds')"
        return _said("a broken file", broken) + _said("a lost reference", lost) + _rows(ask, past)


def faults_in_postgres(url: str) -> list[str]:
    """Check a PostgreSQL database; each fault is a sentence."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True

        def ask(sql: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []

        past = f"timezone('utc', clock_timestamp()) - interval '{EXPIRED_S} seconds'"
        return _pages(ask) + _references(ask) + _rows(ask, past)


def _pages(ask: Ask) -> list[str]:
    """Read every page of every table, and look up every row in every index."""
    ask("CREATE EXTENSION IF NOT EXISTS amcheck")
    indexes, tables = ask(_INDEXES), ask(_TABLES)
    assert indexes
    assert tables
    for (index,) in indexes:
        # Raises an error that names what is wrong.
        ask(f"SELECT bt_index_check('{index}', heapallindexed => true, checkunique => true)")
    broken = [row for (table,) in tables for row in ask(f"SELECT * FROM verify_heapam('{table}')")]
    return _said("a broken page", broken)


def _references(ask: Ask) -> list[str]:
    references = ask(_REFERENCES)
    assert references
    lost: list[str] = []
    for child, column, parent, key in references:
        rows = ask(_LOST.format(child=child, column=column, parent=parent, key=key))
        lost += _said(f"a lost reference of {child}.{column}", rows)
    return lost


def _rows(ask: Ask, past: str) -> list[str]:
    said = [_said(fault, ask(sql.format(past=past))) for fault, sql in _ROWS.items()]
    return [sentence for sentences in said for sentence in sentences]


def _said(fault: str, rows: list[tuple[Any, ...]]) -> list[str]:
    return [f"{fault}: {', '.join(map(str, row))}" for row in rows]
