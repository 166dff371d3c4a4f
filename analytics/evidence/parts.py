"""All that statistics come to for one round, as arrays: each computed once, by its own module."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analytics.bootstraps import bootstrap_means, social_replicates
from analytics.channels import ChannelComparison, channel_comparison
from analytics.covariances import ScoreCovariance, mean_covariance, score_covariance
from analytics.drivers.report import Drivers, drivers
from analytics.evidence.inputs import EvidenceInputs
from analytics.official_intervals import OfficialIntervals, official_intervals
from analytics.pair_tables import PairTables, pair_tables
from analytics.quality.flag_effect import FlagEffect, with_and_without
from analytics.quality.report import QualityReport, quality
from analytics.rules.rule_set import Method
from analytics.severity.report import SeverityReport, severity_report
from analytics.shapes import NOWHERE, Floats, Integers, PatternCounts, ScoreCounts
from analytics.shaping import pattern_counts, score_counts
from analytics.shrinkage import Shrunken, shrunken
from analytics.variances import limits

REPLICATES = 2000
OVERALL = "overall"  # the code of the item that the others are held against
TOP_PERCENT = 30  # of a class, where the rules limit the best grade to no share


@dataclass(frozen=True)
class EvidenceParts:
    """The arrays of one round; U units and G groups in the order of `scores`."""

    inputs: EvidenceInputs

    @cached_property
    def scores(self) -> ScoreCounts:
        """Return the ballot scores as counts, and how the rules weight them."""
        return score_counts(self.inputs.social, self.inputs.rules)

    @cached_property
    def patterns(self) -> PatternCounts:
        """Return the patterns of answers as counts."""
        return pattern_counts(self.inputs.tally, self.inputs.rules, self.inputs.units)

    @cached_property
    def tables(self) -> Mapping[str, PairTables]:
        """Return the pair tables of every group, single ratings among them.

        There are none where only a sample of the ballots was read: they would not be of the
        ballots that count.
        """
        if self.inputs.is_sample:
            return {}
        rows = self.inputs.rows
        return {
            code: pair_tables(rows.ratings_of(number))
            for number, code in enumerate(rows.groups)
            if code in self.scores.groups
        }

    @cached_property
    def pairs(self) -> Mapping[str, PairTables]:
        """Return the pair tables of groups whose ballots rate several units."""
        return {code: one for code, one in self.tables.items() if (one.sizes > 1).any()}

    @cached_property
    def invited(self) -> Integers:
        """Return how many were invited to rate each unit (U, G), NOWHERE where nobody says."""
        of_group = [self.inputs.invited.get(code, NOWHERE) for code in self.scores.groups]
        return np.tile(np.array(of_group, np.int64), (len(self.scores.units), 1))

    @cached_property
    def covariance(self) -> ScoreCovariance:
        """Return how far all direct scores are off together."""
        return score_covariance(self.scores, self.pairs)

    @cached_property
    def finite(self) -> ScoreCovariance:
        """Return the same as against everybody on the lists answering."""
        return score_covariance(self.scores, self.pairs, self.invited)

    @cached_property
    def direct_limits(self) -> tuple[Floats, Floats]:
        """Return the 95 % interval of each direct score (U,), NaN where nobody can tell."""
        points = [float(one.points) for one in self.inputs.rules.options if one.points is not None]
        scale, errors = self.scores.scale, self.covariance
        direct = scale * self.scores.composites
        low, high = limits(direct, errors.careful_se, errors.df, errors.skewness)
        return np.maximum(low, scale * min(points)), np.minimum(high, scale * max(points))

    @cached_property
    def social(self) -> OfficialIntervals:
        """Return the error and the interval of each official social score."""
        if self._is_direct:
            return OfficialIntervals(self.covariance.careful_se, *self.direct_limits)
        return official_intervals(
            self.scores,
            self.inputs.rules.conversion,
            self.covariance,
            self.direct_limits,
            self._drawn_means,
            self.inputs.seed,
        )

    @cached_property
    def social_covariance(self) -> Floats:
        """Return how far official social scores are off together (U, U)."""
        if self._is_direct:
            return self.covariance.careful
        conversion = self.inputs.rules.conversion
        drawn = social_replicates(self._drawn_means, self.scores, conversion)
        return np.atleast_2d(np.cov(drawn, rowvar=False))

    @property
    def _is_direct(self) -> bool:
        return self.inputs.rules.conversion.method is Method.DIRECT

    @cached_property
    def _drawn_means(self) -> Floats:
        joint = {code: mean_covariance(tables) for code, tables in self.pairs.items()}
        return bootstrap_means(self.scores, REPLICATES, self.inputs.seed, joint, careful=True)

    @cached_property
    def shrunken(self) -> Shrunken:
        """Return what empirical Bayes would make of the means."""
        return shrunken(self.scores)

    @cached_property
    def severity(self) -> Mapping[str, SeverityReport]:
        """Return the severity of appraisers, by group whose ballots rate several units."""
        return {code: severity_report(tables) for code, tables in self.pairs.items()}

    @cached_property
    def quality(self) -> QualityReport:
        """Return which ballots look wrong."""
        classes = [unit.unit_class for unit in self.inputs.units]
        return quality(self.inputs.rows, classes, bases=self.inputs.place_people)

    @cached_property
    def doubt_effect(self) -> FlagEffect:
        """Return what doubted ballots do to means and composites."""
        suspect = np.any(self.quality.sources, axis=0)
        of_rows = [
            self.scores.groups.index(code) if code in self.scores.groups else NOWHERE
            for code in self.inputs.rows.groups
        ]
        weights = np.append(self.scores.shares, np.zeros((len(self.scores.units), 1)), axis=1)
        return with_and_without(self.inputs.rows, self.quality.mask, suspect, weights[:, of_rows])

    @cached_property
    def channels(self) -> ChannelComparison:
        """Return the open link against the other channels."""
        return channel_comparison(self.patterns)

    @cached_property
    def drivers(self) -> Drivers | None:
        """Return what goes with the overall answer; None where the rules have no such item."""
        if OVERALL not in self.patterns.items or len(self.patterns.items) < 2:
            return None
        return drivers(self.patterns, OVERALL)

    @cached_property
    def ranked(self) -> ScoreCounts:
        """Return the scores of the ranked units alone."""
        return _chosen(self.scores, np.flatnonzero(self.inputs.ranked))

    @cached_property
    def ranked_patterns(self) -> PatternCounts:
        """Return the patterns of the ranked units alone."""
        return _chosen_patterns(self.patterns, np.flatnonzero(self.inputs.ranked))

    def top_places(self, units: int) -> int:
        """Return how many places of a class of so many units count as the top."""
        share = next((one.share_percent for one in self.inputs.rules.grades), None)
        percent = TOP_PERCENT if share is None else float(share)
        return max(1, int(percent * units / 100))


def _chosen(scores: ScoreCounts, units: Integers) -> ScoreCounts:
    """Return the counts of some units."""
    return replace(
        scores,
        units=tuple(scores.units[u] for u in units),
        classes=tuple(scores.classes[u] for u in units),
        counts=scores.counts[units],
        shares=scores.shares[units],
        own_shares=scores.own_shares[units],
        mu=scores.mu[units],
        trims=None if scores.trims is None else scores.trims[units],
    )


def _chosen_patterns(patterns: PatternCounts, units: Integers) -> PatternCounts:
    """Return the cells of some units."""
    number = np.full(len(patterns.units), NOWHERE)
    number[units] = np.arange(units.size)
    kept = number[patterns.unit] != NOWHERE
    return replace(
        patterns,
        units=tuple(patterns.units[u] for u in units),
        classes=tuple(patterns.classes[u] for u in units),
        unit=number[patterns.unit[kept]],
        group=patterns.group[kept],
        channel=patterns.channel[kept],
        pattern=patterns.pattern[kept],
        flagged=patterns.flagged[kept],
        count=patterns.count[kept],
    )
