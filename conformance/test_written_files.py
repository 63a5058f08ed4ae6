"""Files of our writer are read back identically by readers that others wrote."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mef3io
import numpy as np
import pytest
from pymef.mef_session import MefSession

from oracle.mef3io_source import read_whole
from oracle.pymef_source import read_truth
from recordings import by_our_writer
from recordings.by_our_writer import channel, planned_end_uutc, planned_runs, run
from recordings.catalogue import PASSWORDS
from recordings.channel_plan import BASE_UUTC
from recordings.mef3_bytes import read_index, segment_dirs
from recordings.our_recipes import OUR_SPECS
from recordings.recording import Recording


def _channels(name: str) -> list[dict[str, Any]]:
    return OUR_SPECS[name]["channels"]


@pytest.mark.parametrize("name", OUR_SPECS)
def test_samples_lie_where_the_spec_puts_them(name: str, recording: Callable[[str], Recording]) -> None:
    truth = recording(name).truth
    assert sorted(truth) == sorted(spec["name"] for spec in _channels(name))
    for spec in _channels(name):
        read = truth[spec["name"]]
        assert read.rate == spec["samplingRate"]
        assert read.start_uutc == spec["startUutc"]
        # Each run starts on a whole µs counted from the one before: up to half a µs lost per run.
        places = [place for segment in planned_runs(spec) for place in segment]
        assert abs(read.end_uutc - planned_end_uutc(spec)) <= len(places)
        assert read.slot(read.end_uutc) == sum(places[-1])
        assert {block.stored_factor for block in read.blocks} == {spec["unitsConversionFactor"]}
        planned = np.zeros(read.n_slots, np.bool_)
        for first_slot, n_samples in places:
            planned[first_slot : first_slot + n_samples] = True
        np.testing.assert_array_equal(read.counts()[1], planned)
        assert sum(len(block.counts) for block in read.blocks) == planned.sum()


@pytest.mark.parametrize("name", OUR_SPECS)
def test_mef3io_finds_nothing_to_complain_about(name: str, recording: Callable[[str], Recording]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mef3io.Reader(recording(name).path).close()
    report = mef3io.Validator(recording(name).path).validate()
    assert report.segments_checked == sum(len(spec["segments"]) for spec in _channels(name))
    assert not report.errors, str(report)


@pytest.mark.parametrize("name", OUR_SPECS)
def test_metadata_is_what_the_spec_says(name: str, recording: Callable[[str], Recording]) -> None:
    with mef3io.Reader(recording(name).path) as reader:
        for spec in _channels(name):
            info = reader.info(spec["name"])
            places = [place for segment in planned_runs(spec) for place in segment]
            assert info["number_of_samples"] == sum(n_samples for _, n_samples in places)
            assert info["n_segments"] == len(spec["segments"])
            assert info["units_conversion_factor"] == spec["unitsConversionFactor"]
            assert info["recording_time_offset"] == OUR_SPECS[name].get("recordingTimeOffset", 0)
            starts = [segment["start_sample"] for segment in reader.segments(spec["name"])]
            lengths = [segment["number_of_samples"] for segment in reader.segments(spec["name"])]
            assert starts == [0, *np.cumsum(lengths)[:-1].tolist()]


@pytest.mark.parametrize("name", OUR_SPECS)
def test_pymef_reads_the_original_by_sample(name: str, recording: Callable[[str], Recording]) -> None:
    session = MefSession(recording(name).path, "")
    for spec in _channels(name):
        blocks = recording(name).truth[spec["name"]].blocks
        counts = np.concatenate([block.counts for block in blocks])
        if len(counts) > len(blocks):
            values = session.read_ts_channels_sample(spec["name"], [0, len(counts)])
            np.testing.assert_array_equal(values, counts)
    session.close()


@pytest.mark.parametrize("name", OUR_SPECS)
def test_index_entries_hold_the_extrema_of_their_blocks(
    name: str, recording: Callable[[str], Recording]
) -> None:
    for spec in _channels(name):
        folders = segment_dirs(Path(recording(name).path), spec["name"])
        entries = np.concatenate([read_index(folder) for folder in folders])
        blocks = recording(name).truth[spec["name"]].blocks
        assert entries["maximum"].tolist() == [int(block.counts.max()) for block in blocks]
        assert entries["minimum"].tolist() == [int(block.counts.min()) for block in blocks]


def test_a_constant_signal_is_constant_and_a_rough_one_needs_keysamples(
    recording: Callable[[str], Recording],
) -> None:
    truth = recording("ours_256").truth
    constant = truth["A2"].counts()[0][:12_000]
    assert (constant == constant[0]).all()
    steps = np.abs(np.diff(truth["A10"].counts()[0].astype(np.int64)))
    assert (steps > 127).mean() > 0.3


COUNTS = {
    "full range": np.random.default_rng(1).integers(-(2**31) + 1, 2**31, 3_000),
    "extremes": np.tile([2**31 - 1, -(2**31) + 1, 0, -1, 1], 300),
    "around the keysample": np.cumsum(np.tile([127, -127, 128, -128, 129, -129, 0], 200)),
    "one per block": np.array([5, -5, 5]),
    "all the same": np.full(5_000, 7),
    "steps of one": np.arange(-2_500, 2_500),
}


@pytest.mark.parametrize("name", COUNTS)
def test_given_counts_come_back(name: str, our_writer: Path, tmp_path: Path) -> None:
    counts = COUNTS[name].astype(np.int32)
    session = our_writer / f"ours_{name.replace(' ', '_')}.mefd"
    given = {"gapSamplesBefore": 0, "samples": counts.tolist()}
    block_samples = 1 if name == "one per block" else 512
    spec = {"channels": [channel("ch1", 256.0, 1.0, [[given]])], "blockSamples": block_samples}
    by_our_writer.write(session, spec)
    np.testing.assert_array_equal(read_whole(session, "ch1").counts, counts)
    np.testing.assert_array_equal(read_truth(session, tmp_path)["ch1"].counts()[0], counts)


@pytest.fixture(scope="module")
def our_writer(data_root: Path, request: pytest.FixtureRequest) -> Path:
    """Where to have recordings written, once the writer is there."""
    if request.config.getoption("--server") == "predecessor" and not by_our_writer.WRITER.exists():
        pytest.skip("our writer has not been built")
    return data_root


@pytest.fixture(scope="module")
def encrypted(our_writer: Path) -> Path:
    """A session with both passwords."""
    session = our_writer / "ours_encrypted.mefd"
    runs = [[run(5_000, "noise", 1), run(3_000, "sine", 2, gap=77)], [run(2_000, "noise", 3, gap=9)]]
    by_our_writer.write(
        session,
        {
            "channels": [channel("ch1", 512.0, 0.25, runs)],
            "password1": PASSWORDS[0],
            "password2": PASSWORDS[1],
            "blockSamples": 1_000,
        },
    )
    return session


def test_the_level_2_password_opens_everything(encrypted: Path, tmp_path: Path) -> None:
    truth = read_truth(encrypted, tmp_path, PASSWORDS[1])["ch1"]
    whole = read_whole(encrypted, "ch1", PASSWORDS[1])
    assert (truth.rate, truth.start_uutc) == (512.0, BASE_UUTC)
    assert (whole.rate, whole.start_uutc) == (512.0, BASE_UUTC)
    counts, held = truth.counts()
    np.testing.assert_array_equal(held, whole.held)
    np.testing.assert_array_equal(counts[held], whole.counts[held])
    with mef3io.Reader(str(encrypted), PASSWORDS[1]) as reader:
        assert reader.info("ch1")["section3_available"]


def test_the_level_1_password_opens_signal_and_technical_metadata(encrypted: Path) -> None:
    with mef3io.Reader(str(encrypted), PASSWORDS[0]) as reader:
        info = reader.info("ch1")
        assert info["sampling_frequency"] == 512.0
        assert info["units_conversion_factor"] == 0.25
        assert not info["section3_available"]
    whole = read_whole(encrypted, "ch1", PASSWORDS[0])
    np.testing.assert_array_equal(whole.counts, read_whole(encrypted, "ch1", PASSWORDS[1]).counts)


@pytest.mark.parametrize("password", ["", "wrong", PASSWORDS[0] + "x"])
def test_without_a_right_password_nothing_opens(encrypted: Path, password: str) -> None:
    with pytest.raises(mef3io.MefError):
        mef3io.Reader(str(encrypted), password)
