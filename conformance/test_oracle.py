"""The expected values themselves: pymef and mef3io agree, wherever both follow the format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oracle.channel_truth import ChannelTruth, PlacedBlock, assert_same_bits
from oracle.grid import round_half_away, slot_at, time_of_slot
from oracle.mef3io_source import read_whole
from recordings.catalogue import RECIPES
from recordings.mef3_bytes import NAN_COUNT, crc32
from recordings.recording import Recording

COMPARABLE = [r.name for r in RECIPES if not (r.is_sparse or r.has_half_slot_blocks)]


@pytest.mark.parametrize("name", COMPARABLE)
def test_pymef_and_mef3io_agree_on_counts_and_places(
    name: str, recording: Callable[[str], Recording]
) -> None:
    for channel, truth in recording(name).truth.items():
        whole = read_whole(Path(recording(name).path), channel)
        assert (truth.rate, truth.start_uutc, truth.end_uutc) == (
            whole.rate,
            whole.start_uutc,
            whole.end_uutc,
        )
        assert [block.start_uutc for block in truth.blocks] == list(whole.block_starts_uutc)
        counts, held = truth.counts()
        n_slots = len(whole.counts)
        # A default read of mef3io ends where the metadata says, which may be before the last block.
        assert n_slots == truth.n_slots or name == "stale_end"
        np.testing.assert_array_equal(held[:n_slots], whole.held)
        np.testing.assert_array_equal(counts[:n_slots][whole.held], whole.counts[whole.held])


@pytest.mark.parametrize("name", COMPARABLE)
def test_pymef_and_mef3io_agree_on_values(name: str, recording: Callable[[str], Recording]) -> None:
    for channel, truth in recording(name).truth.items():
        whole = read_whole(Path(recording(name).path), channel)
        n_slots = len(whole.counts)
        # mef3io scales the count that MEF reserves for NaN like any other.
        is_nan_count = whole.held & (whole.counts == NAN_COUNT)
        assert is_nan_count.any() == (name == "pymef_reserved_counts")
        for values, scaled in (
            (truth.float32(0, n_slots), whole.float32),
            (truth.float64(0, n_slots), whole.float64),
        ):
            assert np.isnan(values[is_nan_count]).all()
            assert_same_bits(values[~is_nan_count], scaled[~is_nan_count], f"{name}/{channel} {values.dtype}")


def test_mef3io_takes_the_earlier_slot_for_a_block_exactly_between_two(
    recording: Callable[[str], Recording],
) -> None:
    """The format rounds halves away from zero, as pymef does; here mef3io is no reference."""
    truth = recording("half_slot_blocks").truth["ch1"]
    whole = read_whole(Path(recording("half_slot_blocks").path), "ch1")
    between = [
        (block, int(slot))
        for block, slot in zip(truth.blocks, truth.first_slots, strict=True)
        if (block.start_uutc - truth.start_uutc) % 1_000 == 500
    ]
    assert between
    for block, slot in between:
        n_samples = len(block.counts) - 1
        np.testing.assert_array_equal(whole.counts[slot - 1 :][:n_samples], block.counts[:n_samples])


def test_recordings_hold_what_their_names_promise(recording: Callable[[str], Recording]) -> None:
    def overlaps(name: str) -> int:
        truth = recording(name).truth["ch1"]
        return int((truth.first_slots[1:] < truth.end_slots[:-1]).sum())

    assert overlaps("mef_tools_drifting") >= 5
    assert overlaps("overlapping_blocks") >= 2
    assert overlaps("mef3io_1000") == 0
    shuffled = recording("shuffled_blocks").truth["ch1"].first_slots
    assert (np.diff(shuffled) < 0).sum() >= 3
    assert recording("blocks_before_start").truth["ch1"].first_slots.min() < 0
    assert recording("thirty_days_at_32k").truth["ch1"].end_slots.max() > 2**36
    factors = {b.stored_factor for b in recording("mef3io_factor_per_segment").truth["ch1"].blocks}
    assert factors == {0.5, 0.0488, 0.001}


def test_lossy_recording_is_scaled_and_detrended(recording: Callable[[str], Recording]) -> None:
    (data_file,) = Path(recording("pymef_lossy").path).rglob("*.tdat")
    slope, intercept, scale = np.frombuffer(data_file.read_bytes(), "<f4", 3, 1024 + 16)
    assert slope != 0.0
    assert intercept != 0.0
    assert scale > 1.0


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.5, 1), (-0.5, -1), (1.5, 2), (-1.5, -2), (2.5, 3), (0.49999999999999994, 0), (-0.3, 0)],
)
def test_halves_round_away_from_zero(value: float, rounded: int) -> None:
    assert round_half_away(value) == rounded


@pytest.mark.parametrize(
    ("offset_us", "rate", "slot"),
    [
        (500, 1000.0, 1),
        (-500, 1000.0, -1),
        (499, 1000.0, 0),
        (1500, 1000.0, 2),
        (2503128, 399.5, 1000),
        (15018147, 399.5, 6000),
        (3902439, 512.5, 2000),
        (8812500, 256.0, 2256),
    ],
)
def test_grid_reproduces_the_table_of_the_format(offset_us: int, rate: float, slot: int) -> None:
    assert slot_at(1_577_836_800_000_000 + offset_us, 1_577_836_800_000_000, rate) == slot


@pytest.mark.parametrize("rate", [249.75, 255.99966850705994, 512.5, 32_000.0])
def test_the_time_of_a_slot_lies_in_that_slot(rate: float) -> None:
    for slot in (0, 1, 4096, 123_457, 82_944_000_000, -5):
        assert slot_at(time_of_slot(slot, 7, rate), 7, rate) == slot


def test_later_blocks_win_and_uncovered_slots_are_nan() -> None:
    def block(start: int, count: int) -> PlacedBlock:
        return PlacedBlock(start, np.full(4, count, np.int32), 0.5)

    truth = ChannelTruth("x", 1_000.0, 0, 12_000, [block(0, 2), block(6_000, 4), block(2_000, NAN_COUNT)])
    expected = np.array([1, 1, np.nan, np.nan, np.nan, np.nan, 2, 2, 2, 2, np.nan, np.nan])
    assert_same_bits(truth.float64(0, 12), expected, "whole")
    assert_same_bits(truth.float64(-1, 3), np.array([np.nan, 1, 1]), "from before the start")


def test_crc_reproduces_the_vector_of_the_format() -> None:
    assert crc32(b"123456789") == 0xD2C22F51
