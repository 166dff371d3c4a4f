"""Everything that statistics say beside the official scores of one round, strung together.

The modules of statistics know nothing of each other; here, and in the files that are named after
this one, each is called once and its arrays are put into a form that can be kept and shown.
"""

import numpy as np

from analytics.changes import Change, YearScores, change, comparability
from analytics.covariances import score_covariance
from analytics.evidence.classes import class_evidence, class_parts
from analytics.evidence.comments import all_comments, read_comments, unit_comments
from analytics.evidence.groups import group_evidence, population_parts, severity_evidence
from analytics.evidence.inputs import EvidenceInputs, LastYear
from analytics.evidence.parts import OVERALL, EvidenceParts
from analytics.evidence.quality import quality_evidence
from analytics.evidence.result import RoundEvidence, YearEvidence
from analytics.evidence.units import unit_evidence
from analytics.shapes import Floats


def evidence_of(inputs: EvidenceInputs) -> RoundEvidence:
    """Return the evidence of a round, of its classes and groups, and of every unit."""
    parts = EvidenceParts(inputs)
    scores, rows = parts.scores, inputs.rows
    codes = tuple(dict.fromkeys(scores.classes))
    of_class = {code: class_parts(parts, code) for code in codes}
    population = population_parts(parts)
    comments = read_comments(inputs)
    changed = None if inputs.last_year is None else _changed(parts, inputs.last_year)
    return RoundEvidence(
        seed=inputs.seed,
        ballots=len(rows.ballots),
        is_sample=inputs.is_sample,
        together=tuple(parts.pairs),
        items=parts.patterns.items,
        overall=OVERALL if parts.drivers is not None else None,
        driver_items=() if parts.drivers is None else parts.drivers.items,
        classes=tuple(class_evidence(parts, code, of_class[code]) for code in codes),
        groups=tuple(group_evidence(parts, code) for code in scores.groups),
        severity=severity_evidence(parts),
        quality=quality_evidence(parts),
        population=tuple(one.evidence for one in population),
        comments=all_comments(comments),
        year=None if inputs.last_year is None else _year(inputs, inputs.last_year),
        units=tuple(
            unit_evidence(
                parts,
                unit,
                of_class[scores.classes[unit]],
                population,
                unit_comments(comments.units[unit]),
                changed,
            )
            for unit in range(len(scores.units))
        ),
    )


def _changed(parts: EvidenceParts, before: LastYear) -> tuple[Change, Floats]:
    """Return how direct scores changed, and what they were, in this round's order of units."""
    scores = parts.scores
    counts = before.counts
    errors = score_covariance(counts, {})
    earlier = np.full((3, len(scores.units)), np.nan)
    place_of = {code: place for place, code in enumerate(counts.units)}
    direct = counts.scale * counts.composites
    for unit, code in enumerate(scores.units):
        if code in place_of:
            place = place_of[code]
            earlier[:, unit] = direct[place], errors.careful_se[place], errors.df[place]
    now = YearScores(
        scores.scale * scores.composites, parts.covariance.careful_se, parts.covariance.df
    )
    return change(now, YearScores(*earlier)), earlier[0]


def _year(inputs: EvidenceInputs, before: LastYear) -> YearEvidence:
    found = comparability(inputs.rules, before.rules)
    return YearEvidence(before.name, before.name_en, tuple(one.value for one in found))
