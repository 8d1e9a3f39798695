"""Why an item is not in the library yet: one code for each reason, for people and for programs."""

from __future__ import annotations

from enum import StrEnum

from stalkeer.core.states import ItemState


class WhyNot(StrEnum):
    """Why nothing happens with an item, or what happens with it."""

    SEARCHING = "searching"
    """Known and not yet looked for, or being looked for."""
    NO_PLAYLIST = "no_playlist"
    """No playlist was ever read."""
    NOT_IN_LISTS = "not_in_lists"
    """No playlist has an entry of its title."""
    FILTERED_OUT = "filtered_out"
    """A playlist has it, and a filter keeps it out; the sentence names the filter."""
    LOW_SCORE = "low_score"
    """What the playlists have under its title is most likely something else."""
    WRONG_RESOLUTION = "wrong_resolution"
    """Every entry has a resolution that its quality profile or the settings leave out."""
    WRONG_LANGUAGE = "wrong_language"
    """Every entry is in a language that the settings leave out."""
    REJECTED = "rejected"
    """A person rejected every entry that fits."""
    TO_CONFIRM = "to_confirm"
    """The best entry is not certain enough; a person decides."""
    UNRELEASED = "unreleased"
    """The arr says it is not available yet."""
    WAITING_CONNECTION = "waiting_connection"
    """An entry is taken and waits for a free connection to its provider."""
    WAITING_WINDOW = "waiting_window"
    """An entry is taken and waits for the download window."""
    WAITING_ARR = "waiting_arr"
    """Another program downloads it for the arr."""
    WAITING_RETRY = "waiting_retry"
    """Its download failed and is tried again soon."""
    DISK_FULL = "disk_full"
    """There is no room for it."""
    PAUSED = "paused"
    """A person paused its download."""
    DOWNLOADING = "downloading"
    """Bytes arrive."""
    IMPORTING = "importing"
    """Its file is here and on its way into the library."""
    IMPORT_FAILED = "import_failed"
    """The arr refused its file."""
    FAILED_N_TIMES = "failed_n_times"
    """Every entry that fits was tried and failed."""
    CANCELLED = "cancelled"
    """A person cancelled it."""
    IN_LIBRARY = "in_library"
    """The arr has it."""
    NOT_WANTED = "not_wanted"
    """The arr no longer wants it."""


CODE_OF_STATE = {
    ItemState.SEARCHING: WhyNot.SEARCHING,
    ItemState.NO_MATCH: WhyNot.NOT_IN_LISTS,
    ItemState.UNRELEASED: WhyNot.UNRELEASED,
    ItemState.TO_CONFIRM: WhyNot.TO_CONFIRM,
    ItemState.WAITING: WhyNot.WAITING_CONNECTION,
    ItemState.DOWNLOADING: WhyNot.DOWNLOADING,
    ItemState.PAUSED: WhyNot.PAUSED,
    ItemState.OBTAINED: WhyNot.IMPORTING,
    ItemState.IMPORT_FAILED: WhyNot.IMPORT_FAILED,
    ItemState.FAILED: WhyNot.FAILED_N_TIMES,
    ItemState.CANCELLED: WhyNot.CANCELLED,
    ItemState.IMPORTED: WhyNot.IN_LIBRARY,
    ItemState.GONE: WhyNot.NOT_WANTED,
}
"""What a state means where nobody said it more exactly."""

_CODES = frozenset(code.value for code in WhyNot)


def code_of(state: ItemState, said: str = "") -> WhyNot:
    """Give the reason behind a state; `said` is a code of ours or of an error, or nothing.

    An error that has no code here (`transfer_cut`) leaves the reason of the state, but for a
    download that is tried again.
    """
    if said in _CODES:
        return WhyNot(said)
    if said and state is ItemState.WAITING:
        return WhyNot.WAITING_RETRY
    return CODE_OF_STATE[state]
