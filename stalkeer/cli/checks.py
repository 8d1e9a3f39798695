"""The commands that check and mend: `doctor`, `register`, `cleanup`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stalkeer.cli.asking import asked
from stalkeer.cli.options import DryRun, Json, Verbose
from stalkeer.cli.saying import FAILED, WRONG_USAGE, out, out_json, say, stop, told
from stalkeer.cli.showing import as_size
from stalkeer.cli.starting import make_keys, read_settings

if TYPE_CHECKING:
    from stalkeer.jobs.cleanup import Useless
    from stalkeer.jobs.doctor import Finding
    from stalkeer.settings import Settings

HOUR_S = 3600.0
_SETTINGS = ("radarr", "sonarr")
"""The instances that settings name."""


def doctor(as_json: Json = False, verbose: Verbose = False) -> None:
    """Check everything; say of each fault what to do about it."""
    settings = read_settings(verbose, is_quiet=True)
    found = []
    for finding in _examined(settings):
        found.append(finding)
        if not as_json:
            _print(finding)
    faults = [finding for finding in found if not finding.is_well]
    if as_json:
        out_json({"data": [_shown(finding) for finding in found], "faults": len(faults)})
    else:
        out("")
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}."
        out(count if faults else "All is well.")
    if faults:
        raise typer.Exit(FAILED)


def register(
    name: Annotated[str | None, typer.Argument(help="Only this instance.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Create or repair our Connect webhook in Radarr and Sonarr; they test that it works."""
    from stalkeer.cli.client import ApiError

    results: list[dict[str, Any]] = []
    with asked(verbose) as client:
        known = [row["name"] for row in client.get("system/status")["instances"]]
        for each in [one for one in known if name in (None, one)]:
            try:
                results.append(client.post(f"instances/{each}/register"))
            except ApiError as exc:
                results.append({"instance": each, "error": str(exc)})
        is_alone = client.is_alone
    if not results:
        stop(WRONG_USAGE, _no_instance(name, known))
    _end_register(results, is_alone=is_alone, as_json=as_json)


def cleanup(
    dry_run: DryRun = False,
    retention_hours: Annotated[
        float, typer.Option(min=0, help="Only part files that nobody touched for so long.")
    ] = 24,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Remove part files and job records that nobody needs."""
    from stalkeer.cli.inside import as_it_is, prepared
    from stalkeer.jobs.cleanup import clean, find_useless

    settings = read_settings(verbose, is_quiet=True)
    older_than_s = retention_hours * HOUR_S
    with told():
        if dry_run:
            with as_it_is(settings) as service:
                useless = find_useless(service.services, older_than_s=older_than_s)
        else:
            with prepared(settings) as service:
                useless = clean(service.services, older_than_s=older_than_s)
    _end_cleanup(useless, dry_run=dry_run, as_json=as_json)


def _examined(settings: Settings) -> Iterator[Finding]:
    """Examine what the settings name; a database that cannot be used is a finding too."""
    from stalkeer.cli.inside import prepared
    from stalkeer.errors import StalkeerError
    from stalkeer.jobs.doctor import Finding

    keys = make_keys(settings)
    try:
        with prepared(settings, keys) as service:
            yield from service.doctor().examine()
    except StalkeerError as exc:
        yield Finding("database", str(exc), "Correct STALKEER_DATABASE_URL, or mend the database.")


def _print(finding: Finding) -> None:
    from stalkeer.log import escape

    mark = "ok   " if finding.is_well else "FAULT"
    out(f"{mark}  {escape(finding.subject)}: {escape(finding.message)}")
    if finding.remedy:
        out(f"       -> {escape(finding.remedy)}")


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "ok": finding.is_well,
        "message": finding.message,
        "remedy": finding.remedy or None,
    }


def _no_instance(name: str | None, known: list[str]) -> str:
    if name is None or (name in _SETTINGS):
        return (
            f"{name.title() + ' is not' if name else 'Neither Radarr nor Sonarr is'} set: set "
            f"STALKEER_RADARR_URL and STALKEER_RADARR_API_KEY, or the same for SONARR."
        )
    return f"There is no instance {name!r}. There are: {', '.join(known) or 'none'}."


def _end_register(results: list[dict[str, Any]], *, is_alone: bool, as_json: bool) -> None:
    for result in results:
        if "error" in result:
            say(f"{result['instance']}: {result['error']}")
        elif not as_json:
            out(f"{result['instance']}: {result['webhook']}")
    if as_json:
        out_json({"data": results})
    if any("error" in result for result in results):
        if is_alone:
            say("Start `stalkeer up` first: Radarr and Sonarr test the address they are given.")
        raise typer.Exit(FAILED)


def _end_cleanup(useless: Useless, *, dry_run: bool, as_json: bool) -> None:
    size_bytes = sum(size for _, size in useless.parts)
    if as_json:
        parts = [{"path": str(path), "size_bytes": size} for path, size in useless.parts]
        out_json({"dry_run": dry_run, "parts": parts, "bytes": size_bytes, "jobs": useless.jobs})
        return
    for path, size in useless.parts:
        out(f"{path}  {as_size(size)}")
    verb = "would be removed" if dry_run else "removed"
    count = len(useless.parts)
    out(f"{count} part files ({as_size(size_bytes)}) and {useless.jobs} old jobs {verb}.")
