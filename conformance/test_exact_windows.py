"""Any window of any recording equals the same slots of the whole channel, bit for bit."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from mef3io_server.client import Mef3Client

from oracle.channel_truth import assert_same_bits
from oracle.grid import time_of_slot
from oracle.random_windows import Window, expected_matrix, has_half_slot_edge, random_windows
from recordings.catalogue import RECIPES
from recordings.recording import Recording
from server.process import Server

#: Recordings on which the predecessor gives other answers for some windows. Of
#: all others it is not asked for windows that begin, or whose length ends,
#: exactly between two slots, which it rounds to even.
PREDECESSOR_DEVIATES = {
    "half_slot_blocks": "it takes the earlier of two slots for a block exactly between them",
    "blocks_before_start": "it serves samples from before the channel's start",
    "pymef_reserved_counts": "it scales the count that MEF reserves for NaN",
}

NAMES = [r.name for r in RECIPES if r.is_rectangular]

#: Tiles of a minute as configured by default, and as small as they get with a
#: cache that holds few of them, so that tiles are evicted while they are read.
SERVERS: dict[str, dict[str, str]] = {
    "default": {},
    "small tiles": {"TILE_DURATION_S": "1", "TILE_CACHE_MB": "1"},
    "no prefetch": {
        "TILE_DURATION_S": "20",
        "PREFETCH_AHEAD_WINDOWS": "0",
        "PREFETCH_BEHIND_WINDOWS": "0",
    },
}
N_WINDOWS = {"default": 240, "small tiles": 160, "no prefetch": 80}
TILE_SLOTS = (4_096, 15_360, 32_768)


def _seed(*parts: str) -> int:
    return zlib.crc32("/".join(parts).encode())


def _skip_where_the_predecessor_deviates(request: pytest.FixtureRequest, name: str) -> None:
    if request.config.getoption("--server") == "predecessor" and name in PREDECESSOR_DEVIATES:
        pytest.skip(f"the predecessor deviates: {PREDECESSOR_DEVIATES[name]}")


def read_matrix(client: Mef3Client, path: str, window: Window) -> np.ndarray:
    """One range read; float32, shape `(n_channels, n_samples)`."""
    answer = client.get_signal_range(path, window.channels, window.start_uutc, window.end_uutc)
    assert answer["error_message"] == "", f"{window}: {answer['error_message']}"
    return answer["array"]


def opened(client: Mef3Client, recording: Recording) -> Recording:
    """Opens the recording for this client, whether or not it is open already."""
    info = client.open_file(recording.path)
    assert info["file_opened"], info["error_message"]
    return recording


@pytest.mark.parametrize("variant", SERVERS)
@pytest.mark.parametrize("name", NAMES)
def test_random_windows_equal_the_whole_channel_read(
    name: str,
    variant: str,
    request: pytest.FixtureRequest,
    recording: Callable[[str], Recording],
    start_server: Callable[..., Server],
) -> None:
    _skip_where_the_predecessor_deviates(request, name)
    client = Mef3Client(start_server(**SERVERS[variant]).endpoint)
    subject = opened(client, recording(name))
    windows = list(random_windows(subject.truth, N_WINDOWS[variant], TILE_SLOTS, _seed(name, variant)))
    if request.config.getoption("--server") == "predecessor":
        windows = [window for window in windows if not has_half_slot_edge(subject.truth, window)]
    assert len(windows) > N_WINDOWS[variant] // 2
    for window in windows:
        expected = expected_matrix(subject.truth, window)
        assert_same_bits(read_matrix(client, subject.path, window), expected, f"{name} {window}")
    client.close_file(subject.path)
    client.shutdown()


@pytest.mark.parametrize("name", [r.name for r in RECIPES if r.is_rectangular and not r.is_sparse])
def test_one_read_of_everything_equals_the_whole_channel_read(
    name: str,
    request: pytest.FixtureRequest,
    recording: Callable[[str], Recording],
    client: Mef3Client,
) -> None:
    _skip_where_the_predecessor_deviates(request, name)
    subject = opened(client, recording(name))
    margin_us = 2_000_000
    everything = Window((), subject.start_uutc - margin_us, subject.end_uutc + margin_us)
    expected = expected_matrix(subject.truth, everything)
    assert_same_bits(read_matrix(client, subject.path, everything), expected, name)


@pytest.mark.parametrize("step", [250, 4_096, 999])
@pytest.mark.parametrize("name", ["mef3io_249_75", "mef3io_512_5", "mef3io_255_9997", "mef_tools_drifting"])
def test_walking_in_steps_of_samples_equals_one_read(
    name: str, step: int, recording: Callable[[str], Recording], client: Mef3Client
) -> None:
    subject = opened(client, recording(name))
    truth = subject.truth["ch1"]
    n_steps = min(120, -(-truth.n_slots // step))
    edges = [time_of_slot(i * step, truth.start_uutc, truth.rate) for i in range(n_steps + 1)]
    parts = [
        read_matrix(client, subject.path, Window(("ch1",), start, end))
        for start, end in itertools.pairwise(edges)
    ]
    whole = read_matrix(client, subject.path, Window(("ch1",), edges[0], edges[-1]))
    assert_same_bits(np.concatenate(parts, axis=1), whole, f"{name} in steps of {step}")
    assert_same_bits(whole[0], truth.float32(0, n_steps * step), name)


@pytest.mark.parametrize(
    "order",
    [["LA.10", "LA 01", "LA-02"], ["LA-02", "LA.10"], ["LA 01", "LA 01"], ["LA 01", "LA-02", "LA.10"]],
)
def test_rows_come_in_the_order_of_the_request(
    order: list[str], recording: Callable[[str], Recording], client: Mef3Client
) -> None:
    subject = opened(client, recording("mef3io_256"))
    start = subject.start_uutc + 11_111_111
    answer = client.get_signal_range(subject.path, order, start, start + 5_000_000)
    assert answer["channel_names"] == order
    expected = expected_matrix(subject.truth, Window(tuple(order), start, start + 5_000_000))
    assert_same_bits(answer["array"], expected, str(order))


@pytest.mark.parametrize(
    ("start_days", "duration_s"), [(-20_000, 10), (-1, 60), (1, 60), (20_000, 10)], ids=str
)
def test_a_window_outside_the_recording_is_nan(
    start_days: int, duration_s: int, recording: Callable[[str], Recording], client: Mef3Client
) -> None:
    subject = opened(client, recording("mef3io_1000"))
    start = subject.start_uutc + start_days * 86_400_000_000
    values = read_matrix(client, subject.path, Window(("ch1",), start, start + duration_s * 1_000_000))
    assert values.shape == (1, duration_s * 1_000)
    assert np.isnan(values).all()


def test_the_far_end_of_thirty_days_reads_right(
    recording: Callable[[str], Recording], client: Mef3Client
) -> None:
    subject = opened(client, recording("thirty_days_at_32k"))
    truth = subject.truth["ch1"]
    assert truth.n_slots > 30 * 86_400 * 32_000 - 40_000
    for first_slot in (2**31 - 20_000, truth.n_slots - 39_000, truth.n_slots - 10, truth.n_slots - 50_000):
        start = time_of_slot(first_slot, truth.start_uutc, truth.rate)
        window = Window(("ch1",), start, start + 1_250_000)
        expected = truth.float32(first_slot, 40_000)
        assert_same_bits(read_matrix(client, subject.path, window)[0], expected, f"slot {first_slot}")


def test_clients_reading_the_same_windows_at_once_all_get_the_same_bits(
    recording: Callable[[str], Recording], start_server: Callable[..., Server]
) -> None:
    subject = recording("mef3io_249_75")
    endpoint = start_server(**SERVERS["small tiles"]).endpoint
    windows = list(random_windows(subject.truth, 40, TILE_SLOTS, _seed("at once")))
    expected = [expected_matrix(subject.truth, window) for window in windows]

    clients = [Mef3Client(endpoint) for _ in range(6)]
    for client in clients:
        opened(client, subject)

    def read_all(client: Mef3Client) -> None:
        for window, values in zip(windows, expected, strict=True):
            assert_same_bits(read_matrix(client, subject.path, window), values, str(window))

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(read_all, clients))
    for client in clients:
        client.close_file(subject.path)
        client.shutdown()
