"""What is said of each group as appraisers: how reliable, how strict, how like the population."""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from analytics.evidence.parts import EvidenceParts
from analytics.evidence.result import GroupEvidence, PopulationEvidence, SeverityEvidence
from analytics.group_reliability import group_reliability
from analytics.plain_figures import known, known_row, limits
from analytics.shapes import NOWHERE, Bools, Integers
from analytics.weighting.calibrated_means import UnitMeans, rated_means
from analytics.weighting.weights import Margin, Weighted, margin_miss, rake, trim

FEWEST_TO_WEIGHT = 30  # ballots that say their levels
LEAST, MOST = 1 / 5, 5.0  # of the usual weight that one ballot may have


def group_evidence(parts: EvidenceParts, code: str) -> GroupEvidence:
    """Return what is said of a group."""
    rows = parts.inputs.rows
    found = group_reliability(parts.patterns, code)
    number = rows.groups.index(code) if code in rows.groups else NOWHERE
    ballots = int((rows.group == number).sum())
    rated = int((rows.group[rows.ballot] == number).sum())
    place = parts.scores.groups.index(code)
    strengths = parts.shrunken.strength[:, place]
    strengths = strengths[~np.isnan(strengths)]
    return GroupEvidence(
        code=code,
        ballots=ballots,
        invited=parts.inputs.invited.get(code),
        units_per_ballot=rated / ballots if ballots else None,
        complete=found.items.n,
        alpha=known(found.items.alpha),
        alpha_limits=limits(found.items.alpha_low, found.items.alpha_high),
        omega=known(found.items.omega),
        one_rating=known(found.scores.icc1),
        unit_means=known(found.scores.icc2),
        krippendorff=known(found.alpha),
        item_rest=known_row(found.items.item_rest),
        strength=known(np.median(strengths)) if strengths.size else None,
        floor=parts.inputs.rules.group(code).floor,
    )


def severity_evidence(parts: EvidenceParts) -> tuple[SeverityEvidence, ...]:
    """Return how strict and lenient appraisers differ, group by group."""
    made = []
    for code, found in parts.severity.items():
        crossed, moves = found.crossed, found.moves
        made.append(
            SeverityEvidence(
                group=code,
                verdict=found.verdict.value,
                ratings=found.ratings,
                appraisers=found.appraisers,
                units=found.units,
                parts=found.part_count,
                appraiser_sd=known(found.appraiser_sd),
                unit_sd=None if crossed is None else sqrt(crossed.unit_variance),
                residual_sd=None if crossed is None else sqrt(crossed.residual_variance),
                largest_shift=known(found.largest_shift),
                kendall=None if moves is None else known(moves.kendall),
                largest_move=None if moves is None else moves.largest_move,
                large_moves=None if moves is None else known(moves.large_moves),
            )
        )
    return tuple(made)


@dataclass(frozen=True, eq=False, slots=True)
class PopulationParts:
    """One group weighted to the population, and what that makes of its means of units (U,)."""

    evidence: PopulationEvidence
    means: UnitMeans | None


def population_parts(parts: EvidenceParts) -> tuple[PopulationParts, ...]:
    """Return every group whose ballots say of which kind of people they are, weighted."""
    table = parts.inputs.population
    if table is None:
        return ()
    rows = parts.inputs.rows
    made = []
    for number, code in enumerate(rows.groups):
        members = rows.group == number
        said = (table.answers[members] != NOWHERE).any(axis=0)
        if code in parts.scores.groups and said.any():
            made.append(_weighted_group(parts, code, members, np.flatnonzero(said)))
    return tuple(made)


def _weighted_group(
    parts: EvidenceParts, code: str, members: Bools, variables: Integers
) -> PopulationParts:
    table = parts.inputs.population
    assert table is not None  # noqa: S101 - there is a group that it speaks of
    answers = table.answers[:, variables]
    complete = members & (answers != NOWHERE).all(axis=1)
    names = tuple(table.variables[v] for v in variables)
    margins = [
        Margin(table.variables[v], table.levels[v], table.people[v].astype(np.float64))
        for v in variables
    ]
    n, left_out = int(complete.sum()), int(members.sum() - complete.sum())
    empty = PopulationEvidence(code, names, n, left_out, None, None, 0, None, None, "")
    obstacle = _obstacle(n, answers[complete], margins)
    if obstacle is not None:
        return PopulationParts(replace(empty, obstacle=obstacle[0], obstacle_at=obstacle[1]), None)
    base = np.ones(n)
    weighted = rake(base, answers[complete], margins)
    if not weighted.has_converged:
        return PopulationParts(replace(empty, obstacle="no_convergence"), None)
    weighted, cut = _without_extremes(weighted, answers[complete], margins)
    evidence = replace(
        empty,
        design_effect=known(weighted.design_effect),
        effective_n=known(weighted.effective_n),
        trimmed=cut,
        largest_miss=known(weighted.largest_miss),
    )
    return PopulationParts(
        evidence, rated_means(parts.inputs.rows, np.flatnonzero(complete), base, weighted)
    )


def _obstacle(n: int, codes: Integers, margins: list[Margin]) -> tuple[str, str] | None:
    """Return why ballots cannot be weighted to these margins, and at which variable and level."""
    if n < FEWEST_TO_WEIGHT:
        return "few", ""
    for v, margin in enumerate(margins):
        found = np.bincount(codes[:, v], minlength=len(margin.levels)) > 0
        wanted = margin.population > 0
        for name, wrong in (("no_ballots", wanted & ~found), ("no_people", found & ~wanted)):
            if wrong.any():
                return name, f"{margin.variable} · {margin.levels[int(wrong.argmax())]}"
        if margin.population.sum() != margins[0].population.sum():
            return "totals", f"{margins[0].variable} · {margin.variable}"
    return None


def _without_extremes(
    weighted: Weighted, codes: Integers, margins: list[Margin]
) -> tuple[Weighted, int]:
    """Return weights cut at both ends where some are extreme, and how many were."""
    cut = trim(weighted.weights, LEAST, MOST)
    extreme = cut.low_count + cut.high_count
    if not extreme:
        return weighted, 0
    trimmed = replace(
        weighted,
        weights=cut.weights,
        largest_miss=margin_miss(cut.weights, codes, margins),
        design_effect=cut.design_effect,
        effective_n=cut.effective_n,
    )
    return trimmed, extreme
