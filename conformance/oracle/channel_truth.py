"""Whole-channel values from counts and block placement, with no file access of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oracle.grid import slot_at
from recordings.mef3_bytes import NAN_COUNT


@dataclass(frozen=True)
class PlacedBlock:
    """One RED block: its true start, its counts, and its own segment's factor as stored."""

    start_uutc: int
    counts: np.ndarray
    """int32, shape `(n,)`."""
    stored_factor: float


def usable_factor(stored: float) -> float:
    """The factor values are made with: "no entry" (0) and impossible ones count as 1."""
    return stored if math.isfinite(stored) and stored != 0.0 else 1.0


class ChannelTruth:
    """The values of one channel on its grid, whatever the window."""

    def __init__(
        self, name: str, rate: float, start_uutc: int, end_uutc: int, blocks: Sequence[PlacedBlock]
    ) -> None:
        """`blocks` are in file order (segment number, then index entry); later ones win."""
        self.name = name
        self.rate = rate
        self.start_uutc = start_uutc
        self.end_uutc = end_uutc
        self.blocks = tuple(blocks)
        self.first_slots = np.array([slot_at(b.start_uutc, start_uutc, rate) for b in blocks], np.int64)
        self.end_slots = self.first_slots + np.array([len(b.counts) for b in blocks], np.int64)

    @property
    def n_slots(self) -> int:
        """Length of the grid."""
        return max(slot_at(self.end_uutc, self.start_uutc, self.rate), int(self.end_slots.max()))

    def slot(self, uutc: int) -> int:
        """The grid slot of a time."""
        return slot_at(uutc, self.start_uutc, self.rate)

    def float64(self, first_slot: int, n_slots: int) -> np.ndarray:
        """`float64(count) * factor` of slots `[first_slot, first_slot + n_slots)`, NaN where none is."""
        values = np.full(n_slots, np.nan)
        end_slot = first_slot + n_slots
        for i in np.flatnonzero((self.first_slots < end_slot) & (self.end_slots > first_slot)):
            low = max(int(self.first_slots[i]), first_slot, 0)
            high = min(int(self.end_slots[i]), end_slot)
            if low >= high:
                continue
            counts = self.blocks[i].counts[low - self.first_slots[i] : high - self.first_slots[i]]
            scaled = counts.astype(np.float64) * usable_factor(self.blocks[i].stored_factor)
            scaled[counts == NAN_COUNT] = np.nan
            values[low - first_slot : high - first_slot] = scaled
        return values

    def float32(self, first_slot: int, n_slots: int) -> np.ndarray:
        """The same, rounded once to float32."""
        return self.float64(first_slot, n_slots).astype(np.float32)

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """The whole grid as int32 counts and a mask of the slots that hold one."""
        counts = np.zeros(self.n_slots, np.int32)
        held = np.zeros(self.n_slots, np.bool_)
        for block, first in zip(self.blocks, self.first_slots, strict=True):
            low = max(int(first), 0)
            high = int(first) + len(block.counts)
            if low < high:
                counts[low:high] = block.counts[low - first :]
                held[low:high] = True
        return counts, held


def assert_same_bits(actual: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Fails unless both hold NaN at the same places and the same bits everywhere else."""
    assert actual.dtype == expected.dtype, f"{what}: {actual.dtype} instead of {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape} instead of {expected.shape}"
    bits = np.dtype(f"u{actual.dtype.itemsize}")
    absent = np.isnan(expected)
    same = np.where(absent, np.isnan(actual), actual.view(bits) == expected.view(bits))
    if same.all():
        return
    wrong = np.argwhere(~same)
    first = tuple(int(i) for i in wrong[0])
    raise AssertionError(
        f"{what}: {len(wrong)} of {same.size} samples differ, first at {first}: "
        f"{actual[first]!r} instead of {expected[first]!r}"
    )
