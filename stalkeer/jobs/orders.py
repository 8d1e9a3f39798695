"""What a person may want of one reconcile that a schedule does not."""

from __future__ import annotations

from dataclasses import dataclass

from stalkeer.core.items import Wanted
from stalkeer.core.outcomes import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The payload of a reconcile job.

    `fresh` reads the library anew. `limit` is how many searches it may start (None: as many as the
    settings say). `arr_id` and `series_id` leave out everything but that item or series, which is
    then searched for whatever became of it before. `force` ignores every wait, and fetches again
    what we hold and the arr does not have.
    """

    fresh: bool = False
    limit: int | None = None
    force: bool = False
    arr_id: int | None = None
    series_id: int | None = None

    def concerns(self, wanted: Wanted) -> bool:
        """Say whether an item is meant."""
        if self.arr_id is not None and wanted.arr_id != self.arr_id:
            return False
        return self.series_id is None or wanted.series_id == self.series_id

    def overrides(self, past: Past, *, is_held: bool) -> bool:
        """Say whether an item is searched for whatever came of it; work under way goes on."""
        if past.is_active or past.is_busy:
            return False
        is_named = self.arr_id is not None or self.series_id is not None
        return self.force or (is_named and not is_held)
