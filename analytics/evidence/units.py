"""What is said of each unit, gathered from what was computed for all."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from analytics.changes import Change
from analytics.evidence.classes import ClassParts
from analytics.evidence.groups import PopulationParts
from analytics.evidence.items import unit_items
from analytics.evidence.parts import EvidenceParts
from analytics.evidence.result import (
    ChangeEvidence,
    ChannelCell,
    CommentEvidence,
    DoubtEffect,
    GroupCell,
    PopulationCell,
    RankEvidence,
    ScoreError,
    SeverityCell,
    Stability,
    UnitEvidence,
)
from analytics.plain_figures import known, limits
from analytics.proportions import wilson
from analytics.rules import RuleSet
from analytics.shapes import NOWHERE, ratio_of
from analytics.social_result import GroupScore


def unit_evidence(
    parts: EvidenceParts,
    unit: int,
    of_class: ClassParts | None,
    population: Sequence[PopulationParts],
    comments: CommentEvidence,
    change: tuple[Change, "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"] | None,
) -> UnitEvidence:
    """Return what is said of the unit of a number."""
    scores, channels = parts.scores, parts.channels
    place = NOWHERE
    if of_class is not None and unit in of_class.members:
        place = int(np.flatnonzero(of_class.members == unit)[0])
    drivers = parts.drivers
    return UnitEvidence(
        code=scores.units[unit],
        unit_class=scores.classes[unit],
        direct=_direct(parts, unit),
        social=ScoreError(
            score=None
            if (social := parts.inputs.social.units[unit].social) is None
            else float(social),
            plain_se=None,
            se=known(parts.social.se[unit]),
            limits=limits(parts.social.low[unit], parts.social.high[unit]),
        ),
        groups=tuple(_groups(parts, unit)),
        unpadded=_unpadded(parts, unit),
        shrunken=known(scores.scale * parts.shrunken.composites[unit]),
        rank=None if of_class is None or place == NOWHERE else _rank(parts, of_class, place),
        severity=tuple(_severity(parts, unit)),
        doubt=_doubt(parts, unit),
        channels=tuple(_channels(parts, unit)),
        channels_differ=bool(channels.differs[unit]),
        population=tuple(_population(population, unit)),
        drivers=unit_items(drivers, unit),
        drivers_of_class=drivers is not None and bool(drivers.uses_class[unit]),
        comments=comments,
        stability=None
        if of_class is None or place == NOWHERE
        else _stability(parts, of_class, place),
        change=None if change is None else _change(*change, unit),
    )


def _direct(parts: EvidenceParts, unit: int) -> ScoreError:
    covariance, scores = parts.covariance, parts.scores
    low, high = (end[unit] for end in parts.direct_limits)
    finite = known(parts.finite.careful_se[unit]) if parts.inputs.invited else None
    return ScoreError(
        score=known(scores.scale * scores.composites[unit]),
        plain_se=known(covariance.plain_se[unit]),
        se=known(covariance.careful_se[unit]),
        limits=limits(low, high),
        finite_se=finite,
    )


def _groups(parts: EvidenceParts, unit: int) -> list[GroupCell]:
    scores, rules = parts.scores, parts.inputs.rules
    views = {view.group: view for view in parts.inputs.social.units[unit].groups}
    made = []
    for g, code in enumerate(scores.groups):
        view = views.get(code)
        if view is None or not (view.valid or scores.shares[unit, g]):
            continue
        best, of_best, unknown = _levels(view, rules)
        made.append(
            GroupCell(
                group=code,
                n=view.valid,
                invited=parts.inputs.invited.get(code),
                mean=None if view.mean is None else float(view.mean),
                share=float(scores.shares[unit, g]),
                variance_share=known(parts.covariance.variance_shares[unit, g]),
                best_share=best,
                best_limits=of_best,
                unknown_share=unknown,
                own_share=float(scores.own_shares[unit, g]),
                asked_share=None
                if np.isnan(parts.shrunken.tau2[unit, g])
                else float(parts.shrunken.own_share[unit, g]),
            )
        )
    return made


def _levels(
    view: GroupScore, rules: RuleSet
) -> tuple[float | None, tuple[float, float] | None, float | None]:
    """Return the share of rated items at the best level, its limits, and that of "do not know".

    The limits count ballots and not items: the items of one ballot say much the same.
    """
    counts = np.array(view.option_counts, np.int64).reshape(-1, len(rules.options) + 1)[:, :-1]
    points = [one.points for one in rules.options]
    scored = np.array([one is not None for one in points], bool)
    top = max(one for one in points if one is not None)
    at_best = counts[:, [one == top for one in points]].sum()
    rated, answered = counts[:, scored].sum(), counts.sum()
    if not rated:
        return None, None, known(ratio_of(counts[:, ~scored].sum(), answered))
    share = at_best / rated
    low, high = wilson(np.array([share * view.valid]), np.array([view.valid]))
    unknown = known(float(ratio_of(counts[:, ~scored].sum(), answered)))
    return float(share), limits(low[0], high[0]), unknown


def _unpadded(parts: EvidenceParts, unit: int) -> float | None:
    found = parts.inputs.social.units[unit].composite_unpadded
    return None if found is None else parts.scores.scale * float(found)


def _rank(parts: EvidenceParts, of_class: ClassParts, place: int) -> RankEvidence | None:
    sets = of_class.sets
    if sets is None or not sets.rank[place]:
        return None
    like = of_class.members[sets.indistinct_from(place)]
    return RankEvidence(
        rank=int(sets.rank[place]),
        units=int((sets.rank > 0).sum()),
        low=int(sets.low[place]),
        high=int(sets.high[place]),
        own_low=int(sets.marginal_low[place]),
        own_high=int(sets.marginal_high[place]),
        expected=float(sets.expected[place]),
        top_probability=float(sets.top_probability[place]),
        last_probability=float(sets.last_probability[place]),
        places=sets.places,
        like=tuple(parts.scores.units[u] for u in like),
    )


def _severity(parts: EvidenceParts, unit: int) -> list[SeverityCell]:
    made = []
    for code, found in parts.severity.items():
        if np.isnan(found.adjusted_means[unit]):
            continue
        made.append(
            SeverityCell(
                group=code,
                n=int(parts.scores.n[unit, parts.scores.groups.index(code)]),
                raw=float(found.raw_means[unit]),
                adjusted=float(found.adjusted_means[unit]),
                two_way=known(found.two_way_means[unit]),
                se=sqrt(max(0.0, float(found.adjusted_variances[unit]))),
                raw_rank=int(found.raw_ranks[unit]),
                adjusted_rank=int(found.adjusted_ranks[unit]),
            )
        )
    return made


def _doubt(parts: EvidenceParts, unit: int) -> DoubtEffect:
    rows, found, effect = parts.inputs.rows, parts.quality, parts.doubt_effect
    rated = rows.ballot[rows.unit == unit]
    composites = (
        effect.composites,
        effect.composites_without,
        effect.composites_low,
        effect.composites_high,
    )
    official, without, low, high = (np.nan if one is None else one[unit] for one in composites)
    return DoubtEffect(
        flagged=int(found.mask[rated].sum()),
        suspect=int(found.sources[:, rated].any(axis=0).sum()),
        composite=known(official),
        without=known(without),
        limits=limits(low, high),
    )


def _channels(parts: EvidenceParts, unit: int) -> list[ChannelCell]:
    found = parts.channels
    return [
        ChannelCell(
            group=code,
            open_n=int(found.n[0, unit, g]),
            other_n=int(found.n[1, unit, g]),
            open_mean=float(found.means[0, unit, g]),
            other_mean=float(found.means[1, unit, g]),
            limits=limits(found.low[unit, g], found.high[unit, g]),
        )
        for g, code in enumerate(found.groups)
        if found.n[:, unit, g].all()
    ]


def _population(population: Sequence[PopulationParts], unit: int) -> list[PopulationCell]:
    return [
        PopulationCell(
            group=one.evidence.group,
            n=int(one.means.n[unit]),
            effective_n=float(one.means.effective_n[unit]),
            mean=float(one.means.base_means[unit]),
            weighted=float(one.means.means[unit]),
            se=known(one.means.se[unit]),
        )
        for one in population
        if one.means is not None and one.means.n[unit]
    ]


def _stability(parts: EvidenceParts, of_class: ClassParts, place: int) -> Stability | None:
    narrow, wide = of_class.narrow, of_class.wide
    if not narrow.rank[place]:
        return None
    switch, flips = of_class.switch, of_class.flips
    group, other = int(switch.group[place]), int(switch.other[place])
    codes = [parts.scores.units[u] for u in of_class.members]
    return Stability(
        rank=int(narrow.rank[place]),
        narrow=(int(narrow.rank_low[place]), int(narrow.rank_high[place])),
        wide=(int(wide.rank_low[place]), int(wide.rank_high[place])),
        unchanged_share=float(narrow.unchanged_share[place]),
        switch=known(switch.change[place]),
        switch_group=None if group == NOWHERE else parts.scores.groups[group],
        switch_unit=None if other == NOWHERE else codes[other],
        up=known(flips.up[place]),
        down=known(flips.down[place]),
        ranks=tuple(int(one.rank[place]) for one in of_class.choices),
    )


def _change(
    found: Change, before: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", unit: int
) -> ChangeEvidence | None:
    if np.isnan(found.difference[unit]):
        return None
    return ChangeEvidence(
        before=float(before[unit]),
        difference=float(found.difference[unit]),
        limits=limits(found.low[unit], found.high[unit]),
        verdict=found.verdicts[unit].value,
    )
