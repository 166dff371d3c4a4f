"""The written arithmetic of the worked cases of the rules."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from analytics.merge import WorkEntry
from analytics.rules import Conversion, Method, RuleSet, SmallSamples, preset
from analytics.social import Unit
from analytics.tally import Cell, Tally
from surveys.scoring.computing import Inputs, Named, compute
from surveys.scoring.derivation import derivation, equals, shown
from surveys.scoring.run import AdjustmentLine, IndicatorScore, RunSummary, RunView

D = Decimal
S3 = {
    "citizens": "A120 B50 C20 D8 E2",
    "enterprises": "A20 B12 C6 D2",
    "npc": "A12 B6 C2",
    "cppcc": "A10 B8 C2",
}


def ballots(group: str, unit: str, text: str) -> dict[Cell, int]:
    """Return the cells of ballots with all five items alike, written `A120 B50`."""
    return {Cell(group, "paper", unit, part[0] * 5): int(part[1:]) for part in text.split()}


def run_of(cells, rules: RuleSet, units=("U01",), **inputs) -> RunView:
    computed = compute(
        Inputs(
            tally=Tally(cells),
            rules=rules,
            units=tuple(Unit(code, f"单位{code}", "a") for code in units),
            english={},
            classes=(Named("a", "甲类", None),),
            **{"work": None, **inputs},
        )
    )
    summary = RunSummary(
        round_code="2026",
        round_name="2026年度",
        round_name_en=None,
        office="绩效办",
        office_en=None,
        is_demonstration=False,
        frozen_sha256=None,
        ballots=(),
        ratings=0,
        is_recounted=True,
        groups=(),
        classes=computed.classes,
        work=None,
    )
    return RunView(
        round_id=1,
        number=1,
        numbers=(1,),
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        actor="绩效办",
        code_version="0",
        rules=rules,
        rules_sha256=rules.sha256,
        tally_sha256="t" * 64,
        work_sha256=None,
        summary=summary,
        units=computed.units,
    )


def steps_of(run: RunView, code: str = "U01"):
    return derivation(run, run.unit(code))


def with_method(method: Method) -> RuleSet:
    return replace(
        preset("default"),
        conversion=Conversion(method=method),
        small_samples=SmallSamples.NONE,
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(D("79.60"), "= 79.6", id="exact"),
        pytest.param(D(1) / 3, "≈ 0.3333", id="cut"),
        pytest.param(D("2.00005"), "≈ 2.0001", id="a half goes up"),
        pytest.param(D("-0.5"), "= −0.5", id="a true minus sign"),
        pytest.param(D(0), "= 0", id="nothing"),
    ],
)
def test_figures_say_whether_they_are_cut(value, text):
    assert equals(value) == text


def test_s3_from_ballots_to_points():
    cells = {}
    for group, text in S3.items():
        cells |= ballots(group, "U01", text)
    steps = steps_of(run_of(cells, preset("default")))
    assert [group.mean for group in steps.groups] == [
        "M = (100 × 120 + 80 × 50 + 60 × 20 + 30 × 8 + 0 × 2) / 200 = 87.2",
        "M = (100 × 20 + 80 × 12 + 60 × 6 + 30 × 2) / 40 = 84.5",
        "M = (100 × 12 + 80 × 6 + 60 × 2) / 20 = 90",
        "M = (100 × 10 + 80 × 8 + 60 × 2) / 20 = 88",
    ]
    assert steps.composite == "R = (40 × 87.2 + 30 × 84.5 + 15 × 90 + 15 × 88) / 100 = 86.93"
    assert steps.social == "S = 30 × 86.93 / 100 = 26.079 → 26.08"


@pytest.mark.parametrize(
    ("own", "line"),
    [
        pytest.param("A6", "M′ = [6 × 100 + (30 − 6) × 86] / 30 = 88.8", id="n = 6"),
        pytest.param("", "M′ = μ = 86", id="n = 0"),
        pytest.param("B30", "M′ = M = 80", id="n = 30"),
    ],
)
def test_s4_small_samples(own, line):
    rules = preset("default")
    cells = ballots("npc", "U01", "A10") | ballots("npc", "U02", "A10")
    # Two units at 92 and 80 (or U01 itself at 80): the mean of those that reach 30 is 86.
    others = ("U02",) if own == "B30" else ("U02", "U03")
    cells |= ballots("citizens", "U02", "A18 B12")
    if own != "B30":
        cells |= ballots("citizens", "U03", "B30") | ballots("npc", "U03", "A10")
    cells |= ballots("citizens", "U01", own)
    run = run_of(cells, rules, ("U01", *others))
    assert steps_of(run).groups[0].padded == line


def test_the_four_conversions_of_two_units():
    cells = {}
    for group in S3:
        cells |= ballots(group, "U01", "A10") | ballots(group, "U02", "B10")
    line = {}
    for method in Method:
        run = run_of(cells, with_method(method), ("U01", "U02"))
        line[method] = steps_of(run, "U02").social
    assert line == {
        Method.DIRECT: "S = 30 × 80 / 100 = 24 → 24.00",
        Method.RATIO: "S = 30 × 80 / 100 = 24 → 24.00",
        Method.RANK: "S = max(60 % × 30, 30 − 1 × 2 % × 30) = 29.4 → 29.40",
        Method.STANDARD: "S = 30 × 80 / 100 = 24 → 24.00",  # a class below five: direct
    }


def test_s6_a_standard_score_is_cut_at_three():
    units = tuple(f"U{number:02d}" for number in range(1, 13))
    rules = replace(
        with_method(Method.STANDARD),
        options=tuple(
            replace(option, points=D(90)) if option.code == "A" else option
            for option in preset("default").options
        ),
    )
    cells = {}
    for code in units[:-1]:
        cells |= ballots("citizens", code, "A10")
    cells |= ballots("citizens", units[-1], "D10")
    low = steps_of(run_of(cells, rules, units), units[-1]).groups[0].standardised
    assert low == "Z = (30 − 85) / 16.5831 ≈ −3.3166 → −3; A = 85 − 5 × 3 = 70"


def test_s9_work_adjustment_and_total():
    indicators = (
        ("35", "33.2"),
        ("6", "5.1"),
        ("4", None),
        ("10", "8.5"),
        ("15", "13.4"),
    )
    scores = tuple(
        IndicatorScore("x", "方面", None, f"I{n}", "指标", None, D(full), score and D(score))
        for n, (full, score) in enumerate(indicators)
    )
    work = tuple(
        WorkEntry("U01", s.code, s.full_marks, s.score, applies=s.score is not None) for s in scores
    )
    lines = {"U01": (AdjustmentLine(D(7), False, "表彰"), AdjustmentLine(D(-1), False, "通报"))}
    run = run_of(
        ballots("citizens", "U01", "A5"),
        preset("default"),
        work=work,
        indicators={"U01": scores},
        lines=lines,
    )
    steps = steps_of(run)
    assert steps.work == "W = 70 × 60.2 / 66 ≈ 63.8485 → 63.85"
    assert steps.adjustment == "J = +7 −1 = +6 → +5 (± 5)"
    assert steps.total == "T = W + S + J = 63.85 + 30.00 + 5.00 = 98.85"


def test_a_unit_without_any_ballot_has_no_steps():
    run = run_of(ballots("citizens", "U02", "A5"), preset("default"), ("U01", "U02"))
    steps = steps_of(run)
    assert (steps.composite, steps.social, steps.direct, steps.total) == (None,) * 4


def test_shown_keeps_no_empty_decimals():
    assert [shown(D(text)) for text in ("100", "40.0", "0.10")] == ["100", "40", "0.1"]
