"""A recording on disk together with what must be read from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from oracle.channel_truth import ChannelTruth
from oracle.pymef_source import read_truth
from recordings.catalogue import Recipe


@dataclass(frozen=True)
class Recording:
    """One made recipe. The path is the one that clients name."""

    recipe: Recipe
    path: str
    scratch: Path

    @cached_property
    def truth(self) -> dict[str, ChannelTruth]:
        """Every channel, by name, as pymef decodes its blocks."""
        return read_truth(Path(self.path), self.scratch)

    @property
    def channels(self) -> list[str]:
        """Channel names in the server's order."""
        return sorted(self.truth)

    @property
    def start_uutc(self) -> int:
        """Earliest channel start."""
        return min(channel.start_uutc for channel in self.truth.values())

    @property
    def end_uutc(self) -> int:
        """Latest channel end as the files state it, exclusive."""
        return max(channel.end_uutc for channel in self.truth.values())
