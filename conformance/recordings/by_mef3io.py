"""Recordings written by mef3io."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mef3io

from recordings.channel_plan import ChannelPlan


def write(
    session: Path,
    channels: Sequence[ChannelPlan],
    block_samples: int,
    passwords: tuple[str, str] = ("", ""),
) -> None:
    """Writes the planned channels; every run after a segment's first is an append."""
    with _open(session, block_samples, passwords) as writer:
        for channel in channels:
            _write_channel(writer, channel)


def append(session: Path, channel: ChannelPlan, block_samples: int) -> None:
    """Adds a channel's segments to a session that may exist already."""
    with _open(session, block_samples, ("", "")) as writer:
        _write_channel(writer, channel)


def _open(session: Path, block_samples: int, passwords: tuple[str, str]) -> mef3io.Writer:
    return mef3io.Writer(
        str(session),
        password1=passwords[0],
        password2=passwords[1],
        units="uV",
        block_length=block_samples,
        n_threads=1,
    )


def _write_channel(writer: mef3io.Writer, channel: ChannelPlan) -> None:
    for segment in channel.segments:
        for i, run in enumerate(segment):
            writer.write_int32(
                channel.name, run.counts, channel.factor, run.start_uutc, channel.rate, new_segment=i == 0
            )
