"""Channels as mef3io reads them, whole and from their own start."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import mef3io
import numpy as np


@dataclass(frozen=True)
class WholeChannel:
    """A channel's whole-channel read; arrays have one element per grid slot."""

    rate: float
    start_uutc: int
    end_uutc: int
    counts: np.ndarray
    """int32; meaningless where `held` is false."""
    held: np.ndarray
    float64: np.ndarray
    float32: np.ndarray
    block_starts_uutc: tuple[int, ...]
    block_lengths: tuple[int, ...]
    segment_factors: tuple[float, ...]


def read_whole(session: Path, channel: str, password: str = "") -> WholeChannel:
    """Reads all of a channel that its stated end covers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mef3io.Reader(str(session), password) as reader:
            info = reader.info(channel)
            raw = reader.read_raw(channel)
            toc = reader.toc(channel)
            return WholeChannel(
                rate=info["sampling_frequency"],
                start_uutc=info["start_time"],
                end_uutc=info["end_time"],
                counts=raw["samples"],
                held=raw["valid"].astype(np.bool_),
                float64=reader.read(channel),
                float32=reader.read(channel, dtype="float32"),
                block_starts_uutc=tuple(entry["start_uutc"] for entry in toc),
                block_lengths=tuple(entry["number_of_samples"] for entry in toc),
                segment_factors=tuple(s["units_conversion_factor"] for s in reader.segments(channel)),
            )
