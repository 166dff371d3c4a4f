"""A believable evidence of a small round, in which every branch of the pages is to be seen."""

import json
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.changes import Incomparable, Verdict
from analytics.drivers.report import Quadrant
from analytics.evidence import result
from analytics.plain_values import plain_value
from analytics.quality.reasons import Obstacle, Reason
from analytics.rules.rule_set import RuleSet
from analytics.severity.report import SeverityVerdict
from surveys.models import Evidence, ScoringRun
from surveys.scoring.json_form import form_of
from tests.makers import NOW

GROUPS = ("citizens", "enterprises", "npc", "cppcc")
NO_SCORE = result.ScoreError(None, None, None, None)
NO_COMMENTS = result.CommentEvidence(0, 0, 0, 0, 0, 0, 0, False, (), (), ())
FEW_COMMENTS = replace(NO_COMMENTS, count=3, distinct=3)
COMMENTS = result.CommentEvidence(
    count=40,
    distinct=31,
    praise=12,
    criticism=17,
    suggestion=8,
    mixed=2,
    neither=1,
    tones_shown=True,
    themes=(
        result.ThemeCell("queue", "窗口与排队", "Counters", 14, 3, 9, 2, "排队太久<了>"),
        result.ThemeCell("manner", "服务态度", "Manner of service", 9, 8, 1, 0, None),
    ),
    phrases=(("叫号机", 7), ("周末办理", 5)),
    repeated=(("希望周末也能办理。", 6),),
)
RANK = result.RankEvidence(
    rank=1,
    units=2,
    low=1,
    high=2,
    own_low=1,
    own_high=1,
    expected=1.3,
    top_probability=0.68,
    last_probability=0.32,
    places=1,
    like=("U02",),
)
STABILITY = result.Stability(
    rank=1,
    narrow=(1, 1),
    wide=(1, 2),
    unchanged_share=0.97,
    switch=-0.154,
    switch_group="npc",
    switch_unit="U02",
    up=None,
    down=2.0,
    ranks=(1, 2, 1, 1, 2),
)
CHOICES = (
    result.OtherChoice("conversion", "ratio", 1.0, 0, 0),
    result.OtherChoice("conversion", "rounded", 0.95, 2, 1),
    result.OtherChoice("points", "top_box", None, 0, 0),
    result.OtherChoice("without_group", "citizens", -0.2, 2, 1),
    result.OtherChoice("padding", "without_padding", 0.8, 2, 1),
)
ITEMS = ("duties", "law", "service", "efficiency")
DRIVERS = tuple(
    result.DriverCell(item, importance, 0.03, performance, 1.2, quadrant)
    for item, importance, performance, quadrant in zip(
        ITEMS,
        (0.4, 0.35, 0.15, 0.1),
        (90.0, 71.0, 69.5, 83.0),
        (
            Quadrant.KEEP_UP,
            Quadrant.CONCENTRATE_HERE,
            Quadrant.LOW_PRIORITY,
            Quadrant.POSSIBLE_OVERKILL,
        ),
        strict=True,
    )
)
# As like as items of few ballots are.
UNCLEAR_DRIVERS = tuple(
    result.DriverCell(item, importance, 0.061, performance, 2.4, Quadrant.UNCLEAR)
    for item, importance, performance in zip(
        ITEMS, (0.3, 0.26, 0.23, 0.21), (79.0, 79.1, 81.0, 80.9), strict=True
    )
)
UNKNOWN_DRIVERS = tuple(result.DriverCell(item, None, None, None, None, None) for item in ITEMS)


def made_evidence(rules: RuleSet) -> result.RoundEvidence:
    """Make the evidence of `scored.make_closed_round`: two units, one alone, one not ranked."""
    return result.RoundEvidence(
        seed=20261122,
        ballots=9,
        is_sample=True,
        together=("npc",),
        items=(*ITEMS, "overall"),
        overall="overall",
        driver_items=ITEMS,
        classes=_classes(),
        groups=_groups(rules),
        severity=_severity(),
        quality=_quality(),
        population=_population(),
        comments=COMMENTS,
        year=result.YearEvidence(
            "2025年度社会评议", "Appraisal 2025", tuple(one.value for one in Incomparable)
        ),
        units=_units(),
    )


def bare_evidence(rules: RuleSet) -> result.RoundEvidence:
    """Make the evidence of a round of which nobody can tell anything."""
    full = made_evidence(rules)
    quality = replace(full.quality, reasons=(), suspect=0, flagged=0, listed=())
    empty = result.ClassEvidence("class1", (), 0, 0, None, None, 0, None, (), None, None, (), None)
    return replace(
        full,
        is_sample=False,
        together=(),
        overall=None,
        driver_items=(),
        classes=(empty, replace(empty, code="class2")),
        groups=(),
        severity=(),
        quality=quality,
        population=(),
        comments=NO_COMMENTS,
        year=None,
        units=tuple(bare_unit(unit.code, unit.unit_class) for unit in full.units),
    )


def bare_unit(code: str, unit_class: str) -> result.UnitEvidence:
    """Make what is said of a unit that has no ballots."""
    return result.UnitEvidence(
        code=code,
        unit_class=unit_class,
        direct=NO_SCORE,
        social=NO_SCORE,
        groups=(),
        unpadded=None,
        shrunken=None,
        rank=None,
        severity=(),
        doubt=result.DoubtEffect(0, 0, None, None, None),
        channels=(),
        channels_differ=False,
        population=(),
        drivers=(),
        drivers_of_class=False,
        comments=NO_COMMENTS,
        stability=None,
        change=None,
    )


def keep(
    session: Session, round_id: int, found: result.RoundEvidence, now: datetime = NOW
) -> Evidence:
    """Keep the evidence of a round's newest run."""
    run_id = session.scalars(
        select(ScoringRun.id)
        .where(ScoringRun.round_id == round_id)
        .order_by(ScoringRun.number.desc())
        .limit(1)
    ).one()
    kept = Evidence(
        form=form_of(result.RoundEvidence),
        run_id=run_id,
        created_at=now,
        actor="绩效办",
        code_version="0123456789abcdef",
        document=json.dumps(plain_value(found), ensure_ascii=False, allow_nan=False),
    )
    session.add(kept)
    session.flush()
    return kept


# --- the parts, in order of use -------------------------------------------------------------------


def _classes() -> tuple[result.ClassEvidence, ...]:
    first = result.ClassEvidence(
        code="class1",
        units=("U01", "U02"),
        pairs=1,
        pairs_apart=0,
        mean_width=2.0,
        concordance=0.41,
        concordance_groups=2,
        tau_b_least=0.9,
        choices=CHOICES,
        importance_cut=0.25,
        performance_cut=80.0,
        drivers=DRIVERS,
        r2=0.62,
    )
    second = replace(
        first,
        code="class2",
        units=("U03",),
        pairs=0,
        mean_width=None,
        concordance=None,
        concordance_groups=1,
        tau_b_least=None,
        choices=(replace(CHOICES[1], moved=0, largest_move=0),),
        drivers=UNKNOWN_DRIVERS,
        r2=None,
    )
    return first, second


def _groups(rules: RuleSet) -> tuple[result.GroupEvidence, ...]:
    full = result.GroupEvidence(
        code="citizens",
        ballots=4,
        invited=None,
        units_per_ballot=2.0,
        complete=3,
        alpha=0.96,
        alpha_limits=(0.9, 0.99),
        omega=0.96,
        one_rating=0.2,
        unit_means=0.93,
        krippendorff=0.2,
        item_rest=(0.8, 0.7, 0.9, 0.6, None),
        strength=4.0,
        floor=rules.group("citizens").floor,
    )
    weak = replace(full, code="enterprises", alpha=0.75, unit_means=0.55, strength=90.0)
    bare = replace(full, code="cppcc", ballots=0, alpha=None, unit_means=None, strength=None)
    poor = replace(full, code="npc", alpha=0.4, unit_means=-0.3, invited=4, strength=20.0)
    return full, weak, poor, bare


def _severity() -> tuple[result.SeverityEvidence, ...]:
    fitted = result.SeverityEvidence(
        group="citizens",
        verdict=SeverityVerdict.FITTED,
        ratings=9,
        appraisers=4,
        units=3,
        parts=1,
        appraiser_sd=8.4,
        unit_sd=5.1,
        residual_sd=7.0,
        largest_shift=3.25,
        kendall=0.8,
        largest_move=1,
        large_moves=0.33,
    )
    none = replace(
        fitted,
        appraiser_sd=None,
        unit_sd=None,
        residual_sd=None,
        largest_shift=None,
        kendall=None,
        largest_move=None,
        large_moves=None,
    )
    others = (
        replace(none, group="enterprises", verdict=SeverityVerdict.TOO_FEW),
        replace(none, group="npc", verdict=SeverityVerdict.NO_EFFECT_BY_DESIGN),
        replace(none, group="cppcc", verdict=SeverityVerdict.NOT_CONNECTED, parts=2),
        replace(none, group="npc", verdict=SeverityVerdict.NO_DIFFERENCE_SEEN),
    )
    return fitted, *others


def _quality() -> result.QualityEvidence:
    day = float(date(2026, 11, 20).toordinal())
    crowds = (
        result.CrowdEvidence(40, 3.2, "U01", "citizens", "门口海报", day + 0.4, day + 0.42),
        result.CrowdEvidence(25, 2.0, None, None, None, day, day + 1),
        result.CrowdEvidence(21, 1.0, None, "npc", None, None, None),
    )
    obstacles = [*Obstacle, *[None] * len(Reason)]
    return result.QualityEvidence(
        ballots=9,
        reasons=tuple(
            result.ReasonEvidence(
                reason=one.value,
                family=one.family.value,
                examined=0 if one is Reason.TURNOUT else 9,
                found=number % 4,
                expected=0.4 * number,
                obstacle=obstacles[number],
                crowds=crowds if one is Reason.UNIT_BURST else (),
            )
            for number, one in enumerate(Reason)
        ),
        suspect=4,
        flagged=2,
        expected_flagged=0.34,
        flagged_by_group=(2, 0, 0, 0),
        listed=(
            result.DoubtedBallot("citizens-0", "citizens", ("hasty", "unit_burst")),
            result.DoubtedBallot("-citizens-1", "citizens", ("straight", "unit_burst")),
        ),
    )


def _population() -> tuple[result.PopulationEvidence, ...]:
    weighted = result.PopulationEvidence(
        "citizens", ("age", "place"), 300, 12, 1.4, 214.0, 3, 0.02, None, ""
    )
    return (
        weighted,
        replace(weighted, group="enterprises", obstacle="few", design_effect=None),
        replace(weighted, group="npc", obstacle="no_convergence"),
        replace(weighted, group="cppcc", obstacle="no_ballots", obstacle_at="age · 60+"),
    )


def _cells() -> tuple[result.GroupCell, ...]:
    full = result.GroupCell(
        group="citizens",
        n=3,
        invited=None,
        mean=60.0,
        share=0.47,
        variance_share=0.8,
        best_share=0.33,
        best_limits=(0.06, 0.79),
        unknown_share=0.02,
        own_share=0.1,
        asked_share=0.43,
    )
    bare = result.GroupCell("enterprises", 0, None, None, 0.35, None, None, None, None, 0.0, None)
    small = replace(full, group="npc", n=3, invited=4, variance_share=0.2, share=0.18)
    return full, bare, small


def _units() -> tuple[result.UnitEvidence, ...]:
    full = result.UnitEvidence(
        code="U01",
        unit_class="class1",
        direct=result.ScoreError(19.69, 0.61, 0.72, (18.1, 21.3), 0.5),
        social=result.ScoreError(19.69, 0.61, 0.72, (18.1, 21.3)),
        groups=_cells(),
        unpadded=20.4,
        shrunken=19.9,
        rank=RANK,
        severity=(
            result.SeverityCell("citizens", 3, 60.0, 62.1, 62.4, 2.2, 2, 1),
            result.SeverityCell("npc", 3, 92.0, 92.0, None, 1.0, 1, 1),
        ),
        doubt=result.DoubtEffect(2, 3, 65.65, 61.2, (40.0, 70.0)),
        channels=(result.ChannelCell("citizens", 2, 1, 80.0, 60.0, (2.0, 38.0)),),
        channels_differ=True,
        population=(result.PopulationCell("citizens", 3, 2.4, 60.0, 57.5, 3.1),),
        drivers=DRIVERS,
        drivers_of_class=True,
        comments=COMMENTS,
        stability=STABILITY,
        change=result.ChangeEvidence(17.2, 2.49, (0.5, 4.4), Verdict.UP),
    )
    second = replace(
        full,
        code="U02",
        social=result.ScoreError(18.9, None, 0.9, (17.0, 20.8)),
        rank=replace(RANK, rank=2, like=("U01",), top_probability=0.0, last_probability=1.0),
        doubt=result.DoubtEffect(0, 1, 63.0, 63.0, (50.0, 66.0)),
        channels=(result.ChannelCell("citizens", 1, 1, 70.0, 71.0, None),),
        channels_differ=False,
        drivers=UNCLEAR_DRIVERS,
        drivers_of_class=False,
        comments=FEW_COMMENTS,
        stability=replace(STABILITY, rank=2, narrow=(1, 2), switch=8.5, up=1.0, down=None),
        change=result.ChangeEvidence(21.0, -2.1, (-3.9, -0.3), Verdict.DOWN),
    )
    alone = replace(
        bare_unit("U03", "class2"),
        social=result.ScoreError(22.0, None, None, None),
        rank=result.RankEvidence(1, 1, 1, 1, 1, 1, 1.0, 1.0, 1.0, 1, ()),
        stability=replace(STABILITY, switch=None, switch_group=None, switch_unit=None, ranks=()),
        drivers=UNKNOWN_DRIVERS,
        change=result.ChangeEvidence(21.9, 0.1, None, Verdict.NOT_TOLD_APART),
    )
    return full, second, alone, bare_unit("U04", "class2")
