"""The analysis of ballots that look wrong: reasons, crowds, ballots, scores with and without."""

from typing import Any

import numpy as np

from analytics.analyses.document_heads import Document, study_document
from analytics.analyses.studies import Study
from analytics.analyses.study_parts import StudyParts, study_parts
from analytics.ballot_tables import moment_of
from analytics.faults import N_
from analytics.quality.flag_effect import FlagEffect
from analytics.quality.reasons import Crowd, Evidence
from analytics.shapes import NOWHERE, BallotRows

QUALITY_CLAIMS = {
    "flagged": N_(
        "A flag is a reason to look and proves nothing about one person. Nothing is left out by "
        "it: people decide."
    ),
    "expected": N_(
        "How many honest ballots chance alone puts here, under a model of how people answer."
    ),
    "scores": N_(
        "Means of the ballots as they came, without padding. Low and high suppose that every "
        "doubted ballot was the worst or the best."
    ),
}


def quality_analysis(study: Study, people: dict[str, float] | None = None) -> Document:
    """Return which ballots look wrong and why; `people` says how many live in a place."""
    parts = study_parts(study, people=people)
    found, rows = parts.quality, study.rows
    contents = {
        "flagged_count": found.flagged.size,
        "suspect_count": found.suspect.size,
        "expected_flagged": found.expected_flagged,
        "groups": [
            {
                "group": code,
                "ballots": (rows.group == g).sum(),
                "flagged": found.flagged_by_group[g],
                "found": {
                    one.reason.value: found.by_group[r, g] for r, one in enumerate(found.evidence)
                },
            }
            for g, code in enumerate(found.groups)
            if (rows.group == g).any()
        ],
        "reasons": [_reason(one, rows) for one in found.evidence],
        "flagged": _flagged(parts),
        "units": _units(parts),
    }
    return study_document("quality", study, QUALITY_CLAIMS, contents)


# --- the parts, in order of use ------------------------------------------------------------------


def _reason(found: Evidence, rows: BallotRows) -> dict[str, Any]:
    return {
        "reason": found.reason,
        "family": found.reason.family,
        "source": found.reason.family.source,
        "examined": found.examined,
        "found": found.ballots.size,
        "expected": found.expected,
        "obstacle": found.obstacle,
        "crowds": [_crowd(one, rows) for one in found.crowds],
    }


def _crowd(found: Crowd, rows: BallotRows) -> dict[str, Any]:
    return {
        "unit": None if found.unit == NOWHERE else rows.units[found.unit],
        "group": None if found.group == NOWHERE else rows.groups[found.group],
        "place": None if found.place == NOWHERE else rows.places[found.place],
        "begin": moment_of(found.begin),
        "end": moment_of(found.end),
        "count": found.count,
        "expected": found.expected,
        "threshold": found.threshold,
        "p": found.p,
    }


def _flagged(parts: StudyParts) -> list[dict[str, Any]]:
    """Return the flagged ballots by group and name, since their order must tell nothing."""
    rows, found = parts.inputs.rows, parts.quality
    reasons: dict[int, list[dict[str, Any]]] = {ballot: [] for ballot in found.flagged.tolist()}
    for one in found.evidence:
        columns = (one.ballots.tolist(), one.values.tolist(), one.thresholds.tolist())
        for ballot, value, threshold in zip(*columns, strict=True):
            if ballot in reasons:
                said = {"reason": one.reason, "value": value, "threshold": threshold}
                reasons[ballot].append(said)
    flagged = [
        {
            "group": rows.groups[rows.group[ballot]],
            "ballot": rows.ballots[ballot],
            "reasons": against,
        }
        for ballot, against in reasons.items()
    ]
    return sorted(flagged, key=lambda one: (str(one["group"]), str(one["ballot"])))


def _units(parts: StudyParts) -> list[dict[str, Any]]:
    rows, effect = parts.inputs.rows, parts.doubt_effect
    flagged = np.bincount(rows.unit[parts.quality.mask[rows.ballot]], minlength=len(rows.units))
    columns = {
        "composite": effect.composites,
        "composite_without": effect.composites_without,
        "composite_low": effect.composites_low,
        "composite_high": effect.composites_high,
    }
    return [
        {
            "unit": code,
            "flagged_ratings": flagged[u],
            **{name: None if one is None else one[u] for name, one in columns.items()},
            "groups": [
                _cell(effect, u, g, group)
                for g, group in enumerate(rows.groups)
                if effect.n[u, g]
            ],
        }
        for u, code in enumerate(rows.units)
    ]  # fmt: skip


def _cell(effect: FlagEffect, unit: int, number: int, group: str) -> dict[str, Any]:
    place = unit, number
    return {
        "group": group,
        "n": effect.n[place],
        "n_without": effect.n_without[place],
        "mean": effect.means[place],
        "mean_without": effect.means_without[place],
        "suspect_share": effect.suspect_share[place],
        "low": effect.low[place],
        "high": effect.high[place],
    }
