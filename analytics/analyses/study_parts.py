"""A study in files as the parts that evidence is made of, so that both compute the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.analyses.studies import Study
from analytics.evidence.inputs import EvidenceInputs
from analytics.evidence.parts import EvidenceParts
from analytics.shapes import NOWHERE, Integers


@dataclass(frozen=True, eq=False)
class StudyInputs(EvidenceInputs):
    """What evidence is made from, with a seed that may be chosen."""

    chosen_seed: int | None

    @property
    def seed(self) -> int:
        """Return the seed of everything that is drawn: the tally's own unless one was chosen."""
        return super().seed if self.chosen_seed is None else self.chosen_seed


@dataclass(frozen=True)
class StudyParts(EvidenceParts):
    """The arrays of a study; whatever its lists say of single units is known too."""

    study: Study
    top: int | None = None  # places that count as the top, whatever the rules say

    @cached_property
    def invited(self) -> Integers:
        """Return how many were invited to rate each unit (U, G), NOWHERE where nobody says."""
        if self.study.invited is None:
            return np.full(self.scores.n.shape, NOWHERE)
        found = [
            [self.study.invited.of(group, unit) for group in self.scores.groups]
            for unit in self.scores.units
        ]
        return np.array([[NOWHERE if n is None else n for n in line] for line in found], np.int64)

    def top_places(self, units: int) -> int:
        """Return how many places of a class of so many units count as the top."""
        return super().top_places(units) if self.top is None else min(self.top, units)


def study_parts(
    study: Study,
    seed: int | None = None,
    top: int | None = None,
    people: Mapping[str, float] | None = None,
) -> StudyParts:
    """Return the parts of a study; `people` says how many live in a place, by its name."""
    official = [
        np.nan if score.social is None else float(score.social) for score in study.result.units
    ]
    of_place = people or {}
    inputs = StudyInputs(
        rules=study.rules,
        units=study.units,
        tally=study.tally,
        social=study.result,
        official=np.array(official, np.float64),
        has_totals=False,
        rows=study.rows,
        is_sample=False,
        invited=_listed_groups(study),
        written=(),
        place_people=np.array(
            [of_place.get(place, np.nan) for place in study.rows.places], np.float64
        ),
        population=None,
        last_year=None,
        chosen_seed=seed,
    )
    return StudyParts(inputs, study, top)


def _listed_groups(study: Study) -> dict[str, int]:
    """Return the groups with a list, and how many the longest one names."""
    longest: dict[str, int] = {}
    for (group, _), number in (study.invited.counts if study.invited else {}).items():
        longest[group] = max(longest.get(group, 0), number)
    return longest
