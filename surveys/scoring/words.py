"""Words for flags, reasons of grades, methods and grades, in the page's language."""

from flask_babel import gettext

from analytics.faults import N_
from analytics.merge import GradeReason, MergeFlag
from analytics.rules import Method, RuleSet, SmallSamples
from analytics.social_result import Flag
from surveys.scoring.run import GroupFacts, UnitFigures
from surveys.web import named

FLAGS: dict[str, str] = {
    Flag.SMALL_SAMPLE: N_("small sample"),
    Flag.GROUP_SMALL: N_("whole group below its floor"),
    Flag.GROUP_SUSPENDED: N_("group without valid ballots"),
    Flag.MISSING_GROUP: N_("a group is missing for this unit"),
    Flag.NO_BALLOTS: N_("no valid ballot"),
    Flag.TRIMMED: N_("highest and lowest ballots left out"),
    Flag.OPEN_LEFT_OUT: N_("ballots of the open link do not count here"),
    Flag.READY_SCORES: N_("arrived as ready-made scores"),
    Flag.NO_VALID_BALLOTS: N_("no valid ballot at all: no score"),
    Flag.CLASS_DIRECT: N_("class too small for standard scores"),
    MergeFlag.NOT_RANKED: N_("not ranked"),
    MergeFlag.NO_WORK_SCORE: N_("no work score"),
    MergeFlag.ADJUSTMENT_CUT: N_("adjustment cut to the limit"),
    MergeFlag.VETOED: N_("veto"),
}

# What holds for every unit alike: said of the group, not beside each unit.
OF_WHOLE_GROUPS = frozenset({Flag.GROUP_SMALL, Flag.GROUP_SUSPENDED, Flag.OPEN_LEFT_OUT})

# What stands beside a unit on the overview; the rest is said on its own sheet.
ON_OVERVIEW = (
    Flag.NO_VALID_BALLOTS,
    Flag.SMALL_SAMPLE,
    Flag.MISSING_GROUP,
    MergeFlag.NO_WORK_SCORE,
    MergeFlag.ADJUSTMENT_CUT,
    MergeFlag.VETOED,
)

GRADE_REASONS: dict[str, str] = {
    GradeReason.TOTAL: N_("The total decides the grade."),
    GradeReason.SHARE_FULL: N_(
        "The total is enough for the best grade, but its places in the class are taken by units "
        "with higher totals."
    ),
    GradeReason.TIE_LOST: N_(
        "The total equals that of the last place of the best grade, but the figures that decide "
        "ties are lower."
    ),
    GradeReason.TIE_SHARED: N_(
        "Equal in everything at the last place of the best grade: all such units are in."
    ),
    GradeReason.VETO: N_("A veto limits the grade."),
    GradeReason.COMPOSITE_FLOOR: N_("The composite of the social appraisal is below the floor."),
}

METHODS: dict[str, str] = {
    Method.DIRECT: N_("direct"),
    Method.RATIO: N_("ratio to the best of the class"),
    Method.RANK: N_("points by place"),
    Method.STANDARD: N_("standard score"),
}

SMALL_SAMPLES: dict[str, str] = {
    SmallSamples.PAD: N_("padded with the class mean up to the floor"),
    SmallSamples.NONE: N_("left as they are"),
    SmallSamples.SHRINK: N_("drawn towards the class mean by their reliability"),
}

_TABLES = (FLAGS, GRADE_REASONS, METHODS, SMALL_SAMPLES)


def said(code: str) -> str:
    """Return the words of a flag, a reason, a method."""
    for table in _TABLES:
        if code in table:
            return str(gettext(table[code]))
    return code


def grade_words(rules: RuleSet, code: str | None) -> str:
    """Return the words of a grade."""
    grade = next((grade for grade in rules.grades if grade.code == code), None)
    return "" if grade is None else named(grade, "words")


def remarks(unit: UnitFigures, groups: tuple[GroupFacts, ...]) -> str:
    """Return what a reader must know of one unit, in one line."""
    semicolon: str = gettext("; ")
    return semicolon.join(
        _said_of(unit, flag, groups) for flag in unit.flags if flag not in OF_WHOLE_GROUPS
    )


def overview_flags(unit: UnitFigures, groups: tuple[GroupFacts, ...]) -> tuple[str, ...]:
    """Return the words of those flags that an overview shows, in a fixed order."""
    return tuple(_said_of(unit, flag, groups) for flag in ON_OVERVIEW if flag in unit.flags)


def _said_of(unit: UnitFigures, flag: str, groups: tuple[GroupFacts, ...]) -> str:
    """Return a flag's words, with the groups that it comes from."""
    concerned = {one.group for one in unit.groups if one.weight and flag in one.flags}
    names = [named(group) for group in groups if group.code in concerned]
    if not names:
        return said(flag)
    return str(gettext("%(flag)s: %(groups)s", flag=said(flag), groups=gettext(", ").join(names)))
