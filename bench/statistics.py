"""Statistics beside R, svy and samplics in one run: CPU seconds in one thread, and ratios."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import click

from bench.figures import Part, Table
from bench.items import items_section
from bench.mean_tables import Sizes as MeanSizes
from bench.mean_tables import means_section
from bench.raking import raking_section
from bench.redrawing import redrawing_section
from bench.round_evidence import Sizes as EvidenceSizes
from bench.round_evidence import evidence_section
from bench.severity import INSTEVAL, MILLION, Crowd, severity_section
from bench.yardsticks import Yardsticks, one_thread

T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """How many rounds everybody's turn comes in, and how much there is to do."""

    rounds: int
    means: MeanSizes
    replicates: int
    redrawn_units: int
    crowds: tuple[Crowd, ...]
    raked: int
    answered: int
    evidence: EvidenceSizes


QUICK, FULL = (
    Sizes(
        2,
        MeanSizes(100_000, 100, 10, (10_000, 100_000)),
        1_000,
        100,
        (INSTEVAL,),
        100_000,
        10_000,
        EvidenceSizes(has_demonstration=True, kept=()),
    ),
    Sizes(
        5,
        MeanSizes(1_000_000, 100, 10, (10_000, 1_000_000)),
        10_000,
        100,
        (INSTEVAL, MILLION),
        1_000_000,
        100_000,
        EvidenceSizes(has_demonstration=True, kept=(100_000,)),
    ),
)


def run(sizes: Sizes, folder: Path, _has_postgresql: bool = True) -> Part:
    """Measure in a process that computes in one thread: that is settled when numpy is loaded."""
    return in_one_thread(measured, (sizes, folder, Yardsticks.found()))


def in_one_thread(work: Callable[..., T], arguments: tuple[object, ...]) -> T:
    """Return what the work returns in a process of its own that computes in one thread.

    The process ends by itself when the work is done. It is told to end only when this one is:
    Python drops the exception of a signal that comes while an object is taken down, and a
    process that did not hear it would be waited for without end.
    """
    with one_thread(), get_context("spawn").Pool(1, _end_in_order) as pool:
        task = pool.apply_async(work, arguments)
        pool.close()
        pool.join()
        return task.get()


def measured(sizes: Sizes, folder: Path, yardsticks: Yardsticks) -> Part:
    """Return all comparisons, one after the other."""
    before = os.getloadavg()[0]
    sections = {}
    for name, section in {
        "means": partial(means_section, sizes.means),
        "redrawing": partial(redrawing_section, sizes.replicates, sizes.redrawn_units),
        "severity": partial(severity_section, sizes.crowds),
        "raking": partial(raking_section, sizes.raked),
        "items": partial(items_section, sizes.answered),
        "evidence": partial(evidence_section, sizes.evidence),
    }.items():
        click.echo(f" {name}:")
        sections[name] = section(sizes.rounds, folder, yardsticks)
    load = Table(
        "Load average",
        ("before", "after"),
        ((f"{before:.1f}", f"{os.getloadavg()[0]:.1f}"),),
        (
            (
                f"Medians of {sizes.rounds} rounds in which all take their turn, ours warm; CPU"
                " seconds, user and system, one thread everywhere."
            ),
        ),
    )
    return Part(
        "statistics",
        (*(table for section in sections.values() for table in section.tables), load),
        tuple(goal for section in sections.values() for goal in section.goals),
        {name: section.raw for name, section in sections.items()},
    )


def _end_in_order() -> None:
    """Let what this process has started end with it when it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
