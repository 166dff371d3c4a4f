"""A rule set in words: a sentence for each choice that it makes."""

from collections.abc import Mapping

from analytics.faults import N_
from analytics.rules import Action, Method, SmallSamples, TieBreak

METHODS: Mapping[Method, str] = {
    Method.DIRECT: N_("Direct: full marks × composite / 100."),
    Method.RATIO: N_("Ratio: full marks × composite / the best composite of the class."),
    Method.RANK: N_(
        "By place in the class: the first has full marks, each place costs %(step_percent)s %% of "
        "them, down to %(floor_percent)s %%."
    ),
    Method.STANDARD: N_(
        "Standard score per class and group: the mean becomes %(centre)s, one standard deviation "
        "(at least %(min_deviation)s) becomes %(spread)s, cut at %(limit)s deviations; "
        "classes of fewer than %(min_units)s units are converted directly."
    ),
}
SMALL_SAMPLES: Mapping[SmallSamples, str] = {
    SmallSamples.PAD: N_(
        "Below its floor, a group's mean for a unit is padded up to the floor with the mean of "
        "the class."
    ),
    SmallSamples.NONE: N_("Means stand as they are; a group without ballots leaves the weights."),
    SmallSamples.SHRINK: N_(
        "Means are drawn towards the mean of the class, the more the fewer ballots there are."
    ),
}
CONSEQUENCES: Mapping[Action, str] = {
    Action.IGNORE: N_("no consequence"),
    Action.FLAG: N_("counted, flagged"),
    Action.EXCLUDE: N_("excluded"),
}
TIES: Mapping[TieBreak, str] = {
    TieBreak.SOCIAL: N_("the higher social score"),
    TieBreak.DIRECT: N_("the higher direct score"),
    TieBreak.WORK: N_("the higher work score"),
}
