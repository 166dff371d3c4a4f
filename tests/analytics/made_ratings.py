"""Ratings made by a seeded formula, so that only what was computed from them has to be kept."""

import csv
from pathlib import Path

import numpy as np

from analytics.shapes import RatingRows

STATS = Path(__file__).parent.parent / "data" / "stats"


def made_ratings(seed, appraisers, units, share, unit_sd, appraiser_sd, residual_sd):
    """Return ratings of 0 to 100 with two decimals; each pair is rated with a probability.

    RandomState and not Generator: its streams are promised never to change.
    """
    random = np.random.RandomState(seed)
    appraiser, unit = np.nonzero(random.random_sample((appraisers, units)) < share)
    of_unit, of_appraiser = random.standard_normal(units), random.standard_normal(appraisers)
    chance = random.standard_normal(unit.size)
    severity = appraiser_sd * of_appraiser[appraiser]
    value = np.round(70 + unit_sd * of_unit[unit] + severity + residual_sd * chance, 2)
    return RatingRows(appraisers, units, appraiser, unit, value)


def insteval_small():
    """Return 464 real ratings of 14 units, and the units' numbers."""
    with (STATS / "insteval_small.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names, unit = np.unique([int(row["unit"]) for row in rows], return_inverse=True)
    who, appraiser = np.unique([int(row["appraiser"]) for row in rows], return_inverse=True)
    value = np.array([float(row["rating"]) for row in rows])
    return RatingRows(who.size, names.size, appraiser, unit, value), names
