"""The commands about work: `downloads`, `jobs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.asking import asked, do_each, say_if_alone
from stalkeer.cli.groups import group
from stalkeer.cli.options import Json, Rows, Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, say, stop
from stalkeer.cli.showing import as_percent, as_size, show_facts, show_rest, show_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalkeer.cli.client import Client

downloads = group("downloads", "Show downloads, pause them, let them go on, cancel them.")
jobs = group("jobs", "Show what is done and was done; run it again or cancel it.")
Ids = Annotated[list[int], typer.Argument(metavar="ID...", min=1)]
Id = Annotated[int, typer.Argument(metavar="ID", min=1)]
Instance = Annotated[str | None, typer.Option(help="Only of radarr or sonarr.")]
Status = Annotated[str | None, typer.Option(help="Only those in this state.")]


@downloads.command("list")
def list_downloads(
    status: Status = None,
    instance: Instance = None,
    limit: Rows = 50,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the newest downloads."""
    with asked(verbose) as client:
        page = client.page("downloads", limit=limit, status=status, instance=instance)
    if as_json:
        out_json(page)
        return
    show_table(
        ("ID", "TITLE", "STATUS", "IMPORT", "DONE", "SIZE", "WHY"),
        [
            (
                row["id"],
                row["title"],
                row["status"],
                row["import_status"],
                as_percent(row["progress_pct"]),
                as_size(row["total_bytes"]),
                row["error_message"],
            )
            for row in page["data"]
        ],
    )
    show_rest(len(page["data"]), page["total"])


@downloads.command("show")
def show_download(download_id: Id, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show one download and every move it made."""
    with asked(verbose) as client:
        download = client.get(f"downloads/{download_id}")
    if as_json:
        out_json(download)
        return
    events = download.pop("events")
    show_facts(download)
    out("")
    show_table(
        ("AT", "FROM", "TO", "WHY"),
        [(event["at"], event["from"], event["to"], event["reason"]) for event in events],
    )


@downloads.command()
def pause(ids: Ids, as_json: Json = False, verbose: Verbose = False) -> None:
    """Let downloads rest."""
    _change(ids, lambda client, each: client.put(f"downloads/{each}/pause"), as_json, verbose)


@downloads.command()
def resume(ids: Ids, as_json: Json = False, verbose: Verbose = False) -> None:
    """Let paused downloads go on."""
    _change(ids, lambda client, each: client.put(f"downloads/{each}/resume"), as_json, verbose)


@downloads.command("cancel")
def cancel_download(ids: Ids, as_json: Json = False, verbose: Verbose = False) -> None:
    """Cancel downloads for good; what was fetched is removed."""
    _change(ids, lambda client, each: client.delete(f"downloads/{each}"), as_json, verbose)


@downloads.command()
def priority(
    download_id: Id,
    place: Annotated[int, typer.Argument(min=0, max=1000, help="Lower comes first.")],
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Change the place of a download."""
    body = {"priority": place}
    _change(
        [download_id],
        lambda client, each: client.put(f"downloads/{each}/priority", body),
        as_json,
        verbose,
    )


@jobs.command("list")
def list_jobs(
    status: Status = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    instance: Instance = None,
    limit: Rows = 50,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the newest jobs."""
    with asked(verbose) as client:
        page = client.page("admin/jobs", limit=limit, status=status, kind=kind, instance=instance)
    if as_json:
        out_json(page)
        return
    show_table(
        ("ID", "KIND", "STATUS", "TITLE", "TRIES", "WHY"),
        [
            (row["id"], row["kind"], row["status"], _title(row), row["attempts"], _why(row))
            for row in page["data"]
        ],
    )
    show_rest(len(page["data"]), page["total"])


@jobs.command("show")
def show_job(job_id: Id, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show one job and each time it ran."""
    with asked(verbose) as client:
        job = client.get(f"admin/jobs/{job_id}")
    if as_json:
        out_json(job)
        return
    history = job.pop("history")
    show_facts(job)
    if history:
        out("")
        show_table(
            ("TRY", "STARTED", "ENDED", "WORKER", "OUTCOME", "WHY"),
            [
                (
                    run["number"],
                    run["started_at"],
                    run["finished_at"],
                    run["worker"],
                    run["outcome"],
                    run["error"],
                )
                for run in history
            ],
        )


@jobs.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID...]", min=1)] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    kind: Annotated[str | None, typer.Option(help="With --failed: only of this kind.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run failed and cancelled jobs again; a download goes on at the byte where it stopped."""
    if bool(ids) == failed or (kind and not failed):
        stop(WRONG_USAGE, "Give the ids of jobs, or --failed with an optional --kind.")
    with asked(verbose) as client:
        say_if_alone(client)
        if ids:
            do_each(ids, lambda each: _replayed(client, each), as_json=as_json)
            return
        answer = client.post("admin/jobs/replay", {"status": "failed", "kind": kind})
    _show_replayed(answer, as_json=as_json)


@jobs.command("cancel")
def cancel_job(ids: Ids, as_json: Json = False, verbose: Verbose = False) -> None:
    """Cancel jobs; what a download fetched stays, for a replay."""
    with asked(verbose) as client:
        do_each(ids, lambda each: _cancelled(client, each), as_json=as_json)


def _change(
    ids: list[int], change: Callable[[Client, int], Any], as_json: bool, verbose: bool
) -> None:
    with asked(verbose) as client:

        def do(each: int) -> str:
            change(client, each)
            download = client.get(f"downloads/{each}")
            return f"Download {each}, {download['title']}: {download['status']}."

        do_each(ids, do, as_json=as_json)


def _replayed(client: Client, job_id: int) -> str:
    job = client.post(f"admin/jobs/{job_id}/replay")
    return f"Job {job_id}, {job['kind']} of {_title(job)}, runs again."


def _cancelled(client: Client, job_id: int) -> str:
    job = client.post(f"admin/jobs/{job_id}/cancel")
    how = "is cancelled" if job["status"] == "cancelled" else "is asked to stop"
    return f"Job {job_id}, {job['kind']} of {_title(job)}, {how}."


def _show_replayed(answer: dict[str, Any], *, as_json: bool) -> None:
    for refused in answer["refused"]:
        say(refused["message"])
    if as_json:
        out_json(answer)
    else:
        out(f"{len(answer['replayed'])} jobs run again.")
    if answer["refused"]:
        raise typer.Exit(FAILED)


def _title(job: dict[str, Any]) -> str:
    return str(job["item"]["title"] or job["item"]["instance"] or "-")


def _why(job: dict[str, Any]) -> str | None:
    if job["error"]:
        return str(job["error"]["message"])
    return (job["result"] or {}).get("reason")
