"""The few MEF 3.0 structures that the suite edits by hand (docs/mef3-format.md, sections 2 to 8)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

HEADER_BYTES = 1024
INDEX_ENTRY_BYTES = 56
BLOCK_HEADER_BYTES = 304
FIRST_BLOCK_OFFSET = HEADER_BYTES
NO_ENTRY_TIME = -(2**63)
NAN_COUNT = -(2**31)

#: One entry of a `.tidx` file. Times are in stored form, extrema in counts.
INDEX_ENTRY = np.dtype(
    [
        ("file_offset", "<i8"),
        ("start_time", "<i8"),
        ("start_sample", "<i8"),
        ("number_of_samples", "<u4"),
        ("block_bytes", "<u4"),
        ("maximum", "<i4"),
        ("minimum", "<i4"),
        ("protected", "V4"),
        ("flags", "u1"),
        ("block_protected", "V3"),
        ("block_discretionary", "V8"),
    ]
)

_REFLECTED_POLYNOMIAL = 0xEB31D82E


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ _REFLECTED_POLYNOMIAL if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_TABLE = _crc_table()


def crc32(data: bytes, register: int = 0xFFFFFFFF) -> int:
    """CRC of section 3: Koopman's polynomial, reflected, without final inversion."""
    for byte in data:
        register = (register >> 8) ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def stored_time(uutc: int) -> int:
    """The usual stored form of a true time: negated, recording time offset 0."""
    return -uutc


def seal_file(data: bytearray, *, with_body_crc: bool = True) -> None:
    """Makes both checksums of a file's universal header right again, in place.

    Without `with_body_crc` the body's is set to "no entry", which readers do not check.
    """
    body = crc32(bytes(data[HEADER_BYTES:])) if with_body_crc else 0
    struct.pack_into("<I", data, 4, body)
    struct.pack_into("<I", data, 0, crc32(bytes(data[4:HEADER_BYTES])))


def edit_file(path: Path, edit: Callable[[bytearray], None], *, with_body_crc: bool = True) -> None:
    """Changes a file's bytes and seals it again."""
    data = bytearray(path.read_bytes())
    edit(data)
    seal_file(data, with_body_crc=with_body_crc)
    path.write_bytes(data)


def segment_file(segment: Path, suffix: str) -> Path:
    """`X-000000.segd` and `tidx` give `X-000000.segd/X-000000.tidx`."""
    return segment / f"{segment.name.removesuffix('.segd')}.{suffix}"


def segment_dirs(session: Path, channel: str) -> list[Path]:
    """A channel's segments by number."""
    found = (session / f"{channel}.timd").glob("*.segd")
    return sorted(found, key=lambda path: int(path.name.removesuffix(".segd").rsplit("-", 1)[1]))


def read_index(segment: Path) -> np.ndarray:
    """The block index of a segment, shape `(n_blocks,)`, dtype `INDEX_ENTRY`."""
    data = segment_file(segment, "tidx").read_bytes()
    return np.frombuffer(data, INDEX_ENTRY, offset=HEADER_BYTES).copy()
