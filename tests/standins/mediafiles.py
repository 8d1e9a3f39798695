"""Tiny headers of real Matroska, MP4 and TS files: MediaInfo reads running time, size, tracks.

A head declares one last element that reaches to the end of the file; what stands in it is noise.
So `Film(size, head=mkv_head(size, minutes=95))` is a film of any length that needs no disk.
"""

from __future__ import annotations

import struct
from pathlib import Path

from tests.standins.media import Film


def mkv_film(size: int, *, minutes: float, width: int = 1920, height: int = 1080) -> Film:
    """Make a Matroska film with one video and one audio track."""
    return Film(size, head=mkv_head(size, minutes=minutes, width=width, height=height))


def mp4_film(size: int, *, minutes: float, width: int = 1920, height: int = 1080) -> Film:
    """Make an MP4 film with its index at the start, one video and one audio track."""
    return Film(size, head=mp4_head(size, minutes=minutes, width=width, height=height))


def late_mp4_film(size: int, *, minutes: float) -> Film:
    """Make an MP4 film with its index at the end, as cameras write them; held in memory whole."""
    kind = _box("ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41")
    moov = _moov(int(minutes * 60_000), 1920, 1080, len(kind) + 16, size)
    room = size - len(kind) - len(moov)
    # Without the head of a Matroska, which a reader would find in the first picture.
    noise = Film(room, head=b"").read(0, room - 16)
    mdat = struct.pack(">I4sQ", 1, b"mdat", room) + noise
    return Film(size, head=kind + mdat + moov)


def ts_film(packets: int, *, minutes: float) -> Film:
    """Make a transport stream with one video track; held in memory whole.

    It says nowhere how long it runs: only the clocks of its first and last pictures tell.
    """
    table = _ts_packet(0, _ts_section(0, struct.pack(">HBBBHH", 1, 0xC1, 0, 0, 1, 0xE100)))
    track = struct.pack(">BHH", 2, 0xE101, 0xF000)
    program = struct.pack(">HBBBHH", 1, 0xC1, 0, 0, 0xE101, 0xF000) + track
    tables = table + _ts_packet(0x100, _ts_section(2, program))
    stuffing = (b"\x47\x1f\xff\x10" + b"\xff" * 184) * (_TS_GROUP - 3)
    groups = packets // _TS_GROUP
    clocks = (int(number / groups * minutes * 60 * 90_000) for number in range(groups))
    content = b"".join(tables + _ts_picture(clock) + stuffing for clock in clocks)
    return Film(len(content), head=content)


def write_film(path: Path, film: Film, *, size: int | None = None) -> Path:
    """Write a film, or only its first `size` bytes as a cut transfer leaves them."""
    path.write_bytes(film.read(0, film.size if size is None else size))
    return path


def mkv_head(size: int, *, minutes: float, width: int = 1920, height: int = 1080) -> bytes:
    """Build everything of a Matroska file before the frames, which are one block of noise."""
    info = _ebml(
        0x1549A966,
        _uint(0x2AD7B1, 1_000_000)
        + _ebml(0x4489, struct.pack(">d", minutes * 60_000))
        + _text(0x4D80, "test")
        + _text(0x5741, "test"),
    )
    picture = _ebml(0xE0, _uint(0xB0, width) + _uint(0xBA, height))
    video = _track(1, 1, "V_MPEG4/ISO/AVC", picture)
    sound = _ebml(0xE1, _ebml(0xB5, struct.pack(">d", 48_000)) + _uint(0x9F, 2))
    audio = _track(2, 2, "A_AAC", sound)
    tracks = _ebml(0x1654AE6B, video + audio)
    head = _EBML + b"\x18\x53\x80\x67"
    body = info + tracks
    body += _last(0x1F43B675, size - len(head) - 8 - len(body))
    body += _uint(0xE7, 0)
    body += _last(0xA3, size - len(head) - 8 - len(body)) + b"\x81\x00\x00\x80"
    return head + _length(size - len(head) - 8) + body


def mp4_head(size: int, *, minutes: float, width: int = 1920, height: int = 1080) -> bytes:
    """Build everything of an MP4 file before the frames, which are one sample of noise."""
    duration = int(minutes * 60_000)
    kind = _box("ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41")

    at = len(kind) + len(_moov(duration, width, height, 0, size))
    moov = _moov(duration, width, height, at + 16, size)
    return kind + moov + struct.pack(">I4sQ", 1, b"mdat", size - at)


_EBML_VERSIONS = ((0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8), (0x4287, 4), (0x4285, 2))


def _ebml(element: int, body: bytes) -> bytes:
    return _id(element) + _length(len(body)) + body


def _last(element: int, room: int) -> bytes:
    """Open an element that fills the room left, its own head included."""
    return _id(element) + _length(room - len(_id(element)) - 8)


def _id(element: int) -> bytes:
    return element.to_bytes((element.bit_length() + 7) // 8, "big")


def _length(count: int) -> bytes:
    return (count | 1 << 56).to_bytes(8, "big")


def _uint(element: int, value: int) -> bytes:
    return _ebml(element, value.to_bytes(max((value.bit_length() + 7) // 8, 1), "big"))


def _text(element: int, text: str) -> bytes:
    return _ebml(element, text.encode())


def _track(number: int, kind: int, codec: str, details: bytes) -> bytes:
    head = _uint(0xD7, number) + _uint(0x73C5, number) + _uint(0x83, kind)
    return _ebml(0xAE, head + _text(0x86, codec) + details)


_EBML = _ebml(
    0x1A45DFA3,
    b"".join(_uint(element, value) for element, value in _EBML_VERSIONS)
    + _text(0x4282, "matroska"),
)


def _box(kind: str, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind.encode()) + body


def _full(kind: str, body: bytes, *, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags) + body)


_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _moov(duration: int, width: int, height: int, offset: int, size: int) -> bytes:
    tracks = _video(duration, width, height, offset, size) + _audio(duration, offset, size)
    return _box("moov", _movie_header(duration) + tracks)


def _movie_header(duration: int) -> bytes:
    times = struct.pack(">4I", 0, 0, 1000, duration)
    return _full("mvhd", times + struct.pack(">IH10x", 0x10000, 0x100) + _MATRIX + bytes(24 + 4))


def _trak(number: int, duration: int, shape: bytes, media: bytes) -> bytes:
    times = struct.pack(">5I", 0, 0, number, 0, duration)
    header = _full("tkhd", times + bytes(16) + _MATRIX + shape, flags=7)
    language = _full("mdhd", struct.pack(">4I2H", 0, 0, 1000, duration, 0x55C4, 0))
    return _box("trak", header + _box("mdia", language + media))


def _handler(kind: str) -> bytes:
    return _full("hdlr", struct.pack(">I4s12x", 0, kind.encode()) + b"test\x00")


def _tables(description: bytes, duration: int, offset: int, size: int) -> bytes:
    samples = _full("stts", struct.pack(">3I", 1, 1, duration))
    samples += _full("stsc", struct.pack(">4I", 1, 1, 1, 1))
    samples += _full("stsz", struct.pack(">2I", min(size, 0xFFFFFFFF) // 2, 1))
    samples += _full("stco", struct.pack(">2I", 1, offset))
    links = _box("dinf", _full("dref", struct.pack(">I", 1) + _full("url ", b"", flags=1)))
    stsd = _full("stsd", struct.pack(">I", 1) + description)
    return links + _box("stbl", stsd + samples)


def _video(duration: int, width: int, height: int, offset: int, size: int) -> bytes:
    head = struct.pack(">6xH16x2H", 1, width, height)
    sizes = struct.pack(">2I4xH", 0x480000, 0x480000, 1)
    description = _box("avc1", head + sizes + bytes(32) + struct.pack(">Hh", 24, -1))
    media = _full("vmhd", bytes(8), flags=1) + _tables(description, duration, offset, size)
    shape = struct.pack(">2I", width << 16, height << 16)
    return _trak(1, duration, shape, _handler("vide") + _box("minf", media))


def _audio(duration: int, offset: int, size: int) -> bytes:
    description = _box("mp4a", struct.pack(">6xH8x2H4xI", 1, 2, 16, 48_000 << 16))
    media = _full("smhd", bytes(4)) + _tables(description, duration, offset, size)
    return _trak(2, duration, bytes(8), _handler("soun") + _box("minf", media))


_TS_GROUP = 64
"""How many packets come to one picture; most of them hold nothing."""
# 720 x 576, 25 pictures a second, and the head of one picture.
_MPEG2 = bytes.fromhex("000001b32d024023ffffe018 000001b5148a00010000 00000100 0008fff8")


def _ts_picture(clock: int) -> bytes:
    """Send one picture that is shown at this 1/90000 s, with the clock beside it."""
    times = bytes([0x21 | clock >> 29 & 0xE]) + struct.pack(
        ">HH", clock >> 14 & 0xFFFE | 1, clock << 1 & 0xFFFE | 1
    )
    reference = b"\x10" + (clock << 15 | 0x7E00).to_bytes(6, "big")
    return _ts_packet(0x101, b"\0\0\1\xe0\0\0\x80\x80\x05" + times + _MPEG2, reference)


def _ts_packet(number: int, payload: bytes, field: bytes = b"\0") -> bytes:
    """Fill one packet that begins something; what is left over is stuffing before it."""
    room = 188 - 4 - 1 - len(field) - len(payload)
    head = struct.pack(">BHBB", 0x47, 0x4000 | number, 0x30, len(field) + room)
    return head + field + b"\xff" * room + payload


def _ts_section(table: int, body: bytes) -> bytes:
    section = bytes([table]) + struct.pack(">H", 0xB000 | len(body) + 4) + body
    return b"\0" + section + _ts_checksum(section)


def _ts_checksum(section: bytes) -> bytes:
    rest = 0xFFFFFFFF
    for byte in section:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ (0x04C11DB7 if rest & 0x80000000 else 0)) & 0xFFFFFFFF
    return rest.to_bytes(4, "big")
