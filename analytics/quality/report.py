"""Which ballots look careless or stuffed, by at least two kinds of evidence; none is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.faults import N_, Fault
from analytics.quality.ballot_profiles import BallotProfiles, ballot_profiles
from analytics.quality.blocs import favoured, one_sided
from analytics.quality.bursts import bursts, group_stream, place_stream, unit_stream
from analytics.quality.copies import copied_answers, copied_texts
from analytics.quality.reasons import Evidence, QualityBounds, Reason, Source
from analytics.quality.single_ballots import erratic, faster, hasty, outlying, straight
from analytics.quality.turnout import overfull, turnout
from analytics.shapes import BallotRows, Bools, Floats, Integers

_DEFAULTS = QualityBounds()


@dataclass(frozen=True, eq=False, slots=True)
class QualityReport:
    """All evidence, and the ballots against which two sources of it agree.

    R reasons in the order of `Reason`, S sources in the order of `Source`.
    """

    evidence: tuple[Evidence, ...]  # (R,)
    groups: tuple[str, ...]
    by_group: Integers  # (R, G) ballots that each reason found
    flagged_by_group: Integers  # (G,)
    sources: Bools  # (S, A) which sources speak against which ballot
    flagged: Integers  # (F,) ascending
    expected_flagged: float  # honest ballots, if what is expected by chance were independent

    def reasons_of(self, ballot: int) -> tuple[Reason, ...]:
        """Return the reasons against a ballot."""
        return tuple(one.reason for one in self.evidence if _holds(one.ballots, ballot))

    @property
    def suspect(self) -> Integers:
        """Return the ballots against which at least one source speaks."""
        return np.flatnonzero(self.sources.any(axis=0))

    @property
    def mask(self) -> Bools:
        """Return which ballots are flagged (A,)."""
        mask = np.zeros(self.sources.shape[1], bool)
        mask[self.flagged] = True
        return mask


def quality(
    rows: BallotRows,
    classes: Sequence[str],
    bounds: QualityBounds = _DEFAULTS,
    bases: Floats | None = None,
) -> QualityReport:
    """Return what looks wrong with ballots: classes (U,), bases (places,) people or NaN.

    A flag needs reasons of two sources; two families that look at the same thing are one source.
    """
    _check(rows, classes, bases)
    profiles = ballot_profiles(rows)
    evidence = _evidence(profiles, classes, bounds, bases)
    sources = _sources(evidence, len(rows.ballots))
    flagged = np.flatnonzero(sources.sum(axis=0) >= 2)
    groups = len(rows.groups)

    def by_group(ballots: Integers) -> Integers:
        return np.bincount(rows.group[ballots], minlength=groups)

    return QualityReport(
        evidence=evidence,
        groups=rows.groups,
        by_group=np.array([by_group(one.ballots) for one in evidence]).reshape(len(Reason), groups),
        flagged_by_group=by_group(flagged),
        sources=sources,
        flagged=flagged,
        expected_flagged=_expected_flagged(evidence, len(rows.ballots)),
    )


def _check(rows: BallotRows, classes: Sequence[str], bases: Floats | None) -> None:
    if len(classes) != len(rows.units):
        raise ValueError("every unit needs a class")
    if bases is None:
        return
    if bases.shape != (len(rows.places),):
        raise ValueError("every place needs a base, NaN where nobody knows it")
    for place, base in zip(rows.places, bases.tolist(), strict=True):
        if base < 0:
            raise Fault(N_("a place cannot have a negative number of people"), f"bases[{place}]")


def _evidence(
    profiles: BallotProfiles,
    classes: Sequence[str],
    bounds: QualityBounds,
    bases: Floats | None,
) -> tuple[Evidence, ...]:
    rows = profiles.rows
    streams = (unit_stream(profiles), group_stream(profiles), place_stream(profiles))
    arrivals = [bursts(stream, rows.day, bounds) for stream in streams]
    arrivals += [overfull(rows, bases), turnout(rows, bases, bounds)]
    found = [
        straight(profiles, bounds),
        erratic(profiles, bounds),
        outlying(profiles, bounds),
        hasty(profiles, bounds),
        faster(profiles, bounds),
        copied_answers(profiles, bounds),
        copied_texts(profiles, bounds),
        *arrivals,
        favoured(profiles, classes, bounds),
        one_sided(profiles, [crowd for one in arrivals for crowd in one.crowds], bounds),
    ]
    order = list(Reason)
    return tuple(sorted(found, key=lambda one: order.index(one.reason)))


def _sources(evidence: Sequence[Evidence], ballots: int) -> Bools:
    sources = np.zeros((len(Source), ballots), bool)
    order = list(Source)
    for one in evidence:
        sources[order.index(one.reason.family.source), one.ballots] = True
    return sources


def _expected_flagged(evidence: Sequence[Evidence], ballots: int) -> float:
    """Return how many honest ballots two sources meet in by chance."""
    none, one = 1.0, 0.0
    for source in Source:
        number = sum(e.expected for e in evidence if e.reason.family.source is source)
        share = min(1.0, number / max(ballots, 1))
        none, one = none * (1 - share), one * (1 - share) + none * share
    return ballots * max(0.0, 1 - none - one)


def _holds(ballots: Integers, ballot: int) -> bool:
    place = int(np.searchsorted(ballots, ballot))
    return place < ballots.size and int(ballots[place]) == ballot
