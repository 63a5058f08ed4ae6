"""What the suite has our own writer write."""

from __future__ import annotations

from typing import Any

from recordings.by_our_writer import channel, run
from recordings.channel_plan import BASE_UUTC, SECOND_US

_FRACTIONAL = [
    [run(9_000, "noise", 1), run(4_000, "sine", 2, gap=333), run(2_500, "noise", 3, gap=5_000)],
    [run(7_001, "noise", 4, gap=1), run(9_999, "rough", 5, gap=2_048, amplitude=60_000)],
]

#: name -> spec, without its `name`.
OUR_SPECS: dict[str, dict[str, Any]] = {
    "ours_256": {
        "channels": [
            channel("A1", 256.0, 0.0488, [[run(20_000, "noise", 11), run(9_000, "sine", 12, gap=100)]]),
            channel(
                "A2",
                256.0,
                0.0488,
                [[run(12_000, "constant", 13)], [run(15_000, "noise", 14, gap=7_000)]],
                BASE_UUTC + 3 * SECOND_US + 1_234,
            ),
            channel(
                "A10",
                256.0,
                -0.25,
                [[run(30_000, "rough", 15, amplitude=100_000)]],
                BASE_UUTC - 777_777,
            ),
        ],
        "blockSamples": 2_560,
    },
    "ours_249_75": {"channels": [channel("ch1", 249.75, 0.001, _FRACTIONAL)], "blockSamples": 2_497},
    "ours_512_5": {"channels": [channel("ch1", 512.5, 1.0, _FRACTIONAL)], "blockSamples": 1_000},
    "ours_255_9997": {"channels": [channel("ch1", 255.99966850705994, 0.0488, _FRACTIONAL)]},
    "ours_32k": {
        "channels": [
            channel(
                "micro",
                32_000.0,
                0.5,
                [[run(90_000, "rough", 21, amplitude=30_000)], [run(64_000, "noise", 22, gap=9)]],
            )
        ]
    },
    "ours_time_offset": {
        "channels": [channel("ch1", 500.0, 0.1, [[run(9_000, "noise", 31), run(100, "noise", 32, gap=50)]])],
        "recordingTimeOffset": BASE_UUTC - 86_400 * SECOND_US,
        "blockSamples": 999,
    },
    "ours_tiny": {
        "channels": [channel("ch1", 1_000.0, 1.0, [[run(1, "constant", 41)], [run(1, "sine", 42, gap=1)]])]
    },
}
