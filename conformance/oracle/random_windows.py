"""Windows where mistakes hide: around the edges of blocks, tiles, gaps and the recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oracle.channel_truth import ChannelTruth
from oracle.grid import slots_of_window, time_of_slot

MAX_SAMPLES = 60_000


@dataclass(frozen=True)
class Window:
    """`[start_uutc, end_uutc)` of channels in the order of rows; no channels means all."""

    channels: tuple[str, ...]
    start_uutc: int
    end_uutc: int


def expected_matrix(truths: Mapping[str, ChannelTruth], window: Window) -> np.ndarray:
    """What the predecessors' service answers: float32, shape `(n_channels, n_samples)`."""
    names = window.channels or tuple(sorted(truths))
    n_samples = slots_of_window(window.start_uutc, window.end_uutc, truths[names[0]].rate)
    return np.stack([truths[name].float32(truths[name].slot(window.start_uutc), n_samples) for name in names])


def has_half_slot_edge(truths: Mapping[str, ChannelTruth], window: Window) -> bool:
    """Whether its start or its length falls exactly between two slots of a channel."""
    names = window.channels or tuple(truths)
    spans = [window.end_uutc - window.start_uutc]
    spans += [window.start_uutc - truths[name].start_uutc for name in names]
    return any(float(span) * truths[names[0]].rate / 1e6 % 1.0 == 0.5 for span in spans)


def random_windows(
    truths: Mapping[str, ChannelTruth], n_windows: int, tile_slots: Sequence[int], seed: int
) -> Iterator[Window]:
    """Draws windows, the same ones for the same seed.

    `tile_slots` are tile lengths whose edges are aimed at; wrong guesses do no harm.
    """
    rng = np.random.default_rng(seed)
    names = sorted(truths)
    for _ in range(n_windows):
        truth = truths[names[int(rng.integers(len(names)))]]
        start = _start(truth, tile_slots, rng)
        end = _end(truth, start, rng)
        if slots_of_window(start, end, truth.rate) >= 1:
            yield Window(_channels(names, truth.name, rng), start, end)


def _start(truth: ChannelTruth, tile_slots: Sequence[int], rng: np.random.Generator) -> int:
    place = rng.integers(6)
    last = truth.n_slots
    if place == 0:
        slot = int(rng.integers(-last // 4 - 10, last + last // 4 + 10))
    elif place == 1:
        tile = int(rng.choice(np.array(tile_slots)))
        slot = tile * int(rng.integers(-1, last // tile + 2))
    elif place == 2:
        slot = int(rng.choice(truth.first_slots))
    elif place == 3:
        slot = int(rng.choice(truth.end_slots))
    elif place == 4:
        slot = int(rng.choice(np.array([0, last])))
    else:
        slot = -int(10.0 ** rng.uniform(0, 9))
    slot += int(rng.integers(-3, 4))
    uutc = time_of_slot(slot, truth.start_uutc, truth.rate)
    # Off the grid by up to a slot, and now and then by exactly half of one.
    slot_us = 1e6 / truth.rate
    shift = slot_us / 2 if rng.integers(5) == 0 else float(rng.uniform(-slot_us, slot_us))
    return uutc + int(shift)


def _end(truth: ChannelTruth, start: int, rng: np.random.Generator) -> int:
    if rng.integers(12) == 0:
        n_samples = min(MAX_SAMPLES, max(1, truth.n_slots))
    else:
        n_samples = max(1, int(10.0 ** rng.uniform(0, np.log10(MAX_SAMPLES) - 0.3)))
    span = int(n_samples * 1e6 / truth.rate) + int(rng.integers(-2, 3))
    return start + max(1, span)


def _channels(names: Sequence[str], one: str, rng: np.random.Generator) -> tuple[str, ...]:
    choice = rng.integers(4)
    if choice == 0:
        return ()
    if choice == 1:
        return tuple(rng.permutation(np.array(names)).tolist())
    return (one,)
