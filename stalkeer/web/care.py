"""The care of the service over HTTP: look at everything, back up, clean up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from stalkeer.core.states import JobKind
from stalkeer.jobs import by_hand
from stalkeer.jobs.doctor import Finding
from stalkeer.jobs.services import Services
from stalkeer.web.operations import post
from stalkeer.web.shapes import Answer, JobStarted

_TAG = "system"


class FindingAnswer(Answer):
    """One thing that was looked at; a fault comes with its remedy."""

    subject: str
    ok: bool
    message: str
    remedy: str | None


class DoctorAnswer(Answer):
    """Everything that was looked at, and how much of it is wrong."""

    example: ClassVar[Mapping[str, Any]] = {
        "data": [
            {
                "subject": "queue",
                "ok": False,
                "message": "Redis does not answer",
                "remedy": "Start it, or correct STALKEER_REDIS_URL. Nothing is lost meanwhile.",
            }
        ],
        "faults": 1,
    }

    data: tuple[FindingAnswer, ...]
    faults: int


@dataclass(frozen=True, slots=True)
class Care:
    """The operations. `examine` asks the arrs and tries each download folder."""

    services: Services
    examine: Callable[[], Iterable[Finding]]

    @post("/api/v1/system/doctor", tag=_TAG)
    def doctor(self) -> DoctorAnswer:
        """Check everything now; say of each fault what to do about it. Takes some seconds."""
        found = tuple(
            FindingAnswer(
                subject=finding.subject,
                ok=finding.is_well,
                message=finding.message,
                remedy=finding.remedy or None,
            )
            for finding in self.examine()
        )
        return DoctorAnswer(data=found, faults=sum(not finding.ok for finding in found))

    @post("/api/v1/system/backup", tag=_TAG, status=202)
    def backup(self) -> JobStarted:
        """Write a backup into the data directory, beside those of every day."""
        return JobStarted(job_id=by_hand.start(self.services, JobKind.BACKUP))

    @post("/api/v1/system/cleanup", tag=_TAG, status=202)
    def cleanup(self) -> JobStarted:
        """Remove part files and job records that nobody needs."""
        return JobStarted(job_id=by_hand.start(self.services, JobKind.CLEANUP))
