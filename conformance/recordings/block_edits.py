"""Edits that no writer makes but that a reader must survive: moved, shuffled and odd blocks."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from recordings.mef3_bytes import (
    HEADER_BYTES,
    INDEX_ENTRY,
    INDEX_ENTRY_BYTES,
    crc32,
    edit_file,
    read_index,
    segment_file,
    stored_time,
)

_FACTOR_OFFSET = 8760
_END_TIME_OFFSET = 24
_BLOCK_START_TIME_OFFSET = 40


def move_blocks(segment: Path, starts_uutc: Mapping[int, int]) -> None:
    """Gives blocks (by index entry) other start times, in the index and in their own headers."""
    entries = read_index(segment)

    def edit_index(data: bytearray) -> None:
        for entry, start in starts_uutc.items():
            struct.pack_into("<q", data, HEADER_BYTES + entry * INDEX_ENTRY_BYTES + 8, stored_time(start))

    def edit_blocks(data: bytearray) -> None:
        for entry, start in starts_uutc.items():
            at = int(entries[entry]["file_offset"])
            end = at + int(entries[entry]["block_bytes"])
            struct.pack_into("<q", data, at + _BLOCK_START_TIME_OFFSET, stored_time(start))
            struct.pack_into("<I", data, at, crc32(bytes(data[at + 4 : end])))

    edit_file(segment_file(segment, "tidx"), edit_index)
    edit_file(segment_file(segment, "tdat"), edit_blocks, with_body_crc=False)


def reorder_index(segment: Path, order: list[int]) -> None:
    """Writes the index entries in another order; the data file stays as it is."""
    entries = read_index(segment)[order]
    assert entries.dtype == INDEX_ENTRY

    def edit(data: bytearray) -> None:
        old = bytes(data[HEADER_BYTES:])
        new = b"".join(old[i * INDEX_ENTRY_BYTES : (i + 1) * INDEX_ENTRY_BYTES] for i in order)
        data[HEADER_BYTES:] = new

    edit_file(segment_file(segment, "tidx"), edit)


def set_end(segment: Path, end_uutc: int) -> None:
    """Sets the segment's end (exclusive) in the universal header of its metadata."""
    edit_file(
        segment_file(segment, "tmet"),
        lambda data: struct.pack_into("<q", data, _END_TIME_OFFSET, stored_time(end_uutc)),
    )


def set_factor(segment: Path, factor: float) -> None:
    """Sets the units conversion factor of a segment whose metadata is not encrypted."""
    edit_file(
        segment_file(segment, "tmet"),
        lambda data: struct.pack_into("<d", data, _FACTOR_OFFSET, factor),
    )
