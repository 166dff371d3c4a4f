"""The analysis of weights: groups made to look like the population, and the open link apart."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analytics.analyses.document_heads import Document, study_document
from analytics.analyses.studies import Study
from analytics.channels import ChannelComparison, channel_comparison
from analytics.faults import N_, Fault, FileFault
from analytics.population_tables import Attributes, read_attributes
from analytics.shapes import NOWHERE, Integers
from analytics.shaping import pattern_counts
from analytics.tables import FaultList, read_table
from analytics.tally import OPEN_CHANNEL
from analytics.weighting.calibrated_means import UnitMeans, rated_means
from analytics.weighting.calibration import Bounds
from analytics.weighting.weights import Margin, Trimmed, Weighted, margin_miss, rake, trim

WEIGHT_CLAIMS = {
    "weighted": N_(
        "Weights repair what the margins know and nothing else. They are no part of the official "
        "score, and around an open link the error is the spread of the votes."
    ),
    "channels": N_(
        "A difference between channels is a reason to look and proves nothing: the public of a "
        "letter and of a poster differ."
    ),
}


@dataclass(frozen=True, slots=True)
class RakeChoices:
    """How weights are made: free or between bounds, trimmed or not, of all groups or of some."""

    bounds: Bounds | None = None
    trim: tuple[float, float] | None = None  # multiples of the median weight
    groups: tuple[str, ...] = ()  # all that say their levels, where none is named


@dataclass(frozen=True, eq=False, slots=True)
class RakedStudy:
    """What weighting makes of a study, and the weights themselves."""

    document: Document
    weights: tuple[tuple[str, str, float], ...]  # ballot, group, weight


def chosen_margins(margins: Sequence[Margin], variables: Collection[str]) -> tuple[Margin, ...]:
    """Return the margins of some variables, all where none is named."""
    known = [margin.variable for margin in margins]
    for variable in variables:
        if variable not in known:
            message = N_("there is no population of “%(variable)s”")
            raise Fault(message, "weighting", variable=variable)
    return tuple(one for one in margins if not variables or one.variable in variables)


def read_people(study: Study, path: Path, margins: Sequence[Margin]) -> Attributes:
    """Return what a file says of the people behind the ballots of a study.

    A ballot that has no ratings is refused: its name is wrong, or the ratings are.
    """
    said = read_attributes(path, margins, study.rows.groups)
    if not study.names.issuperset(said.ballots):
        faults = FaultList()
        for row, (ballot, group) in read_table(path, FaultList(), ("ballot", "group")):
            if (group, ballot) not in study.names:
                message = N_("no ballot “%(ballot)s” of this group has ratings")
                faults.add(FileFault(message, path.name, row, "ballot", ballot=ballot[:40]))
        faults.check()
    return said


def rake_analysis(
    study: Study, margins: Sequence[Margin], said: Attributes, choices: RakeChoices
) -> RakedStudy:
    """Return every group's means of units when its ballots are weighted to the population."""
    number_of = {name: number for number, name in enumerate(_names(study))}
    # Ballots of an open link that the rules leave out are known, but weigh nothing.
    number = np.array([number_of.get(name, NOWHERE) for name in said.ballots], np.int64)
    ballots, codes = number[number != NOWHERE], said.codes[number != NOWHERE]
    chosen = [*_chosen_groups(study, ballots, choices.groups)]
    groups = []
    weights: list[tuple[str, str, float]] = []
    for group in chosen:
        rows = np.flatnonzero(study.rows.group[ballots] == study.rows.groups.index(group))
        found = _weighted_group(study, group, margins, _Said(ballots[rows], codes[rows]), choices)
        groups.append(found.document)
        weights += found.weights
    contents = {
        "margins": [
            {
                "variable": margin.variable,
                "levels": [
                    {"level": level, "population": margin.population[number]}
                    for number, level in enumerate(margin.levels)
                ],
            }
            for margin in margins
        ],
        "groups": groups,
        "channels": _channels(study),
    }
    document = study_document("rake", study, WEIGHT_CLAIMS, contents)
    return RakedStudy(document, tuple(weights))


# --- the parts, in order of use ------------------------------------------------------------------


def _names(study: Study) -> Iterator[tuple[str, str]]:
    """Yield group and name of each ballot."""
    rows = study.rows
    for number, name in zip(rows.group.tolist(), rows.ballots, strict=True):
        yield rows.groups[number], name


def _chosen_groups(study: Study, ballots: Integers, wanted: Collection[str]) -> Iterator[str]:
    present = {study.rows.groups[number] for number in study.rows.group[ballots].tolist()}
    for group in wanted:
        if group not in present:
            message = N_("no ballot of group “%(group)s” says its levels")
            raise Fault(message, "weighting", group=group)
    for group in study.rows.groups:
        if group in present and (not wanted or group in wanted):
            yield group


@dataclass(frozen=True, eq=False, slots=True)
class _Said:
    """Ballots by number, and the levels that each says (n, V)."""

    ballots: Integers
    codes: Integers


def _weighted_group(
    study: Study, group: str, margins: Sequence[Margin], said: _Said, choices: RakeChoices
) -> RakedStudy:
    complete = (said.codes != NOWHERE).all(axis=1)
    ballots, codes = said.ballots[complete], said.codes[complete]
    everybody = int((study.rows.group == study.rows.groups.index(group)).sum())
    base = np.ones(ballots.size)
    if not ballots.size:
        raise Fault(N_("no ballot of group “%(group)s” says its levels"), "weighting", group=group)
    try:
        raked = rake(base, codes, margins, choices.bounds)
    except Fault as fault:
        raise Fault(fault.message, group, **fault.values) from fault
    cut = None if choices.trim is None else trim(raked.weights, *choices.trim)
    used = raked if cut is None else replace(raked, weights=cut.weights)
    document = {
        "group": group,
        "ballots": everybody,
        "weighted_ballots": ballots.size,
        "left_out": everybody - ballots.size,
        "has_converged": raked.has_converged,
        "steps": raked.steps,
        "largest_miss": raked.largest_miss,
        "design_effect": raked.design_effect,
        "effective_n": raked.effective_n,
        "trimmed": None if cut is None else _trimmed(cut, codes, margins),
        "cells": _cells(raked, margins),
        "units": _units(study, rated_means(study.rows, ballots, base, used)),
    }
    names = [study.rows.ballots[ballot] for ballot in ballots.tolist()]
    return RakedStudy(
        document,
        tuple(
            (name, group, weight) for name, weight in zip(names, used.weights.tolist(), strict=True)
        ),
    )


def _trimmed(cut: Trimmed, codes: Integers, margins: Sequence[Margin]) -> dict[str, Any]:
    return {
        "low": cut.low,
        "high": cut.high,
        "low_count": cut.low_count,
        "high_count": cut.high_count,
        "design_effect": cut.design_effect,
        "effective_n": cut.effective_n,
        "largest_miss": margin_miss(cut.weights, codes, margins),
    }


def _cells(raked: Weighted, margins: Sequence[Margin]) -> list[dict[str, Any]]:
    """Return how many ballots each combination of levels has and what they are multiplied by."""
    ballots = np.bincount(raked.cell, minlength=len(raked.cells))
    return [
        {
            "levels": [
                {"variable": margin.variable, "level": margin.levels[level]}
                for margin, level in zip(margins, levels.tolist(), strict=True)
            ],
            "ballots": ballots[number],
            "factor": raked.factors[number],
        }
        for number, levels in enumerate(raked.cells)
    ]


def _units(study: Study, found: UnitMeans) -> list[dict[str, Any]]:
    return [
        {
            "unit": unit.code,
            "n": found.n[u],
            "effective_n": found.effective_n[u],
            "mean": found.base_means[u],
            "weighted": found.means[u],
            "se": found.se[u],
        }
        for u, unit in enumerate(study.units)
        if found.n[u]
    ]


def _channels(study: Study) -> dict[str, Any] | None:
    """Return the open link against the other channels, None where the ballots are of one kind."""
    patterns = pattern_counts(study.tally, study.rules, study.units)
    if OPEN_CHANNEL not in patterns.channels or len(patterns.channels) < 2:
        return None
    found = channel_comparison(patterns)
    return {
        "channel": OPEN_CHANNEL,
        "against": [code for code in patterns.channels if code != OPEN_CHANNEL],
        "units": [
            {
                "unit": code,
                "statistic": found.statistic[u],
                "df": found.df[u],
                "p": found.p[u],
                "holm_p": found.holm_p[u],
                "differs": found.differs[u],
                "groups": _channel_cells(found, u),
            }
            for u, code in enumerate(found.units)
        ],
    }


def _channel_cells(found: ChannelComparison, unit: int) -> list[dict[str, Any]]:
    return [
        {
            "group": code,
            "open_n": found.n[0, unit, g],
            "other_n": found.n[1, unit, g],
            "open_mean": found.means[0, unit, g],
            "other_mean": found.means[1, unit, g],
            "difference": found.differences[unit, g],
            "se": found.se[unit, g],
            "low": found.low[unit, g],
            "high": found.high[unit, g],
            "excess": found.excess[unit, g],
        }
        for g, code in enumerate(found.groups)
        if found.n[:, unit, g].any()
    ]
