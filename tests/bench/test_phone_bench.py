"""The phone's benchmark: its bare page, its arithmetic and its tables."""

import re

import pytest

from bench.bare_page import bare_page, create_page
from bench.phone_browser import NETWORKS
from bench.phone_tables import count_table, goals, load_table, scroll_table, tap_table
from bench.phone_times import Load, Scroll, Taps, frames, taps_of


def test_the_bare_page_asks_the_same_number_of_things():
    page = bare_page(62)
    assert page.count('type="radio"') == 62 * 5 * 6
    names = re.findall(r'name="([^"]+)" value', page)
    assert len(set(names)) == 62 * 5, "each item has a name of its own"
    assert not re.search(r"<script|<style|<link rel=.stylesheet", page)


def test_the_bare_page_is_served_packed():
    answer = create_page().test_client().get("/bare/3")
    assert answer.headers["Content-Encoding"] == "gzip"


def test_a_time_in_frames():
    assert frames(50) == pytest.approx(3)


def test_taps_as_the_page_notes_them():
    taps = taps_of([{"work": float(n), "seen": float(10 * n)} for n in range(1, 21)])
    assert (taps.work_median, taps.seen_median, taps.seen_p95) == (11, 110, 200)


def test_counts_stand_beside_the_least():
    counts = {"citizen": 8, "window": 7, "card by card": 375, "list": 314, "keys": 394}
    rows = count_table(counts, units=62).rows
    assert rows[0][1:] == ("8", "7", "1.14")
    assert rows[2][1:] == ("375", "311", "1.21")


def test_a_load_is_read_against_the_bare_page_of_its_round():
    def load(usable):
        return Load(900, 1000, usable, 0, 28_000, 3)

    loads = {
        (name, network.name): [load(usable), load(usable * 2)]
        for network in NETWORKS
        for name, usable in (("citizen", 3000), ("bare", 1500))
    }
    rows = load_table(loads).rows
    assert rows[0][0] == "citizen"
    assert rows[0][-1] == "2.00", "round by round: 3000 / 1500 and 6000 / 3000"


def test_taps_scrolls_and_goals():
    taps = {
        "list": [Taps((4.0, 5.0), (40.0, 60.0))],
        "card": [Taps((1.0,), (33.4,))],
        "turn": [Taps((9.0,), (66.8,))],
        "bare": [Taps((0.1,), (30.0,))],
    }
    rows = tap_table(taps).rows
    assert rows[0][-1] == "2.00"
    assert rows[1][-2] == "2.00", "33.4 ms are two frames"
    scrolls = {"list": [Scroll((16.0,) * 9 + (90.0,), (60.0,))], "bare": [Scroll((16.0,), ())]}
    assert scroll_table(scrolls).rows[0][1:] == ("10", "16.0", "90.0", "1.00", "60.0")
    loads = {("citizen", NETWORKS[0].name): [Load(1, 1, 1, 0, 28_000, 3)]}
    found = goals({"citizen": 8, "card by card": 375}, loads, taps, units=62)
    assert [goal.verdict for goal in found] == ["met", "met", "stretch", "stretch"]
