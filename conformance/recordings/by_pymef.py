"""Recordings written by pymef (meflib) without a layer above it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pymef.mef_file import pymef3_file
from pymef.mef_session import MefSession

from oracle.grid import round_half_away
from recordings.channel_plan import ChannelPlan, Run
from recordings.mef3_bytes import NAN_COUNT


def write(
    session: Path,
    channels: Sequence[ChannelPlan],
    block_samples: int,
    passwords: tuple[str, str] = ("", ""),
    *,
    recording_time_offset: int = 0,
    is_lossy: bool = False,
) -> None:
    """Writes the planned channels; `is_lossy` lets meflib scale and detrend the first run of a segment."""
    with contextlib.redirect_stdout(io.StringIO()):
        writer = MefSession(str(session), passwords[1] or None, False, True)
        try:
            for channel in channels:
                _write_channel(
                    writer, session, channel, block_samples, passwords, recording_time_offset, is_lossy
                )
        finally:
            writer.close()


def _write_channel(
    writer: MefSession,
    session: Path,
    channel: ChannelPlan,
    block_samples: int,
    passwords: tuple[str, str],
    recording_time_offset: int,
    is_lossy: bool,
) -> None:
    keys = tuple(password or None for password in passwords)
    start_sample = 0
    for number, runs in enumerate(channel.segments):
        first = runs[0]
        writer.write_mef_ts_segment_metadata(
            channel.name,
            number,
            *keys,
            first.start_uutc,
            _end_uutc(first, channel.rate),
            {
                "sampling_frequency": channel.rate,
                "units_conversion_factor": channel.factor,
                "units_description": b"uV",
                "start_sample": start_sample,
            },
            {"recording_time_offset": recording_time_offset, "GMT_offset": 0},
        )
        folder = session / f"{channel.name}.timd" / f"{channel.name}-{number:06d}.segd"
        pymef3_file.write_mef_ts_data_and_indices(
            f"{folder}/", *keys, block_samples, first.counts, 1 if is_lossy else 0
        )
        for run in runs[1:]:
            writer.append_mef_ts_segment_data(
                channel.name,
                number,
                *keys,
                run.start_uutc,
                _end_uutc(run, channel.rate),
                block_samples,
                run.counts,
            )
        start_sample += sum(len(run.counts) for run in runs)


def _end_uutc(run: Run, rate: float) -> int:
    return run.start_uutc + round_half_away(len(run.counts) * 1e6 / rate)


def reserved_counts(n_samples: int, seed: int) -> np.ndarray:
    """Counts among which the reserved ones occur: NaN, both infinities and their neighbours."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(-1000, 1000, n_samples).astype(np.int32)
    odd = np.array([NAN_COUNT, NAN_COUNT + 1, NAN_COUNT + 2, 2**31 - 1, 2**31 - 2], np.int32)
    places = rng.choice(n_samples, n_samples // 20, replace=False)
    counts[places] = rng.choice(odd, len(places))
    return counts
