"""All recordings of the suite. Each name says what is in it; sizes are a few hundred kB at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recordings import by_mef3io, by_mef_tools, by_our_writer, by_pymef
from recordings.block_edits import move_blocks, reorder_index, set_end, set_factor
from recordings.channel_plan import (
    BASE_UUTC,
    DAY_US,
    SECOND_US,
    ChannelPlan,
    Piece,
    Run,
    plan_channel,
    walk,
)
from recordings.mef3_bytes import segment_dirs
from recordings.our_recipes import OUR_SPECS

PASSWORDS = ("level-one", "level-two")


@dataclass(frozen=True)
class Recipe:
    """How to make one recording, and what is special about it."""

    name: str
    write: Callable[[Path], None]
    has_half_slot_blocks: bool = False
    """Some block starts exactly between two slots, where mef3io rounds the other way."""
    has_blocks_before_start: bool = False
    """Some block lies before what the channel's metadata calls its start."""
    is_sparse: bool = False
    """Far too long to hold whole."""
    is_rectangular: bool = True
    """All channels have one rate."""
    is_ours: bool = False
    """Written by this repository's own writer, which must have been built."""


def _mef3io_256(session: Path) -> None:
    shape = [[Piece(9_000), Piece(7_345, 120, 900), Piece(3_000, 2_600)], [Piece(11_000, 37), Piece(500, 1)]]
    by_mef3io.write(
        session,
        [
            plan_channel("LA 01", 256.0, 0.0488, shape, seed=11),
            plan_channel("LA-02", 256.0, 0.0488, shape, seed=12, start_uutc=BASE_UUTC + 1_234_567),
            plan_channel("LA.10", 256.0, 0.0488, shape[:1], seed=13, start_uutc=BASE_UUTC - 7_777_777),
        ],
        1_000,
    )


def _mef3io_fractional(rate: float, factor: float, block_samples: int, seed: int) -> Callable[[Path], None]:
    shape = [
        [Piece(13_000), Piece(4_000, 333, 401), Piece(2_500, 5_000, -733), Piece(6_001, 1, 90)],
        [Piece(8_000, 4, 211), Piece(9_999, 2_048, 1)],
    ]

    def write(session: Path) -> None:
        by_mef3io.write(
            session,
            [
                plan_channel("ch1", rate, factor, shape, seed=seed),
                plan_channel("ch2", rate, factor, shape, seed=seed + 50, start_uutc=BASE_UUTC + 999_983),
            ],
            block_samples,
        )

    return write


def _mef3io_rough_32k(session: Path) -> None:
    shape = [[Piece(60_000), Piece(33_000, 40_000, 7)], [Piece(50_000, 3, 2)]]
    by_mef3io.write(session, [plan_channel("micro", 32_000.0, 1.0, shape, seed=31, is_rough=True)], 3_200)


def _mef3io_long_ago(session: Path) -> None:
    shape = [[Piece(20_000), Piece(5_000, 700, 3)]]
    by_mef3io.write(
        session, [plan_channel("ch1", 1_000.0, 1.0, shape, seed=41, start_uutc=86_400_000_123)], 999
    )


def _mef3io_factor_per_segment(session: Path) -> None:
    plans = [
        ChannelPlan(
            "ch1",
            500.0,
            factor,
            [[Run(BASE_UUTC + i * 20 * SECOND_US, walk(9_000, 51 + i))]],
        )
        for i, factor in enumerate((0.5, 0.0488, 0.001))
    ]
    for plan in plans:
        by_mef3io.append(session, plan, 1_250)


def _half_slot_blocks(session: Path) -> None:
    shape = [[Piece(3_000), Piece(4_000, 7, 500), Piece(6_000, 9, 500)], [Piece(9_000, 5, -500)]]
    by_mef3io.write(session, [plan_channel("ch1", 1_000.0, 1.0, shape, seed=61)], 1_000)


def _overlapping_blocks(session: Path) -> None:
    """In 17 blocks of 700: three lie over others, so that the later in file order wins."""
    by_mef3io.write(session, [plan_channel("ch1", 256.0, 0.25, [[Piece(11_900)]], seed=71)], 700)
    (segment,) = segment_dirs(session, "ch1")
    move_blocks(
        segment,
        {
            4: BASE_UUTC + 7_000_000,
            9: BASE_UUTC + 26_123_456,
            10: BASE_UUTC + 25_000_001,
            15: BASE_UUTC + 10_000,
        },
    )


def _shuffled_blocks(session: Path) -> None:
    """Times out of order in the file, and an index out of order with the file."""
    shape = [[Piece(16_000)], [Piece(9_000, 99)]]
    by_mef3io.write(session, [plan_channel("ch1", 512.0, 0.001, shape, seed=81)], 900)
    first, second = segment_dirs(session, "ch1")
    block_us = 900 * SECOND_US // 512
    move_blocks(first, {2: BASE_UUTC + 5 * block_us + 400, 5: BASE_UUTC + 2 * block_us - 300})
    reorder_index(second, [3, 0, 1, 2, 9, 8, 4, 5, 6, 7])


def _blocks_before_start(session: Path) -> None:
    """One block wholly and one partly before the channel's stated start."""
    by_mef3io.write(session, [plan_channel("ch1", 256.0, 0.5, [[Piece(10_000)]], seed=91)], 1_000)
    (segment,) = segment_dirs(session, "ch1")
    move_blocks(segment, {3: BASE_UUTC - 1_500_000, 6: BASE_UUTC - 30 * SECOND_US})


def _factor_zero(session: Path) -> None:
    by_mef3io.write(session, [plan_channel("ch1", 256.0, 1.0, [[Piece(5_000)]], seed=101)], 640)
    set_factor(segment_dirs(session, "ch1")[0], 0.0)


def _stale_end(session: Path) -> None:
    """The metadata ends before the last blocks do, as after an interrupted append."""
    by_mef3io.write(session, [plan_channel("ch1", 256.0, 0.1, [[Piece(9_000)]], seed=111)], 1_000)
    set_end(segment_dirs(session, "ch1")[0], BASE_UUTC + 20 * SECOND_US)


def _thirty_days_at_32k(session: Path) -> None:
    """A few blocks spread over 30 days; slots pass 2^31 after 18.6 hours."""
    hours = (0, 18, 19, 24, 24 * 7, 24 * 29)
    runs = [
        Run(BASE_UUTC + hour * 3_600 * SECOND_US + 13 * i, walk(40_000, 121 + i))
        for i, hour in enumerate(hours)
    ]
    last = Run(BASE_UUTC + 30 * DAY_US - 1_234_567, walk(39_000, 131))
    by_mef3io.write(session, [ChannelPlan("ch1", 32_000.0, 0.0488, [runs, [last]])], 32_000)


def _pymef_negative_factor(session: Path) -> None:
    shape = [[Piece(12_000), Piece(6_000, 77, 1_200)], [Piece(9_000, 500)]]
    by_pymef.write(
        session,
        [
            plan_channel("ch1", 256.0, -0.25, shape, seed=141),
            plan_channel("ch2", 256.0, -0.25, shape, seed=151, start_uutc=BASE_UUTC + 1_953),
        ],
        1_000,
    )


def _pymef_reserved_counts(session: Path) -> None:
    runs = [[Run(BASE_UUTC, by_pymef.reserved_counts(9_000, 161))]]
    by_pymef.write(session, [ChannelPlan("ch1", 250.0, 0.5, runs)], 777)


def _pymef_time_offset(session: Path) -> None:
    shape = [[Piece(9_000), Piece(6_000, 77, 1_200)]]
    by_pymef.write(
        session,
        [plan_channel("ch1", 256.0, 0.001, shape, seed=171)],
        1_000,
        recording_time_offset=BASE_UUTC - 19 * 3_600 * SECOND_US,
    )


def _pymef_lossy(session: Path) -> None:
    counts = np.random.default_rng(181).normal(0.0, 3_000.0, 12_000)
    trend = np.linspace(-20_000.0, 30_000.0, 12_000)
    runs = [[Run(BASE_UUTC, np.rint(counts + trend).astype(np.int32))]]
    by_pymef.write(session, [ChannelPlan("ch1", 256.0, 0.0488, runs)], 1_000, is_lossy=True)


def _with_nans(n_samples: int, seed: int, spans: list[tuple[int, int]]) -> np.ndarray:
    values = walk(n_samples, seed) / 1_000.0
    for low, high in spans:
        values[low:high] = np.nan
    return values


def _mef_tools_256(session: Path) -> None:
    """Default settings: 10 s blocks; NaN below one second are stored as zeros, longer ones are gaps."""
    values = [_with_nans(12_000, 191 + i, [(100, 180), (3_000, 3_700), (9_000, 9_256)]) for i in range(4)]
    end = BASE_UUTC + 60 * SECOND_US
    by_mef_tools.write(
        session,
        [
            by_mef_tools.Write("ch1", BASE_UUTC, 256.0, values[0]),
            by_mef_tools.Write("ch1", end, 256.0, values[1]),
            by_mef_tools.Write("ch1", end + 50 * SECOND_US, 256.0, values[2], new_segment=True),
            by_mef_tools.Write("ch2", BASE_UUTC + 3_000_000, 256.0, values[3]),
        ],
    )


def _mef_tools_249_75(session: Path) -> None:
    """Runs appended back to back, every NaN a gap."""
    values = [_with_nans(9_000, 201 + i, [(100, 101), (3_000, 4_000)]) for i in range(3)]
    by_mef_tools.write(
        session,
        [
            by_mef_tools.Write("ch1", BASE_UUTC, 249.75, values[0]),
            by_mef_tools.Write("ch1", BASE_UUTC + 36_036_036, 249.75, values[1]),
            by_mef_tools.Write("ch1", BASE_UUTC + 91 * SECOND_US, 249.75, values[2], new_segment=True),
        ],
        max_nans=0,
    )


def _mef_tools_drifting(session: Path) -> None:
    """Block times that lose 0.75 µs per block: every 42nd overlaps its neighbour by a slot."""
    duration = 20_000 * SECOND_US // 32_000
    writes = [
        by_mef_tools.Write("ch1", BASE_UUTC + i * duration, 32_000.0, walk(20_000, 211 + i).astype(float), 0)
        for i in range(2)
    ]
    later = BASE_UUTC + 5 * duration
    writes.append(
        by_mef_tools.Write("ch1", later, 32_000.0, walk(20_000, 221).astype(float), 0, new_segment=True)
    )
    by_mef_tools.write(session, writes, block_samples=103)


def _mixed_rates(session: Path) -> None:
    by_mef3io.write(
        session,
        [
            plan_channel("fast", 1_000.0, 0.5, [[Piece(9_000)]], seed=231),
            plan_channel("slow", 250.0, 0.5, [[Piece(2_250)]], seed=232),
        ],
        1_000,
    )


def _ours(spec: dict[str, Any]) -> Callable[[Path], None]:
    return lambda session: by_our_writer.write(session, spec)


RECIPES = (
    Recipe("mef3io_256", _mef3io_256),
    Recipe("mef3io_249_75", _mef3io_fractional(249.75, 0.001, 1_024, 21)),
    Recipe("mef3io_512_5", _mef3io_fractional(512.5, 0.0488, 777, 22)),
    Recipe("mef3io_255_9997", _mef3io_fractional(255.99966850705994, 0.0488, 2_560, 23)),
    Recipe("mef3io_1000", _mef3io_fractional(1_000.0, 1.0, 10_000, 24)),
    Recipe("mef3io_rough_32k", _mef3io_rough_32k),
    Recipe("mef3io_long_ago", _mef3io_long_ago),
    Recipe("mef3io_factor_per_segment", _mef3io_factor_per_segment),
    Recipe("half_slot_blocks", _half_slot_blocks, has_half_slot_blocks=True),
    Recipe("overlapping_blocks", _overlapping_blocks),
    Recipe("shuffled_blocks", _shuffled_blocks),
    Recipe("blocks_before_start", _blocks_before_start, has_blocks_before_start=True),
    Recipe("factor_zero", _factor_zero),
    Recipe("stale_end", _stale_end),
    Recipe("thirty_days_at_32k", _thirty_days_at_32k, is_sparse=True),
    Recipe("pymef_negative_factor", _pymef_negative_factor),
    Recipe("pymef_reserved_counts", _pymef_reserved_counts),
    Recipe("pymef_time_offset", _pymef_time_offset),
    Recipe("pymef_lossy", _pymef_lossy),
    Recipe("mef_tools_256", _mef_tools_256),
    Recipe("mef_tools_249_75", _mef_tools_249_75),
    Recipe("mef_tools_drifting", _mef_tools_drifting),
    Recipe("mixed_rates", _mixed_rates, is_rectangular=False),
    *(Recipe(name, _ours(spec), is_ours=True) for name, spec in OUR_SPECS.items()),
)
