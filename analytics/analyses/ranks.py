"""Analyses of the order of units: how far ranks can be told, and what they hang on."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from analytics.analyses.document_heads import Document, study_document
from analytics.analyses.studies import Study
from analytics.analyses.study_parts import StudyParts, study_parts
from analytics.evidence.classes import ClassParts, class_parts, compared_ranks, pairs_apart
from analytics.faults import N_
from analytics.merge import combine
from analytics.ranks import RankSets
from analytics.sensitivity import influence_bound
from analytics.shapes import NOWHERE

REPLICATES = 2000
FALSE_SHARE = 0.1  # of a group's ballots, for which the largest effect is told

RANK_CLAIMS = {
    "low": N_(
        "All true ranks of a class lie between low and high with 95 percent confidence. Marginal "
        "sets hold for one unit chosen beforehand, not for a column of them."
    ),
    "like": N_(
        "Units that cannot be told apart need not be equal, and A like B and B like C does not "
        "make A like C."
    ),
}
SENSITIVITY_CLAIMS = {
    "weights": N_("What other weights would give says something of the rule, not of sampling."),
    "ballots": N_("Ballots to pass a neighbour are a price, not a suspicion."),
}


def ranks_analysis(study: Study, seed: int | None = None, top: int | None = None) -> Document:
    """Return how far the ranks of each class can be told, over its ranked units."""
    parts = study_parts(study, seed, top)
    official = {one.unit.code: one.rank for one in combine(study.result, None, study.rules)}
    classes = [_ranks_of_class(parts, code, official) for code in _classes(parts)]
    contents = {
        "seed": parts.inputs.seed,
        "replicates": REPLICATES,
        "clustered_groups": tuple(parts.pairs),
        "classes": classes,
        "unranked": [unit.code for unit in study.units if not unit.ranked],
    }
    return study_document("ranks", study, RANK_CLAIMS, contents)


def sensitivity_analysis(study: Study, seed: int | None = None, top: int | None = None) -> Document:
    """Return what the ranks of each class hang on: weights, single groups, points, ballots."""
    parts = study_parts(study, seed, top)
    found = [class_parts(parts, code) for code in _classes(parts)]
    contents = {
        "seed": parts.inputs.seed,
        "classes": [_sensitivity_of_class(parts, one) for one in found if one is not None],
        "unranked": [unit.code for unit in study.units if not unit.ranked],
    }
    return study_document("sensitivity", study, SENSITIVITY_CLAIMS, contents)


# --- the parts, in order of use ------------------------------------------------------------------


def _classes(parts: StudyParts) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parts.scores.classes))


def _ranks_of_class(
    parts: StudyParts, unit_class: str, official: dict[str, int | None]
) -> dict[str, Any]:
    members = parts.scores.members(unit_class)
    members = members[parts.inputs.ranked[members]]
    codes = [parts.scores.units[u] for u in members]
    found = compared_ranks(parts, unit_class, members, parts.top_places(members.size))
    sets, scores = found.sets, found.scores
    return {
        "class": unit_class,
        "of": found.of,
        "places": None if sets is None else sets.places,
        "lent_errors": [codes[u] for u in found.lent],
        "pairs": len([*combinations(np.flatnonzero(~np.isnan(scores)), 2)]),
        "pairs_apart": None if sets is None else pairs_apart(sets),
        "units": [
            {"unit": code, "rank": official[code], "score": scores[u], **_rank(sets, u, codes)}
            for u, code in enumerate(codes)
        ],
    }


def _rank(sets: RankSets | None, unit: int, codes: Sequence[str]) -> dict[str, Any]:
    if sets is None or not sets.rank[unit]:
        return {"low": None, "high": None, "like": []}
    return {
        "low": sets.low[unit],
        "high": sets.high[unit],
        "simultaneous_low": sets.simultaneous_low[unit],
        "simultaneous_high": sets.simultaneous_high[unit],
        "marginal_low": sets.marginal_low[unit],
        "marginal_high": sets.marginal_high[unit],
        "expected": sets.expected[unit],
        "top_probability": sets.top_probability[unit],
        "last_probability": sets.last_probability[unit],
        "like": [codes[other] for other in sets.indistinct_from(unit)],
    }


def _sensitivity_of_class(parts: StudyParts, found: ClassParts) -> dict[str, Any]:
    codes = [parts.scores.units[u] for u in found.members]
    return {
        "class": found.code,
        "weights": [
            {
                "within": one.perturbation,
                "draws": one.draws,
                "places": one.places,
                "tau_b_least": one.tau_b_least,
                "tau_b_mean": one.tau_b_mean,
            }
            for one in (found.narrow, found.wide)
        ],
        "best_changes_at": found.switch.best_change,
        "choices": [
            {
                "kind": kind,
                "choice": one.name,
                "tau_b": one.tau_b,
                "spearman": one.spearman,
                "units": [
                    {"unit": code, "score": one.scores[u], "rank": one.rank[u] or None,
                     "moved": one.moved[u]}
                    for u, code in enumerate(codes)
                ],
            }
            for kind, one in zip(found.kinds, found.choices, strict=True)
        ],
        "units": [_sensitivity_of_unit(parts, found, u, codes) for u in range(len(codes))],
    }  # fmt: skip


def _sensitivity_of_unit(
    parts: StudyParts, found: ClassParts, unit: int, codes: Sequence[str]
) -> dict[str, Any]:
    groups, switch, flips = parts.scores.groups, found.switch, found.flips
    number = found.members[unit]
    bounds = influence_bound(parts.scores.shares[number], 100 * parts.scores.scale, FALSE_SHARE)
    return {
        "unit": codes[unit],
        "rank": found.narrow.rank[unit] or None,
        "weights": [
            {
                "within": one.perturbation,
                "low": one.rank_low[unit] or None,
                "high": one.rank_high[unit] or None,
                "unchanged_share": one.unchanged_share[unit],
                "top_share": one.top_share[unit],
            }
            for one in (found.narrow, found.wide)
        ],
        "switch": {
            "change": switch.change[unit],
            "group": _named(groups, switch.group[unit]),
            "unit": _named(codes, switch.other[unit]),
        },
        "ballots": {
            "group": _named(groups, flips.group[unit]),
            "to_pass": _named(codes, flips.above[unit]),
            "up": flips.up[unit],
            "to_fall_below": _named(codes, flips.below[unit]),
            "down": flips.down[unit],
        },
        "most_points_of_false_tenth": [
            {"group": code, "points": bounds[g]} for g, code in enumerate(groups) if bounds[g] > 0
        ],
    }


def _named(codes: Sequence[str], number: int) -> str | None:
    return None if number == NOWHERE else codes[number]
