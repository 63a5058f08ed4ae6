"""Recordings written by mef_tools, the usual writer of files in the wild."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mef_tools.io import MefWriter


@dataclass(frozen=True)
class Write:
    """One call of `write_data`."""

    channel: str
    start_uutc: int
    rate: float
    values: np.ndarray
    """float64 in units; runs of NaN of `max_nans` samples and more become gaps, shorter ones are stored."""
    precision: int = 3
    """Decimal digits kept; the factor is `10**-precision`."""
    new_segment: bool = False


def write(
    session: Path,
    writes: Sequence[Write],
    *,
    passwords: tuple[str, str] = ("", ""),
    block_samples: int | None = None,
    max_nans: int | None = None,
    recording_time_offset: int = 0,
) -> None:
    """Writes the calls in order; `None` keeps the writer's own defaults."""
    with contextlib.redirect_stdout(io.StringIO()):
        writer = MefWriter(
            str(session), overwrite=False, password1=passwords[0] or None, password2=passwords[1] or None
        )
        writer.record_offset = recording_time_offset
        if block_samples is not None:
            writer.mef_block_len = block_samples
        if max_nans is not None:
            writer.max_nans_written = max_nans
        for call in writes:
            done = writer.write_data(
                call.values,
                call.channel,
                call.start_uutc,
                call.rate,
                precision=call.precision,
                new_segment=call.new_segment,
            )
            assert done, f"mef_tools refused a write to {session.name}/{call.channel}"
        writer.session.close()
