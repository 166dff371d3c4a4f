"""The benchmarks' own arithmetic and page."""

import pytest

from bench import report
from bench.figures import Goal, Part, Table, figure, percentile, ratio


def test_a_figure_is_the_median_with_its_range():
    assert str(figure([3.0, 1.0, 2.0])) == "2.00 [1.00–3.00]"
    assert str(figure([1234.5])) == "1,234"


def test_ratios_are_taken_round_by_round():
    assert ratio([10, 30], [20, 20]).median == pytest.approx(1.0)
    assert ratio([10, 30], [20, 20]).lowest == pytest.approx(0.5)


def test_percentile():
    assert percentile(list(range(1, 101)), 0.99) == 100
    assert percentile([7.0], 0.5) == 7.0


@pytest.mark.parametrize(
    ("reached", "smaller", "verdict"),
    [
        pytest.param(0.7, True, "stretch", id="less is better, and it is less"),
        pytest.param(1.2, True, "met", id="between"),
        pytest.param(2.0, True, "missed", id="too much"),
        pytest.param(2.0, False, "stretch", id="more is better"),
        pytest.param(0.9, False, "missed", id="too little"),
    ],
)
def test_where_a_goal_stands(reached, smaller, verdict):
    must, stretch = (1.5, 0.8) if smaller else (1.0, 1.8)
    assert Goal("any", must, stretch, reached, "ms", smaller).verdict == verdict


def test_a_part_is_kept_as_json_and_between_its_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- some -->\nold\n<!-- end some -->\nafter\n", encoding="utf-8")
    folder = tmp_path / "results"
    table = Table("Rates", ("who", "how much"), (("we", "1"),))
    report.keep(
        Part("some", (table,), (Goal("a", 2, 1, 1.5, "ms"),)),
        is_quick=True,
        folder=folder,
        page=page,
    )
    report.keep(Part("some", (table,)), is_quick=True, folder=folder, page=page)
    words = page.read_text(encoding="utf-8")
    assert words.startswith("before\n<!-- some -->\nMeasured ")
    assert words.endswith("<!-- end some -->\nafter\n")
    assert words.count("| we | 1 |") == 1
    assert "old" not in words
    (kept,) = folder.iterdir()
    assert '"cores"' in kept.read_text(encoding="utf-8")
