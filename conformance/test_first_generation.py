"""The first generation's calls: numbered segments of a length the client sets, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from oracle.channel_truth import assert_same_bits
from oracle.grid import slots_of_window
from recordings.recording import Recording
from server.compat_messages import CompatStub
from server.other_address import relay_from
from server.process import Server

pytestmark = pytest.mark.not_predecessor("its second generation dropped the segment calls")

SECOND_US = 1_000_000


@pytest.fixture
def subject(recording: Callable[[str], Recording], stub: CompatStub) -> Iterator[Recording]:
    """Three channels with different starts, open for this test only, so that no state is left over."""
    subject = recording("mef3io_256")
    stub("CloseFile", file_path=subject.path)
    stub("OpenFile", file_path=subject.path)
    yield subject
    stub("CloseFile", file_path=subject.path)


def read_segment(stub: CompatStub, path: str, index: int) -> tuple[np.ndarray, Any]:
    """A segment's matrix, float64 `(n_channels, n_samples)`, and its first message."""
    chunks = list(stub("GetSignalSegment", file_path=path, chunk_idx=index))
    assert all(chunk.error_message == "" for chunk in chunks), chunks[-1].error_message
    assert {chunk.dtype for chunk in chunks} == {"float64"}
    parts = [np.frombuffer(chunk.array_bytes, "<f8").reshape(chunk.shape) for chunk in chunks]
    return np.concatenate(parts, axis=1), chunks[0]


def expected_segment(subject: Recording, channels: list[str], seconds: int, index: int) -> np.ndarray:
    """`float64(count) * factor` of segment `index`, the last one shorter."""
    start = subject.start_uutc + index * seconds * SECOND_US
    end = min(start + seconds * SECOND_US, subject.end_uutc)
    truths = [subject.truth[name] for name in channels]
    n_samples = slots_of_window(start, end, truths[0].rate)
    return np.stack([truth.float64(truth.slot(start), n_samples) for truth in truths])


def n_segments(subject: Recording, seconds: int) -> int:
    """How many segments of `seconds` cover the global span."""
    return -(-(subject.end_uutc - subject.start_uutc) // (seconds * SECOND_US))


@pytest.mark.parametrize("seconds", [7, 60, 3_600])
@pytest.mark.parametrize("name", ["mef3io_256", "mef3io_249_75", "pymef_negative_factor", "mef_tools_256"])
def test_every_segment_holds_the_products_in_float64(
    name: str, seconds: int, recording: Callable[[str], Recording], stub: CompatStub
) -> None:
    subject = recording(name)
    stub("CloseFile", file_path=subject.path)
    stub("OpenFile", file_path=subject.path)
    answer = stub("SetSignalSegmentSize", file_path=subject.path, seconds=seconds)
    assert answer.error_message == ""
    assert answer.number_of_segments == n_segments(subject, seconds)
    for index in range(answer.number_of_segments):
        values, first = read_segment(stub, subject.path, index)
        expected = expected_segment(subject, subject.channels, seconds, index)
        assert_same_bits(values, expected, f"{name} segment {index} of {seconds} s")
        assert list(first.channel_names) == subject.channels
        assert first.start_uutc == subject.start_uutc + index * seconds * SECOND_US
    stub("CloseFile", file_path=subject.path)


def test_float64_is_the_product_and_not_widened_float32(subject: Recording, stub: CompatStub) -> None:
    stub("SetSignalSegmentSize", file_path=subject.path, seconds=30)
    values, _ = read_segment(stub, subject.path, 1)
    held = values[~np.isnan(values)]
    assert (held != held.astype(np.float32)).any()


def test_a_long_segment_comes_in_messages_that_clients_accept(
    recording: Callable[[str], Recording], stub: CompatStub
) -> None:
    subject = recording("mef3io_rough_32k")
    stub("OpenFile", file_path=subject.path)
    stub("SetSignalSegmentSize", file_path=subject.path, seconds=60)
    chunks = list(stub("GetSignalSegment", file_path=subject.path, chunk_idx=0))
    values, _ = read_segment(stub, subject.path, 0)
    expected = expected_segment(subject, ["micro"], 60, 0)
    assert_same_bits(values, expected, "one long segment")
    assert all(chunk.ByteSize() < 4 * 1024 * 1024 for chunk in chunks)
    stub("CloseFile", file_path=subject.path)


def test_the_number_of_segments_follows_the_size(subject: Recording, stub: CompatStub) -> None:
    assert stub("GetNumberOfSegments", file_path=subject.path).number_of_segments == 0
    for seconds in (10, 60):
        stub("SetSignalSegmentSize", file_path=subject.path, seconds=seconds)
        answer = stub("GetNumberOfSegments", file_path=subject.path)
        assert answer.number_of_segments == n_segments(subject, seconds)


def test_calls_for_a_file_that_is_not_open_say_so(subject: Recording, stub: CompatStub) -> None:
    stub("CloseFile", file_path=subject.path)
    message = f"File not open: {subject.path}"
    sizes = stub("SetSignalSegmentSize", file_path=subject.path, seconds=10)
    assert (sizes.number_of_segments, sizes.error_message) == (0, message)
    (chunk,) = stub("GetSignalSegment", file_path=subject.path, chunk_idx=0)
    assert chunk.error_message == message
    assert stub("GetNumberOfSegments", file_path=subject.path).number_of_segments == 0


def test_a_segment_before_a_size_was_set_is_an_error(subject: Recording, stub: CompatStub) -> None:
    (chunk,) = stub("GetSignalSegment", file_path=subject.path, chunk_idx=0)
    assert chunk.error_message == (
        f"No chunks available for file: {subject.path}. Set a segment size to init chunks."
    )
    assert [field.name for field, _ in chunk.ListFields()] == ["file_path", "error_message"]


@pytest.mark.parametrize("index", [-1, 10_000])
def test_a_segment_that_does_not_exist_is_an_error(index: int, subject: Recording, stub: CompatStub) -> None:
    stub("SetSignalSegmentSize", file_path=subject.path, seconds=30)
    (chunk,) = stub("GetSignalSegment", file_path=subject.path, chunk_idx=index)
    assert chunk.error_message == f"Invalid chunk request: {index} for {subject.path}"


def test_all_channels_are_active_at_first(subject: Recording, stub: CompatStub) -> None:
    answer = stub("GetActiveChannels", file_path=subject.path)
    assert list(answer.active_channels) == subject.channels
    assert answer.error_message == ""


def test_active_channels_are_served_in_the_order_given(subject: Recording, stub: CompatStub) -> None:
    order = ["LA.10", "LA 01"]
    answer = stub("SetActiveChannels", file_path=subject.path, channel_names=order)
    assert (list(answer.active_channels), answer.error_message) == (order, "")
    assert list(stub("GetActiveChannels", file_path=subject.path).active_channels) == order
    stub("SetSignalSegmentSize", file_path=subject.path, seconds=20)
    values, first = read_segment(stub, subject.path, 2)
    assert list(first.channel_names) == order
    assert_same_bits(values, expected_segment(subject, order, 20, 2), "two active channels")


def test_no_names_make_all_channels_active(subject: Recording, stub: CompatStub) -> None:
    stub("SetActiveChannels", file_path=subject.path, channel_names=["LA-02"])
    answer = stub("SetActiveChannels", file_path=subject.path, channel_names=[])
    assert list(answer.active_channels) == subject.channels


def test_unknown_names_are_dropped_and_reported(subject: Recording, stub: CompatStub) -> None:
    answer = stub("SetActiveChannels", file_path=subject.path, channel_names=["x", "LA-02", "y"])
    assert list(answer.active_channels) == ["LA-02"]
    assert answer.error_message == "Some channels do not exist: ['x', 'y']"


def test_only_unknown_names_keep_the_previous_channels(subject: Recording, stub: CompatStub) -> None:
    stub("SetActiveChannels", file_path=subject.path, channel_names=["LA-02"])
    answer = stub("SetActiveChannels", file_path=subject.path, channel_names=["x"])
    assert list(answer.active_channels) == ["LA-02"]
    assert answer.error_message == "No valid channels in request. Invalid: ['x']"
    assert list(stub("GetActiveChannels", file_path=subject.path).active_channels) == ["LA-02"]


def test_two_clients_do_not_disturb_each_other(subject: Recording, server: Server, stub: CompatStub) -> None:
    with relay_from("127.0.0.2", server.endpoint) as elsewhere, CompatStub(elsewhere) as other:
        other("OpenFile", file_path=subject.path)
        stub("SetSignalSegmentSize", file_path=subject.path, seconds=10)
        stub("SetActiveChannels", file_path=subject.path, channel_names=["LA 01"])
        assert other("GetNumberOfSegments", file_path=subject.path).number_of_segments == 0
        assert list(other("GetActiveChannels", file_path=subject.path).active_channels) == subject.channels
        other("SetSignalSegmentSize", file_path=subject.path, seconds=45)
        other("SetActiveChannels", file_path=subject.path, channel_names=["LA.10", "LA-02"])
        mine, _ = read_segment(stub, subject.path, 1)
        theirs, _ = read_segment(other, subject.path, 1)
        assert_same_bits(mine, expected_segment(subject, ["LA 01"], 10, 1), "mine")
        assert_same_bits(theirs, expected_segment(subject, ["LA.10", "LA-02"], 45, 1), "theirs")
        other("CloseFile", file_path=subject.path)
        read_segment(stub, subject.path, 2)
