"""The sample grid of docs/mef3-format.md, section 9, in the very same doubles."""

from __future__ import annotations

import math


def round_half_away(value: float) -> int:
    """Nearest integer, halves away from zero (C's `llround`).

    Adding 0.5 would round 0.49999999999999994 up; the fraction is compared instead.
    """
    whole = math.floor(abs(value))
    if abs(value) - whole >= 0.5:
        whole += 1
    return whole if value >= 0 else -whole


def slot_at(uutc: int, channel_start_uutc: int, rate: float) -> int:
    """The slot of a time: subtract in integers, then multiply, then divide, in float64."""
    return round_half_away(float(uutc - channel_start_uutc) * rate / 1e6)


def slots_of_window(start_uutc: int, end_uutc: int, rate: float) -> int:
    """How many samples the predecessors' service answers for `[start, end)`."""
    return round_half_away(float(end_uutc - start_uutc) * rate / 1e6)


def time_of_slot(slot: int, channel_start_uutc: int, rate: float) -> int:
    """The µs time whose slot is `slot`."""
    return channel_start_uutc + round_half_away(float(slot) * 1e6 / rate)
