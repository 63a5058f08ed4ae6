"""What a recording shall hold, independent of who writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oracle.grid import time_of_slot

#: Start of most recordings: 2020-01-01T00:00:00Z.
BASE_UUTC = 1_577_836_800_000_000
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


@dataclass(frozen=True)
class Run:
    """Samples without a gap between them."""

    start_uutc: int
    counts: np.ndarray
    """int32, shape `(n,)`."""


@dataclass(frozen=True)
class ChannelPlan:
    """One channel: its segments, each a sequence of runs in time order."""

    name: str
    rate: float
    factor: float
    segments: Sequence[Sequence[Run]]


@dataclass(frozen=True)
class Piece:
    """A run as the author of a recording thinks of it."""

    n_samples: int
    gap_slots: int = 0
    """Empty slots before it."""
    shift_us: int = 0
    """How far off the slot grid it starts."""


def walk(n_samples: int, seed: int, *, step: int = 60) -> np.ndarray:
    """A random walk that stays bounded: about one byte per sample when compressed."""
    steps = np.random.default_rng(seed).integers(-step, step + 1, n_samples)
    return (np.abs(np.cumsum(steps) % 200_000 - 100_000) - 50_000).astype(np.int32)


def rough(n_samples: int, seed: int, *, amplitude: int = 40_000) -> np.ndarray:
    """White noise so wide that most differences need a keysample."""
    return np.random.default_rng(seed).integers(-amplitude, amplitude, n_samples).astype(np.int32)


def plan_channel(
    name: str,
    rate: float,
    factor: float,
    segments: Sequence[Sequence[Piece]],
    *,
    seed: int,
    start_uutc: int = BASE_UUTC,
    is_rough: bool = False,
) -> ChannelPlan:
    """Lays pieces one after another on the channel's grid and fills them with samples."""
    slot = 0
    planned = []
    signal = rough if is_rough else walk
    for number, pieces in enumerate(segments):
        runs = []
        for i, piece in enumerate(pieces):
            slot += piece.gap_slots
            counts = signal(piece.n_samples, seed + 1000 * number + i)
            runs.append(Run(time_of_slot(slot, start_uutc, rate) + piece.shift_us, counts))
            slot += piece.n_samples
        planned.append(tuple(runs))
    return ChannelPlan(name, rate, factor, tuple(planned))
