"""Sessions of the legacy stack, with the values that its own reader gave."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mef3io_server.client import Mef3Client

from oracle.channel_truth import assert_same_bits
from server.compat_messages import CompatStub

CASES = ["plain_single", "nan_gap_short", "multi_segment", "multi_channel", "with_annotations"]


@dataclass(frozen=True)
class GoldenSession:
    """A golden session inside the served folder, and its entry in the manifest."""

    path: str
    channels: dict[str, dict]
    folder: Path

    def scaled(self, channel: str) -> np.ndarray:
        """Expected float64 values of a whole channel, NaN for gaps."""
        return np.fromfile(self.folder / self.channels[channel]["scaled_f64le"], "<f8")


@pytest.fixture(params=CASES)
def session(request: pytest.FixtureRequest, golden: Path, data_root: Path) -> GoldenSession:
    """One golden session, copied to where the server may read."""
    copy = data_root / f"golden-{request.param}.mefd"
    if not copy.exists():
        shutil.copytree(golden / f"{request.param}.mefd", copy)
    manifest = json.loads((golden / "manifest.json").read_text())
    (case,) = (case for case in manifest["cases"] if case["name"] == request.param)
    return GoldenSession(str(copy), case["channels"], golden)


def test_the_manifest_holds_exactly_these_cases(golden: Path) -> None:
    manifest = json.loads((golden / "manifest.json").read_text())
    assert sorted(case["name"] for case in manifest["cases"]) == sorted(CASES)


def test_the_description_is_the_manifests(session: GoldenSession, client: Mef3Client) -> None:
    info = client.open_file(session.path)
    expected = [session.channels[name] for name in sorted(session.channels)]
    assert info["channel_names"] == sorted(session.channels)
    assert info["channel_sampling_rates"] == [channel["fs"] for channel in expected]
    assert info["channel_start_uutc"] == [channel["start_time"] for channel in expected]
    assert info["channel_end_uutc"] == [channel["end_time"] for channel in expected]


def test_float32_values_are_the_expected_ones_rounded_once(
    session: GoldenSession, client: Mef3Client
) -> None:
    client.open_file(session.path)
    for name, channel in session.channels.items():
        answer = client.get_signal_range(session.path, [name], channel["start_time"], channel["end_time"])
        expected = session.scaled(name)
        assert len(expected) == channel["nsamp"]
        assert np.isnan(expected).sum() == channel["nan_count"]
        assert_same_bits(answer["array"][0], expected.astype(np.float32), f"{session.path} {name}")


@pytest.mark.not_predecessor("its second generation dropped the segment calls")
def test_float64_values_are_the_expected_ones(session: GoldenSession, stub: CompatStub) -> None:
    stub("OpenFile", file_path=session.path)
    stub("SetSignalSegmentSize", file_path=session.path, seconds=3_600)
    for name in session.channels:
        stub("SetActiveChannels", file_path=session.path, channel_names=[name])
        chunks = list(stub("GetSignalSegment", file_path=session.path, chunk_idx=0))
        assert [chunk.error_message for chunk in chunks] == [""] * len(chunks)
        values = np.concatenate([np.frombuffer(chunk.array_bytes, "<f8") for chunk in chunks])
        assert_same_bits(values, session.scaled(name), f"{session.path} {name}")
    stub("CloseFile", file_path=session.path)
