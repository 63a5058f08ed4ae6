"""Recordings written by this repository's own writer, through its command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oracle.grid import round_half_away
from recordings.channel_plan import BASE_UUTC

REPOSITORY = Path(__file__).resolve().parents[2]
WRITER = REPOSITORY / "services" / "decoder" / "dist" / "writer" / "write-recording.js"

WRITE_DEADLINE_S = 60


def write(session: Path, spec: dict[str, Any]) -> None:
    """Writes the recording that `spec` describes; the session's name is taken from the path."""
    assert WRITER.exists(), f"{WRITER.relative_to(REPOSITORY)} is missing: build the repository first"
    spec_file = session.with_suffix(".json")
    spec_file.write_text(json.dumps({"name": session.stem, **spec}))
    done = subprocess.run(
        ["node", str(WRITER), "--spec", str(spec_file), "--out", str(session.parent)],
        capture_output=True,
        text=True,
        timeout=WRITE_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"the writer ended with {done.returncode}:\n{done.stderr}"


def run(n_samples: int, kind: str, seed: int, *, gap: int = 0, amplitude: int = 2_000) -> dict[str, Any]:
    """Samples without a gap, `gap` empty slots after what came before."""
    return {
        "gapSamplesBefore": gap,
        "nSamples": n_samples,
        "signal": {"kind": kind, "seed": seed, "amplitude": amplitude},
    }


def channel(
    name: str,
    rate: float,
    factor: float,
    segments: Sequence[Sequence[dict[str, Any]]],
    start_uutc: int = BASE_UUTC,
) -> dict[str, Any]:
    """One channel of a spec."""
    return {
        "name": name,
        "samplingRate": rate,
        "unitsConversionFactor": factor,
        "startUutc": start_uutc,
        "segments": [{"runs": list(runs)} for runs in segments],
    }


def planned_runs(spec_channel: dict[str, Any]) -> list[list[tuple[int, int]]]:
    """Per segment, each run's `(first slot, n samples)` on the channel's grid, as the spec asks."""
    slot = 0
    planned = []
    for segment in spec_channel["segments"]:
        runs = []
        for spec_run in segment["runs"]:
            slot += spec_run["gapSamplesBefore"]
            runs.append((slot, spec_run["nSamples"]))
            slot += spec_run["nSamples"]
        planned.append(runs)
    return planned


def planned_end_uutc(spec_channel: dict[str, Any]) -> int:
    """Exclusive end of the channel's last sample."""
    first_slot, n_samples = planned_runs(spec_channel)[-1][-1]
    span = round_half_away((first_slot + n_samples) * 1e6 / spec_channel["samplingRate"])
    return spec_channel["startUutc"] + span
