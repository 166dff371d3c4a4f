"""Small samples: what becomes of a mean that rests on few ballots or on none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from analytics.figures import mean
from analytics.histogram import Histogram, squared_deviations
from analytics.rules.rule_set import SmallSamples
from analytics.shrinkage import Prior, Sample, prior_of
from analytics.social_result import Flag

ONE = Fraction(1)
NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class View:
    """One unit as one group sees it; `scores` is None where only a mean arrived."""

    unit: str
    unit_class: str
    n: int
    mean: Fraction | None
    scores: Histogram | None


@dataclass(frozen=True, slots=True)
class Treated:
    """The mean that counts (M') and how it came about: M' = z·M + (1 - z)·mu."""

    padded: Fraction | None
    mu: Fraction | None = None
    own_share: Fraction | None = None
    flags: tuple[Flag, ...] = ()


Means = Mapping[str, Treated]


def treat(method: SmallSamples, floor: int, views: Sequence[View]) -> Means:
    """Return M' of every unit in one group that has at least one valid ballot."""
    return _METHODS[method](floor, views)


def _pad(floor: int, views: Sequence[View]) -> Means:
    floor = max(floor, 1)
    full = [view for view in views if view.n >= floor]
    if not full:
        return _left_small(floor, views)
    mu = _class_means(full)
    return {
        view.unit: _drawn(view, mu(view.unit_class), min(ONE, Fraction(view.n, floor)), floor)
        for view in views
    }


def _left_small(_floor: int, views: Sequence[View]) -> Means:
    """Return the means as they are, in a group where no unit reaches the floor."""
    mu = _class_means(views)
    return {view.unit: _as_is(view, mu(view.unit_class)) for view in views}


def _leave(_floor: int, views: Sequence[View]) -> Means:
    return {
        view.unit: Treated(None, flags=(Flag.MISSING_GROUP,))
        if view.mean is None
        else Treated(view.mean, own_share=ONE)
        for view in views
    }


def _shrink(floor: int, views: Sequence[View]) -> Means:
    mu = _class_means(views)
    priors = _class_priors(views)
    treated = {}
    for view in views:
        prior = priors(view.unit_class)
        treated[view.unit] = (
            _as_is(view, mu(view.unit_class))
            if prior is None or (view.mean is not None and view.scores is None)
            else _drawn(view, prior.mean, prior.own_share(view.n), max(floor, 1))
        )
    return treated


def _as_is(view: View, mu: Fraction) -> Treated:
    if view.mean is None:
        return Treated(mu, mu, NONE, (Flag.GROUP_SMALL,))
    return Treated(view.mean, mu, ONE, (Flag.GROUP_SMALL,))


def _drawn(view: View, mu: Fraction, own_share: Fraction, floor: int) -> Treated:
    flags = (Flag.SMALL_SAMPLE,) if view.n < floor else ()
    if view.mean is None:
        padded = (1 - own_share) * mu
    elif own_share == ONE:
        padded = view.mean
    else:
        padded = own_share * view.mean + (1 - own_share) * mu
    return Treated(padded, mu, own_share, flags)


def _class_means(views: Sequence[View]) -> Callable[[str], Fraction]:
    """Return the function from a class to its plain mean, over all classes where it has none."""
    means: dict[str, list[Fraction]] = {}
    for view in views:
        if view.mean is not None:
            means.setdefault(view.unit_class, []).append(view.mean)
    of_class = {unit_class: mean(members) for unit_class, members in means.items()}
    overall = mean([member for members in means.values() for member in members])
    return lambda unit_class: of_class.get(unit_class, overall)


def _class_priors(views: Sequence[View]) -> Callable[[str], Prior | None]:
    """Return the function from a class to its prior, over all classes where it has no basis."""
    samples: dict[str, list[Sample]] = {}
    for view in views:
        if view.mean is not None and view.scores is not None:
            sample = Sample(view.n, view.mean, squared_deviations(view.scores))
            samples.setdefault(view.unit_class, []).append(sample)
    of_class = {unit_class: prior_of(members) for unit_class, members in samples.items()}
    overall = prior_of([member for members in samples.values() for member in members])
    return lambda unit_class: of_class.get(unit_class) or overall


_METHODS: Mapping[SmallSamples, Callable[[int, Sequence[View]], Means]] = {
    SmallSamples.PAD: _pad,
    SmallSamples.NONE: _leave,
    SmallSamples.SHRINK: _shrink,
}
