"""A small round as evidence takes it, made by a seeded formula."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from analytics.evidence.inputs import EvidenceInputs, Written
from analytics.rules import RuleSet
from analytics.shapes import NOWHERE, BallotRows
from analytics.shaping import option_points
from analytics.social import Unit, score
from analytics.tally import BLANK, Cell, Tally
from tests.analytics import stuffed_rounds
from tests.analytics.rule_documents import rules

ITEMS = ("duties", "law", "service", "efficiency", "overall")
GROUPS = (
    {"code": "citizens", "floor": 10, "weight": 60},
    {"code": "npc", "floor": 5, "weight": 40},
)
CODES = "ABCDEN"
SAID = ("窗口排队太久", "态度很好,值得表扬", "希望周末也能办理", "电话打不通")


def made_rules(**changes: Any) -> RuleSet:
    """Return rules with five items and two groups."""
    return rules(
        **{
            "items": [{"code": code, "words": code, "weight": 1} for code in ITEMS],
            "groups": [{"words": group["code"], **group} for group in GROUPS],
            "min_items_scored": 3,
            **changes,
        }
    )


def made_units(count: int, classes: int = 2) -> tuple[Unit, ...]:
    """Return units in classes, the last one of each not ranked where there are enough."""
    return tuple(
        Unit(f"U{n}", f"{n}局", f"c{n % classes}", ranked=n < count - 1 or count < 4)
        for n in range(count)
    )


def made_rows(
    units: tuple[Unit, ...], citizens: int, deputies: int, seed: int, made: RuleSet
) -> BallotRows:
    """Return ballots: citizens rate one or two units, deputies all of them."""
    generator = np.random.default_rng(seed)
    quality = generator.normal(0, 0.6, len(units))
    ballot, unit = [], []
    for number in range(citizens + deputies):
        few = min(len(units), int(generator.integers(1, 3)))
        rated = (
            sorted(generator.choice(len(units), few, replace=False).tolist())
            if number < citizens
            else range(len(units))
        )
        for one in rated:
            ballot.append(number)
            unit.append(one)
    strictness = generator.normal(0, 0.5, citizens + deputies)
    latent = 1.4 + quality[unit] + strictness[ballot]
    answers = latent[:, None] + generator.normal(0, 0.8, (len(unit), len(ITEMS)))
    levels = np.clip(3 - np.floor(answers), 0, 4).astype(np.int8)
    levels[generator.random(levels.shape) < 0.03] = CODES.index("N")
    group = np.array([0] * citizens + [1] * deputies, np.int64)
    return BallotRows(
        ballots=tuple(f"b{number}" for number in range(citizens + deputies)),
        units=tuple(one.code for one in units),
        groups=tuple(str(one["code"]) for one in GROUPS),
        places=("东街", "西街"),
        group=group,
        place=np.where(group == 0, np.arange(group.size) % 2, NOWHERE),
        seconds=np.where(group == 0, 20.0 + 40 * generator.random(group.size), np.nan),
        day=np.where(group == 0, 9000.0 + np.arange(group.size) % 7, np.nan),
        ballot=np.array(ballot, np.int64),
        unit=np.array(unit, np.int64),
        levels=levels,
        points=option_points(made),
        weights=np.ones(len(ITEMS)),
        min_items_scored=3,
    )


def tally_of_rows(rows: BallotRows, channel: str = "open") -> Tally:
    """Return what rows come to."""
    signs = np.array([*CODES, BLANK])[rows.levels]  # NOWHERE is the last one
    counts = Counter(
        Cell(rows.groups[rows.group[ballot]], channel, rows.units[unit], "".join(pattern))
        for ballot, unit, pattern in zip(rows.ballot, rows.unit, signs, strict=True)
    )
    return Tally(counts)


def made_inputs(
    units: int = 6,
    citizens: int = 120,
    deputies: int = 12,
    seed: int = 1,
    **changes: Any,
) -> EvidenceInputs:
    """Return the inputs of a round; changes of rules are given by their names."""
    made = made_rules(**changes)
    appraised = made_units(units)
    rows = made_rows(appraised, citizens, deputies, seed, made)
    return of_rows(rows, appraised, made)


def of_rows(rows: BallotRows, units: tuple[Unit, ...], made: RuleSet) -> EvidenceInputs:
    """Return the inputs that some ballots make."""
    tally = tally_of_rows(rows)
    social = score(tally, made, units)
    official = [np.nan if one.social is None else float(one.social) for one in social.units]
    written = tuple(
        Written(0, number % len(units), SAID[number % len(SAID)])
        for number in range(min(40, len(rows.ballots)))
    )
    return EvidenceInputs(
        rules=made,
        units=units,
        tally=tally,
        social=social,
        official=np.array(official),
        has_totals=False,
        rows=rows,
        is_sample=False,
        invited={"npc": 20},
        written=written,
        place_people=np.array([np.nan, np.nan]),
        population=None,
        last_year=None,
    )


def shuffled(inputs: EvidenceInputs, seed: int) -> EvidenceInputs:
    """Return the same round with its ballots in another order."""
    order = np.random.default_rng(seed).permutation(len(inputs.rows.ballots))
    return replace(inputs, rows=stuffed_rounds.shuffled(inputs.rows, order))
