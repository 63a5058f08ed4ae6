"""Channels as pymef (meflib) decodes them.

Reading by sample joins what lies around a gap, and counts from `start_sample`
fields that writers disagree about; reading by time places samples from the
start of the request. So pymef is given a compacted copy of each channel: all
blocks byte for byte, in file order, in one segment whose index is plain. What
it reads from there is the blocks' counts one after another. Their times, rates
and factors are what pymef says of the original.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from pymef.mef_session import MefSession

from oracle.channel_truth import ChannelTruth, PlacedBlock
from recordings.mef3_bytes import (
    FIRST_BLOCK_OFFSET,
    HEADER_BYTES,
    INDEX_ENTRY_BYTES,
    NAN_COUNT,
    read_index,
    seal_file,
    segment_dirs,
    segment_file,
)

_METADATA_BYTES = 16384
_COPY_START_UUTC = 1_000_000
_COPY_RATE = 1.0


def read_truth(session: Path, scratch: Path, password: str = "") -> dict[str, ChannelTruth]:
    """Decodes every channel of a session; `scratch` receives the compacted copies."""
    original = MefSession(str(session), password)
    try:
        channels = original.session_md["time_series_channels"]
        return {name: _read_channel(session, name, md, scratch) for name, md in sorted(channels.items())}
    finally:
        original.close()


def _read_channel(session: Path, channel: str, metadata: dict, scratch: Path) -> ChannelTruth:
    general = metadata["channel_specific_metadata"]
    counts = _decode(compact_copy(session, channel, scratch))
    blocks = []
    at = 0
    for segment in (metadata["segments"][name] for name in sorted(metadata["segments"])):
        factor = float(segment["section_2"]["units_conversion_factor"][0])
        _, lengths, _, starts = segment["TOC"]
        for length, start in zip(lengths, starts, strict=True):
            blocks.append(PlacedBlock(int(start), counts[at : at + int(length)], factor))
            at += int(length)
    assert at == len(counts), f"{session.name}/{channel}: the index and the blocks disagree"
    return ChannelTruth(
        channel,
        float(metadata["section_2"]["sampling_frequency"][0]),
        int(general["earliest_start_time"][0]),
        int(general["latest_end_time"][0]),
        blocks,
    )


def compact_copy(session: Path, channel: str, scratch: Path) -> Path:
    """Writes a session of one segment that holds a channel's blocks in file order."""
    segments = segment_dirs(session, channel)
    indexes = [read_index(segment) for segment in segments]
    payload = bytearray()
    for segment, entries in zip(segments, indexes, strict=True):
        data = segment_file(segment, "tdat").read_bytes()
        for at, n_bytes in zip(entries["file_offset"].tolist(), entries["block_bytes"].tolist(), strict=True):
            payload += data[at : at + n_bytes]
    index = np.concatenate(indexes)
    lengths = index["number_of_samples"].astype(np.int64)
    index["file_offset"] = FIRST_BLOCK_OFFSET + _running_total(index["block_bytes"].astype(np.int64))
    index["start_sample"] = _running_total(lengths)
    # Positive times mean "no offset applied"; pymef looks blocks up by them.
    index["start_time"] = _COPY_START_UUTC + np.round(index["start_sample"] * 1e6 / _COPY_RATE)
    n_samples = int(lengths.sum())
    copy = scratch / f"{session.stem}-{len(list(scratch.iterdir()))}.mefd"
    segment = copy / "c.timd" / "c-000000.segd"
    segment.mkdir(parents=True)
    _write(segment_file(segment, "tdat"), b"tdat", len(index), bytes(payload), n_samples)
    _write(segment_file(segment, "tidx"), b"tidx", len(index), index.tobytes(), n_samples)
    _write(segment_file(segment, "tmet"), b"tmet", 1, _metadata(index, n_samples), n_samples)
    return copy


def _running_total(amounts: np.ndarray) -> np.ndarray:
    """The sum of what comes before each element."""
    return np.cumsum(amounts) - amounts


def _decode(copy: Path) -> np.ndarray:
    session = MefSession(str(copy), "")
    try:
        n_samples = int(session.read_ts_channel_basic_info()[0]["nsamp"][0])
        values = session.read_ts_channels_sample("c", [0, n_samples])
    finally:
        session.close()
    counts = np.full(n_samples, NAN_COUNT, np.int32)
    held = ~np.isnan(values)
    counts[held] = values[held].astype(np.int32)
    return counts


def _write(path: Path, kind: bytes, n_entries: int, body: bytes, n_samples: int) -> None:
    header = bytearray(HEADER_BYTES)
    end = _COPY_START_UUTC + round(n_samples * 1e6 / _COPY_RATE)
    struct.pack_into("<5sBBB", header, 8, kind, 3, 0, 1)
    struct.pack_into("<qqqqi", header, 16, _COPY_START_UUTC, end, n_entries, INDEX_ENTRY_BYTES, 0)
    struct.pack_into("1s", header, 52, b"c")
    struct.pack_into("1s", header, 308, b"c")
    data = header + body
    seal_file(data, with_body_crc=kind != b"tdat")
    path.write_bytes(data)


def _metadata(index: np.ndarray, n_samples: int) -> bytes:
    """Sections 1 to 3 of a `.tmet` that names nothing but sizes; absolute offsets as in the format."""
    data = bytearray(_METADATA_BYTES)
    largest_block = int(index["number_of_samples"].max())
    struct.pack_into("<bb", data, 1024, -1, -2)
    struct.pack_into("<dddddd", data, 8720, _COPY_RATE, -1.0, -1.0, -1.0, -1.0, 1.0)
    struct.pack_into("<qqqq", data, 8912, 0, n_samples, len(index), int(index["block_bytes"].max()))
    struct.pack_into("<II", data, 8944, largest_block, 5 * largest_block)
    struct.pack_into("<qqqqq", data, 8952, -1, 1, len(index), -1, n_samples)
    struct.pack_into("<qqqi", data, 13312, 0, 0, 0, 0)
    return bytes(data[HEADER_BYTES:])
