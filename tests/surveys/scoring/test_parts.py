"""The JSON form of figures, and the scale of the intervals."""

from dataclasses import dataclass, make_dataclass
from decimal import Decimal
from types import SimpleNamespace

import pytest

from surveys.scoring.chart import MARGIN, WIDTH, Scale, scale_of
from surveys.scoring.json_form import form_of, read_json, write_json


@dataclass(frozen=True)
class Inner:
    number: Decimal | None
    pairs: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Outer:
    name: str
    inner: tuple[Inner, ...]
    one: Inner | None
    is_true: bool


VALUE = Outer(
    "单位",
    (Inner(Decimal("0.10"), (("245/3", 2),)), Inner(None, ())),
    None,
    is_true=True,
)


def test_what_is_written_is_read_back():
    assert read_json(Outer, write_json(VALUE)) == VALUE


def test_parts_are_written_in_the_order_of_their_names():
    assert write_json(VALUE) == (
        '{"inner":[{"number":"0.10","pairs":[["245/3",2]]},{"number":null,"pairs":[]}],'
        '"is_true":true,"name":"单位","one":null}'
    )


def test_decimals_keep_their_digits():
    assert '"number":"0.10"' in write_json(VALUE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"number":"1"}', id="a part is missing"),
        pytest.param('{"number":"1","pairs":[],"more":1}', id="a part too many"),
    ],
)
def test_another_shape_is_an_error(text):
    with pytest.raises(ValueError, match=r"pairs|more"):
        read_json(Inner, text)


def unit(direct, low=None, high=None):
    interval = None if low is None else SimpleNamespace(low=Decimal(low), high=Decimal(high))
    return SimpleNamespace(direct=direct and Decimal(direct), interval=interval)


def test_a_scale_holds_every_interval_in_whole_points():
    units = [unit("26.94", "26.53", "27.35"), unit("20.1"), unit(None)]
    assert scale_of(units) == Scale(Decimal(20), Decimal(28))


def test_a_scale_of_nothing_is_still_a_scale():
    assert scale_of([]) == Scale(Decimal(0), Decimal(1))


def test_places_run_from_margin_to_margin():
    scale = Scale(Decimal(20), Decimal(30))
    bar = scale.bar(unit("25", "20", "30"))
    assert (bar.left, bar.dot, bar.right) == (MARGIN, WIDTH / 2, WIDTH - MARGIN)


def test_a_unit_without_score_has_no_bar():
    assert Scale(Decimal(0), Decimal(1)).bar(unit(None)) is None


def made_of(**fields):
    return make_dataclass("Part", fields.items(), frozen=True)


def test_a_form_is_told_apart_by_names_and_kinds_all_the_way_down():
    one = made_of(code=str, limits=tuple[float, float] | None)
    again = made_of(limits=tuple[float, float] | None, code=str)
    assert form_of(made_of(parts=tuple[one, ...])) == form_of(made_of(parts=tuple[again, ...]))
    others = [
        one,
        made_of(parts=tuple[made_of(code=str, limits=tuple[float, float]), ...]),
        made_of(parts=tuple[made_of(code=int, limits=tuple[float, float] | None), ...]),
        made_of(parts=tuple[made_of(code=str, range=tuple[float, float] | None), ...]),
        made_of(parts=tuple[one, one]),
        made_of(parts=one),
    ]
    forms = {form_of(each) for each in [made_of(parts=tuple[one, ...]), *others]}
    assert len(forms) == 7
    assert all(len(form) == 16 for form in forms)
