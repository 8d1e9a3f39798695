"""The figures for Prometheus, behind the key."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from stalkeer.jobs.metrics import CONTENT_TYPE, Metrics
from stalkeer.web.operations import get


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """The endpoint."""

    metrics: Metrics

    @get("/metrics", tag="system", produces="text/plain")
    def figures(self) -> Response:
        """Show every figure in Prometheus' text format."""
        return Response(self.metrics.text(), media_type=CONTENT_TYPE)
