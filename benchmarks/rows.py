"""A line of the table, and how samples are put into words."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    spread: str
    goal: str


def quantile(samples: list[float], share: float) -> float:
    """The sample below which `share` of all lie."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def milliseconds(samples: list[float], share: float = 0.95) -> str:
    """Median and another quantile, the 95th percentile unless said otherwise."""
    upper = quantile(samples, share)
    return f"p50 {statistics.median(samples) * 1e3:.1f} ms, p{share * 100:.0f} {upper * 1e3:.1f} ms"


def spread(samples: list[float]) -> str:
    """Smallest to largest, and how many."""
    return f"{min(samples) * 1e3:.1f} to {max(samples) * 1e3:.1f} ms, n = {len(samples)}"


def memory_of(pid: int) -> dict[str, int]:
    """KiB of a process: resident, proportional, private."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split(":")
        fields[key] = int(value.split()[0])
    private = fields["Private_Clean"] + fields["Private_Dirty"]
    return {"resident": fields["Rss"], "pss": fields["Pss"], "private": private}
