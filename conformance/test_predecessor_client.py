"""The second generation's own client, unmodified, gets what it always got."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from mef3io_server.client import Mef3Client

from oracle.channel_truth import assert_same_bits
from oracle.random_windows import Window, expected_matrix
from recordings.recording import Recording
from server.compat_messages import CompatStub
from server.other_address import relay_from
from server.process import Server

SECOND_US = 1_000_000
MAX_MESSAGE_BYTES = 4 * 1024 * 1024


@pytest.fixture
def subject(recording: Callable[[str], Recording], client: Mef3Client) -> Iterator[Recording]:
    """Three channels with different starts and ends, not open before and not after the test."""
    subject = recording("mef3io_256")
    client.close_file(subject.path)
    yield subject
    client.close_file(subject.path)


def test_open_file_describes_the_recording(subject: Recording, client: Mef3Client) -> None:
    info = client.open_file(subject.path)
    truth = [subject.truth[name] for name in subject.channels]
    assert info["file_path"] == subject.path
    assert info["file_opened"] is True
    assert info["error_message"] == ""
    assert info["number_of_channels"] == 3
    assert info["channel_names"] == ["LA 01", "LA-02", "LA.10"]
    assert info["channel_sampling_rates"] == [256.0] * 3
    assert info["channel_start_uutc"] == [channel.start_uutc for channel in truth]
    assert info["channel_end_uutc"] == [channel.end_uutc for channel in truth]
    assert (info["start_uutc"], info["end_uutc"]) == (subject.start_uutc, subject.end_uutc)
    assert info["duration_s"] == (subject.end_uutc - subject.start_uutc) / 1e6


def test_rates_are_the_nearest_float32(recording: Callable[[str], Recording], client: Mef3Client) -> None:
    info = client.open_file(recording("mef3io_255_9997").path)
    assert info["channel_sampling_rates"] == [float(np.float32(255.99966850705994))] * 2


def test_file_info_of_an_open_file_equals_the_answer_to_opening_it(
    subject: Recording, client: Mef3Client
) -> None:
    assert client.open_file(subject.path) == client.get_file_info(subject.path)


def test_file_info_of_a_file_that_is_not_open_says_so(subject: Recording, client: Mef3Client) -> None:
    info = client.get_file_info(subject.path)
    assert info["file_path"] == subject.path
    assert info["file_opened"] is False
    assert info["channel_names"] == []


def test_opening_what_is_not_there_is_an_error_in_the_message(data_root: object, client: Mef3Client) -> None:
    path = f"{data_root}/nowhere.mefd"
    info = client.open_file(path)
    assert info["file_opened"] is False
    assert info["error_message"] == f"File does not exist: {path}"


@pytest.mark.not_predecessor("its second generation says so only to clients that send no id")
def test_opening_twice_gives_the_information_and_says_so(subject: Recording, client: Mef3Client) -> None:
    first = client.open_file(subject.path)
    again = client.open_file(subject.path)
    assert again["error_message"] == f"File already open: {subject.path}"
    assert {**again, "error_message": ""} == first


def test_a_client_without_an_id_opening_twice_is_told(subject: Recording, stub: CompatStub) -> None:
    stub("CloseFile", file_path=subject.path)
    first = stub("OpenFile", file_path=subject.path)
    again = stub("OpenFile", file_path=subject.path)
    assert again.file_opened
    assert again.error_message == f"File already open: {subject.path}"
    assert again.channel_names == first.channel_names
    stub("CloseFile", file_path=subject.path)


def test_open_files_are_listed(subject: Recording, client: Mef3Client) -> None:
    assert subject.path not in client.list_open_files()
    client.open_file(subject.path)
    assert subject.path in client.list_open_files()


def test_close_answers_closed_whatever_was_open(subject: Recording, client: Mef3Client) -> None:
    client.open_file(subject.path)
    for _ in range(2):
        assert client.close_file(subject.path) == {"file_path": subject.path, "file_opened": False}
    assert subject.path not in client.list_open_files()
    assert client.get_file_info(subject.path)["file_opened"] is False


def test_reading_a_file_that_is_not_open_is_an_error(subject: Recording, client: Mef3Client) -> None:
    answer = client.get_signal_range(subject.path, None, subject.start_uutc, subject.end_uutc)
    assert answer["array"] is None
    assert answer["error_message"] == f"File not open: {subject.path}"


@pytest.mark.parametrize(
    ("channels", "start_us", "end_us", "message"),
    [
        (["LA 01", "nope"], 0, SECOND_US, "Unknown channels: ['nope']"),
        (["x", "LA 01", "y"], 0, SECOND_US, "Unknown channels: ['x', 'y']"),
        (["LA 01"], SECOND_US, SECOND_US, "end_uutc must be greater than start_uutc"),
        (["LA 01"], SECOND_US, 0, "end_uutc must be greater than start_uutc"),
        (["LA 01"], 0, 1_000, "Requested window is shorter than one sample"),
        (["LA 01"], 0, 1, "Requested window is shorter than one sample"),
    ],
)
def test_an_impossible_range_is_an_error(
    channels: list[str], start_us: int, end_us: int, message: str, subject: Recording, client: Mef3Client
) -> None:
    client.open_file(subject.path)
    start = subject.start_uutc
    answer = client.get_signal_range(subject.path, channels, start + start_us, start + end_us)
    assert answer["array"] is None
    assert answer["error_message"] == message


def test_channels_of_different_rates_cannot_be_read_together(
    recording: Callable[[str], Recording], client: Mef3Client
) -> None:
    mixed = recording("mixed_rates")
    info = client.open_file(mixed.path)
    assert info["channel_sampling_rates"] == [1000.0, 250.0]
    window = (mixed.start_uutc, mixed.start_uutc + SECOND_US)
    answer = client.get_signal_range(mixed.path, None, *window)
    assert answer["array"] is None
    assert answer["error_message"].startswith("Requested channels do not share a sampling rate: ")
    assert "1000" in answer["error_message"]
    assert "250" in answer["error_message"]
    for name, n_samples in (("fast", 1_000), ("slow", 250)):
        values = client.get_signal_range(mixed.path, [name], *window)["array"]
        assert_same_bits(values[0], mixed.truth[name].float32(0, n_samples), name)
    client.close_file(mixed.path)


def test_a_failing_stream_sends_one_message_with_path_and_error_only(
    subject: Recording, stub: CompatStub
) -> None:
    (chunk,) = stub("GetSignalRange", file_path=subject.path, start_uutc=0, end_uutc=1)
    assert chunk.error_message == f"File not open: {subject.path}"
    assert [field.name for field, _ in chunk.ListFields()] == ["file_path", "error_message"]


def test_a_range_describes_itself(subject: Recording, client: Mef3Client) -> None:
    client.open_file(subject.path)
    start, end = subject.start_uutc + 500_000, subject.start_uutc + 10_500_000
    answer = client.get_signal_range(subject.path, None, start, end)
    assert answer["channel_names"] == ["LA 01", "LA-02", "LA.10"]
    assert answer["fs"] == 256.0
    assert (answer["start_uutc"], answer["end_uutc"]) == (start, end)
    assert answer["dtype"] == "float32"
    assert answer["shape"] == (3, 2_560)
    assert answer["error_message"] == ""


def test_the_rate_of_a_range_is_exact(recording: Callable[[str], Recording], client: Mef3Client) -> None:
    subject = recording("mef3io_255_9997")
    client.open_file(subject.path)
    answer = client.get_signal_range(subject.path, None, subject.start_uutc, subject.start_uutc + SECOND_US)
    assert answer["fs"] == 255.99966850705994


def test_a_long_range_comes_in_slices_of_time(
    recording: Callable[[str], Recording], client: Mef3Client, stub: CompatStub
) -> None:
    subject = recording("mef3io_rough_32k")
    client.open_file(subject.path)
    stub("OpenFile", file_path=subject.path)
    start, end = subject.start_uutc, subject.start_uutc + 60 * SECOND_US
    chunks = list(stub("GetSignalRange", file_path=subject.path, start_uutc=start, end_uutc=end))
    n_samples = [chunk.shape[1] for chunk in chunks]
    assert len(chunks) >= 3
    assert sum(n_samples) == 60 * 32_000
    assert all(chunk.ByteSize() < MAX_MESSAGE_BYTES for chunk in chunks)
    assert all(len(chunk.array_bytes) == 4 * chunk.shape[0] * chunk.shape[1] for chunk in chunks)
    assert all(chunk.HasField("error_message") and chunk.error_message == "" for chunk in chunks)
    assert (chunks[0].start_uutc, chunks[-1].end_uutc) == (start, end)
    for earlier, later in itertools.pairwise(chunks):
        assert earlier.end_uutc == later.start_uutc
    first = 0
    for chunk in chunks:
        assert abs(chunk.start_uutc - (start + first * (end - start) / sum(n_samples))) <= 1
        first += chunk.shape[1]
    values = np.concatenate([np.frombuffer(chunk.array_bytes, "<f4") for chunk in chunks])
    expected = expected_matrix(subject.truth, Window(("micro",), start, end))
    assert_same_bits(values, expected[0], "slices of time")


@pytest.mark.not_predecessor("a close answers that the file is open while others have it open")
def test_closing_ends_only_the_own_use(subject: Recording, server: Server, client: Mef3Client) -> None:
    with relay_from("127.0.0.2", server.endpoint) as elsewhere:
        other = Mef3Client(elsewhere)
        client.open_file(subject.path)
        assert other.open_file(subject.path)["error_message"] == ""
        assert client.close_file(subject.path)["file_opened"] is False
        window = (subject.start_uutc, subject.start_uutc + SECOND_US)
        assert other.get_signal_range(subject.path, None, *window)["error_message"] == ""
        other.close_file(subject.path)
        other.shutdown()
    answer = client.get_signal_range(subject.path, None, *window)
    assert answer["error_message"] == f"File not open: {subject.path}"


def test_clients_on_one_host_are_told_apart_by_their_ids(
    subject: Recording, server: Server, client: Mef3Client
) -> None:
    other = Mef3Client(server.endpoint)
    assert other.client_id != client.client_id
    assert other.open_file(subject.path)["error_message"] == ""
    assert client.open_file(subject.path)["error_message"] == ""
    client.close_file(subject.path)
    window = (subject.start_uutc, subject.start_uutc + SECOND_US)
    assert other.get_signal_range(subject.path, None, *window)["error_message"] == ""
    other.close_file(subject.path)
    other.shutdown()
