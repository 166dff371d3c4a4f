"""Places whose votes do not go with the people who live there or were invited."""

import numpy as np

from analytics.quality.chance import holm, middle_and_spread
from analytics.quality.reasons import (
    Crowd,
    Evidence,
    Obstacle,
    QualityBounds,
    Reason,
    crowd_evidence,
    nothing_found,
)
from analytics.shapes import NOWHERE, BallotRows, Floats

_WORTH = 0.37


def overfull(rows: BallotRows, bases: Floats | None) -> Evidence:
    """Find places with more ballots than people; bases (places,), NaN where nobody knows.

    That is certain for the place, but which of its ballots are false it does not say.
    """
    if bases is None:
        return nothing_found(Reason.OVERFULL, Obstacle.NO_BASES)
    votes = _votes(rows)
    crowds = tuple(
        Crowd(
            reason=Reason.OVERFULL,
            ballots=np.flatnonzero(rows.place == place),
            count=int(votes[place]),
            expected=float(bases[place]),
            threshold=float(bases[place]) + 1,
            p=0.0,
            place=place,
        )
        for place in np.flatnonzero(votes > np.nan_to_num(bases, nan=np.inf)).tolist()
    )
    return crowd_evidence(Reason.OVERFULL, int(votes[~np.isnan(bases)].sum()), crowds)


def turnout(rows: BallotRows, bases: Floats | None, bounds: QualityBounds) -> Evidence:
    """Find places with far more ballots per head than the others.

    The logarithm of ballots per head is held against the places' median; its spread is the scaled
    median absolute deviation and the Poisson error of the votes. Student's t, since few places tell
    their spread badly: of such a deviation each place is worth .37 degrees of freedom, its
    efficiency for normal values. Holm's correction over places.
    """
    if bases is None:
        return nothing_found(Reason.TURNOUT, Obstacle.NO_BASES)
    votes = _votes(rows)
    usable = np.flatnonzero((votes > 0) & (np.nan_to_num(bases) > 0))
    if usable.size < bounds.turnout_places:
        return nothing_found(Reason.TURNOUT, Obstacle.FEW_PLACES)
    logs = np.log(votes[usable] / bases[usable])
    middle, spread = middle_and_spread(logs)
    expected = np.exp(middle) * bases[usable]
    # The error of what should have come: the votes' own would excuse the largest excess.
    z = (logs - middle) / np.sqrt(spread**2 + 1 / expected)
    p, least = _student(z, _WORTH * (usable.size - 1), bounds.alpha / usable.size)
    limit = expected * np.exp(least * np.sqrt(spread**2 + 1 / expected))
    crowds = tuple(
        Crowd(
            reason=Reason.TURNOUT,
            ballots=np.flatnonzero(rows.place == usable[number]),
            count=int(votes[usable[number]]),
            expected=float(expected[number]),
            threshold=float(limit[number]),
            p=float(p[number]),
            place=int(usable[number]),
        )
        for number in np.flatnonzero(holm(p, bounds.alpha)).tolist()
    )
    return crowd_evidence(Reason.TURNOUT, int(votes[usable].sum()), crowds)


def _votes(rows: BallotRows) -> Floats:
    known = rows.place[rows.place != NOWHERE]
    return np.bincount(known, minlength=len(rows.places)).astype(np.float64)


def _student(t: Floats, freedom: float, p: float) -> tuple[Floats, float]:
    """Return the upper tails of Student's t, and the value whose tail is p."""
    from scipy.special import stdtr, stdtrit  # not at the top: who takes ballots in has no use

    return stdtr(freedom, -t), -float(stdtrit(freedom, p))
