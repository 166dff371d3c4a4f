"""The pages of the evidence: what is said of a round and of a unit, in every state."""

import csv
import io
from dataclasses import replace
from itertools import combinations
from math import hypot
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from analytics.changes import Incomparable, Verdict
from analytics.drivers.report import Quadrant
from analytics.evidence.result import RankEvidence
from analytics.quality.reasons import Family, Obstacle, Reason
from analytics.rules import preset
from analytics.severity.report import SeverityVerdict
from surveys.db import reading, transaction
from surveys.models import AuditEntry, Evidence, Job, Population, Round, RoundState, ScoringRun
from surveys.scoring import evidence_words
from surveys.scoring.evidence_chart import (
    MAP_HEIGHT,
    MAP_POINT,
    MAP_WIDTH,
    axis_of,
    even_axis,
    item_map,
    pieces,
    score_axis,
    strip,
)
from surveys.scoring.evidence_findings import (
    brief,
    choice_lines,
    drivers_finding,
    margin,
    verdict,
)
from tests import makers
from tests.pages import form_fields, tree, visible_text
from tests.surveys.scoring import made_evidence
from tests.surveys.scoring.scored import make_closed_round, score_round

FULL = made_evidence.made_evidence(preset("default"))
BARE = made_evidence.bare_evidence(preset("default"))
TABLE = "variable,level,population\nrole,firm,700\nrole,person,300\n"


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        made = make_closed_round(session)
        score_round(session, made)
    return made


@pytest.fixture
def full(store, made):
    """The evidence of the round, with everything there is."""
    found = made_evidence.made_evidence(made.rules)
    with transaction(store) as session:
        made_evidence.keep(session, made.round.id, found)
    return found


@pytest.fixture
def bare(store, made):
    """The evidence of a round of which nobody can tell anything."""
    found = made_evidence.bare_evidence(made.rules)
    with transaction(store) as session:
        made_evidence.keep(session, made.round.id, found)
    return found


def page_of(made, more: str = "") -> str:
    return f"/console/rounds/{made.round.id}/evidence{more}"


def said(client, made, more: str = "", lang: str = "en") -> str:
    mark = "&" if "?" in more else "?"
    return visible_text(client.get(f"{page_of(made, more)}{mark}lang={lang}"))


# --- states ---------------------------------------------------------------------------------------


def test_before_scoring_the_page_leads_to_the_results(office, store):
    with transaction(store) as session:
        made = make_closed_round(session)
    assert "Nothing has been scored yet" in said(office, made)


def test_evidence_is_worked_out_behind_the_server_once(office, made, store):
    assert "has not been worked out yet" in said(office, made)
    action = page_of(made)
    fields = form_fields(office.get(action), action)
    for _ in range(2):
        answer = office.post(action, data=fields)
        assert (answer.status_code, answer.location) == (303, action)
    with reading(store) as session:
        (job,) = session.scalars(select(Job).where(Job.kind == "evidence")).all()
    assert (job.round_id, job.actor) == (made.round.id, "绩效办")
    assert "The evidence is being worked out" in said(office, made)


def test_a_run_that_has_evidence_is_not_worked_out_again(office, made, store):
    action = page_of(made)
    fields = form_fields(office.get(action), action)
    with transaction(store) as session:
        made_evidence.keep(session, made.round.id, made_evidence.made_evidence(made.rules))
    assert office.post(action, data=fields).status_code == 303
    with reading(store) as session:
        assert session.scalars(select(Job).where(Job.kind == "evidence")).all() == []


def test_beside_evidence_of_another_version_this_one_works_out_its_own(office, made, store):
    with transaction(store) as session:
        run_id = session.scalars(select(ScoringRun.id)).one()
        older = Evidence(
            run_id=run_id,
            form="0123456789abcdef",
            created_at=makers.NOW,
            actor="x",
            code_version="0",
            document="{}",
        )
        session.add(older)
    assert "has not been worked out yet" in said(office, made)
    assert office.get(page_of(made, "/U01")).status_code == 404
    with transaction(store) as session:
        made_evidence.keep(session, made.round.id, made_evidence.made_evidence(made.rules))
    assert office.get(page_of(made, "/U01")).status_code == 200


def test_an_earlier_run_keeps_its_own_evidence(office, made, store, full):
    with transaction(store) as session:
        score_round(session, made)
    assert "has not been worked out yet" in said(office, made)
    page = office.get(page_of(made, "?run=1&lang=en"))
    assert "This is an earlier run, kept as it was." in visible_text(page)
    assert f"{page_of(made)}/U01?run=1" in page.text


def test_what_does_not_exist_is_not_found(office, made, full):
    wrong = ("?run=7", "?run=x", "/U01?run=7", "/U99", ".csv?run=7")
    assert {office.get(page_of(made, more)).status_code for more in wrong} == {404}


def test_parts_of_evidence_that_is_not_there_are_refused(office, made):
    for more in ("/U01", ".csv"):
        answer = office.get(page_of(made, f"{more}?lang=en"))
        assert answer.status_code == 404
        assert "has not been worked out yet" in visible_text(answer)


# --- the round ------------------------------------------------------------------------------------


SAID_OF_THE_ROUND = (
    "Of 1 pairs of units in one class, 0 can be told apart",
    "In 1 of 3 groups other people would have ranked",
    "up to 1 of 3 places elsewhere inside a group",
    "2 ballots look wrong in two independent ways",
    "The open link judges 1 unit clearly otherwise",
    "What goes with satisfaction, and how units do on it",
    "More comments criticise or suggest",
    "Some other rules would give another order",
    "1 units went up and 1 went down; 1 did not",
    "from a random part of 9",
    "Leaving out all doubted ballots would change no composite by more",
    "about 7 in 10",
    "1 (1–2)",
    "only units of the same part are compared. 2 parts.",
    "40 ballots where about 3.2 would be usual · Bureau 1 · Citizens",
    "2026-11-20",
    "The unit's own employees",
    "1 sign could not be looked for",
    "flask ballots exclude FILE --round 2026",
    "300 ballots were weighted; 12 say too little",
    "at least 30 are needed",
    "a kind that no ballot is of",
    "without Citizens",
    "points of levels: 100 for the best level",
    "The wording of levels or items was changed.",
    "▼ down",
    "排队太久<了>",
    "0123456789abcdef",
    "20261122",
)


def test_the_page_of_a_round_says_everything(office, made, full):
    page = said(office, made)
    assert [words for words in SAID_OF_THE_ROUND if words not in page] == []


def test_the_page_of_a_round_speaks_chinese(office, made, full):
    """Names come from the round, so that this holds before any sentence is translated."""
    page = said(office, made, lang="zh")
    assert "市第1局" in page
    assert "群众" in page


def test_what_nobody_can_tell_is_said(office, made, bare):
    page = said(office, made)
    for words in (
        "There is too little to tell how sure the ranks are.",
        "No two units can be compared",
        "No unit is ranked.",
        "No ballot rates several units",
        "No ballot looks wrong",
        "There is no open link to hold against other ballots",
        "no item asks for it",
        "Nobody wrote a comment",
        "Nothing can be said of other rules",
        "There is no earlier round",
    ):
        assert words in page


@pytest.mark.parametrize("more", ["", "/U01"])
def test_every_picture_is_told_in_words(office, made, full, more):
    page = tree(office.get(page_of(made, f"{more}?lang=en")))
    drawn = [one for one in page.iter() if str(one.tag).endswith("svg")]
    pictures = [one for one in drawn if one.get("aria-hidden") != "true"]
    assert pictures
    assert all(one.get("role") == "img" and one.get("aria-label") for one in pictures)


def test_the_doubted_ballots_are_handed_out_and_it_is_written_down(office, made, full, store):
    answer = office.get(page_of(made, ".csv"))
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines == [
        ["ballot", "group", "reasons"],
        ["citizens-0", "citizens", "hasty unit_burst"],
        ["'-citizens-1", "citizens", "straight unit_burst"],
    ]
    with reading(store) as session:
        (details,) = session.scalars(
            select(AuditEntry.details)
            .where(AuditEntry.action == "doubted ballots taken")
            .order_by(AuditEntry.id)
        ).all()
    assert details == "#1 · 2"


# --- the unit -------------------------------------------------------------------------------------


SAID_OF_UNITS = {
    "U01": (
        "The score is known to about ± 1.60 points",
        "It could have any place from 1 to 2 of 2",
        "Cannot be told apart from 1 unit: Bureau 2",
        "80 % of the uncertainty comes from Citizens",
        "would be 20.40 instead of 19.69 (+0.71)",
        "Slightly other weights would not move it",
        "−15.4 % · People's congress deputies · changes places with Bureau 2",
        "2 ballots about it are doubted in two ways",
        "The open link judges it clearly otherwise",
        "weighted to the population 57.5 (−2.5)",
        "Had all appraisers been equally strict",
        "Clearly better than before",
        "Work on first: Lawful administration",
        "35 % ± 6",
        "that of the whole class",
        "40 comments, 31 of them different",
        "Quotes are masked by machine",
    ),
    "U02": (
        "Slightly other weights could move it: places 1–2",
        "none up to twice the weight",
        "Clearly worse than before",
        "Which item to work on first, these ballots cannot tell",
        "26 % ± 12",
        "too close to tell",
        "○ too close to the lines",
        "too few to speak of tones",
        "so that nobody is recognised by their words",
    ),
    "U03": (
        "Place 1 in its class is clear",
        "Which item to work on first, these ballots cannot tell",
        "No clear change",
    ),
    "U04": (
        "How sure the score is cannot be told",
        "The unit has no range of places",
        "What could move it cannot be told",
    ),
}


@pytest.mark.parametrize("code", SAID_OF_UNITS)
def test_the_page_of_a_unit_says_everything(office, made, full, code):
    page = said(office, made, f"/{code}")
    assert [words for words in SAID_OF_UNITS[code] if words not in page] == []
    assert ("Quotes are masked" in page) == (code == "U01"), "only where there is a quote"


MASKED = "Quotes are masked by machine; a person must read them before they are published."
WHY_NONE = (
    "An example is shown only where one theme has 5 comments or more, "
    "so that nobody is recognised by their words."
)
FIVE = replace(made_evidence.NO_COMMENTS, count=5, distinct=3, praise=2, criticism=3)
FIVE_TOLD = replace(FIVE, tones_shown=True)


@pytest.mark.parametrize(
    ("comments", "shown", "silent"),
    [
        pytest.param(FIVE_TOLD, [WHY_NONE], [MASKED], id="no theme has enough"),
        pytest.param(made_evidence.FEW_COMMENTS, [WHY_NONE], [MASKED], id="too few in all"),
        pytest.param(made_evidence.COMMENTS, [MASKED], [WHY_NONE], id="a theme is quoted"),
        pytest.param(
            replace(FIVE_TOLD, repeated=(("很好", 5),)), [MASKED], [WHY_NONE], id="one text again"
        ),
        pytest.param(made_evidence.NO_COMMENTS, [], [MASKED, WHY_NONE], id="nobody wrote"),
    ],
)
def test_quotes_are_spoken_of_where_one_is_shown_and_else_why_none_is(
    office, made, store, comments, shown, silent
):
    found = made_evidence.made_evidence(made.rules)
    first, *others = found.units
    units = (replace(first, comments=comments), *others)
    with transaction(store) as session:
        made_evidence.keep(session, made.round.id, replace(found, comments=comments, units=units))
    for more in ("", "/U01"):
        page = said(office, made, more)
        assert [words for words in shown if words not in page] == []
        assert [words for words in silent if words in page] == []


@pytest.mark.parametrize("comments", [FIVE_TOLD, made_evidence.FEW_COMMENTS])
def test_in_chinese_nobody_is_told_of_quotes_that_are_not_there(office, made, store, comments):
    found = made_evidence.made_evidence(made.rules)
    with transaction(store) as session:
        units = tuple(replace(unit, comments=comments) for unit in found.units)
        made_evidence.keep(session, made.round.id, replace(found, comments=comments, units=units))
    for more in ("", "/U01"):
        page = said(office, made, more, "zh")
        assert "引文已由程序遮盖" not in page
        assert "同一主题满 5 条才举例" in page


@pytest.mark.parametrize("lang", ["zh", "zh-TW", "en"])
def test_every_unit_has_a_page_whatever_is_known(office, made, bare, lang):
    pages = [page_of(made, f"/{unit.code}?lang={lang}") for unit in made.units]
    assert {office.get(page).status_code for page in pages} == {200}


# --- the way there --------------------------------------------------------------------------------


def test_results_show_the_set_beside_each_rank(office, made, full):
    results = f"/console/rounds/{made.round.id}/results"
    page = office.get(f"{results}?lang=en")
    assert "(1–2)" in visible_text(page)
    assert f'href="{page_of(made, "/U01")}"' in page.text
    assert f'href="{page_of(made, "/U01")}"' in office.get(f"{results}/U01").text
    assert f'href="{results}/U01"' in office.get(page_of(made, "/U01")).text


def test_results_without_evidence_lead_to_its_page_only(office, made):
    results = f"/console/rounds/{made.round.id}/results"
    page = office.get(f"{results}?lang=en")
    assert "(1–2)" not in visible_text(page)
    assert f'href="{page_of(made)}"' in page.text
    assert page_of(made, "/U01") not in office.get(f"{results}/U01").text


# --- the population -------------------------------------------------------------------------------


def send(client, made, text: str | None):
    action = page_of(made, "/population")
    fields = form_fields(client.get(page_of(made, "?lang=en")), action)
    if text is not None:
        fields["population-file"] = FileStorage(io.BytesIO(text.encode()), "people.csv")
    return client.post(action, data=fields, content_type="multipart/form-data")


def test_a_population_table_is_kept_and_shown(office, made, store, full):
    answer = send(office, made, TABLE)
    assert (answer.status_code, answer.location) == (303, page_of(made))
    with reading(store) as session:
        kept = session.scalars(select(Population).order_by(Population.level)).all()
    assert [(row.variable, row.level, row.people) for row in kept] == [
        ("role", "firm", 700),
        ("role", "person", 300),
    ]
    page = said(office, made)
    assert "counts from the next scoring run on" in page
    assert "700" in page


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        pytest.param(None, 422, "", id="no file"),
        pytest.param("x", 422, "", id="no table"),
        pytest.param(TABLE.replace("role", "age"), 422, "“age” is neither", id="no such question"),
        pytest.param(TABLE.replace("firm", "fir"), 422, "“fir” is no answer", id="no such answer"),
        pytest.param(TABLE.replace("700", "many"), 422, "number of people", id="no number"),
        pytest.param("x" * (256 * 1024 + 1), 413, "", id="too large"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_on_the_page(
    office, made, store, text, status, words
):
    answer = send(office, made, text)
    assert answer.status_code == status
    assert words in visible_text(answer)
    assert "Population table" in visible_text(answer)
    with reading(store) as session:
        assert session.scalars(select(Population)).all() == []


def test_a_published_round_takes_no_table(office, made, store):
    action = page_of(made, "/population")
    fields = form_fields(office.get(page_of(made)), action)
    with transaction(store) as session:
        session.get_one(Round, made.round.id).state = RoundState.PUBLISHED
    fields["population-file"] = FileStorage(io.BytesIO(TABLE.encode()), "people.csv")
    answer = office.post(action, data=fields, content_type="multipart/form-data")
    assert answer.status_code == 409
    assert action not in answer.text


# --- figures, words and places --------------------------------------------------------------------


def test_a_brief_counts_what_is_known():
    found = brief(FULL)
    assert (found.pairs, found.apart, found.ranked, found.open) == (1, 0, 3, 0)
    assert found.typical == pytest.approx(1.75)  # between 1.6 and 1.9
    assert found.largest_effect == pytest.approx(4.45)
    empty = brief(BARE)
    assert (empty.typical, empty.largest, empty.widest, empty.apart_share) == (None,) * 4
    assert margin(made_evidence.NO_SCORE) is None


@pytest.mark.parametrize(
    ("apart", "words"),
    [(90, "stand clearly apart"), (50, "Far places are clear"), (10, "do not bear a ranking")],
)
def test_a_verdict_goes_by_the_pairs_told_apart(app, apart, words):
    found = replace(brief(FULL), pairs=100, apart=apart)
    with app.test_request_context("/?lang=en"):
        assert words in verdict(found)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "hardly possible"),
        (0.004, "hardly possible"),
        (0.03, "less than 1 in 10"),
        (0.68, "about 7 in 10"),
        (0.97, "more than 9 in 10"),
        (0.996, "almost certain"),
    ],
)
def test_a_chance_is_so_many_in_ten(app, probability, words):
    with app.test_request_context("/?lang=en"):
        assert evidence_words.chance(probability) == words


def test_every_code_of_the_analyses_has_words():
    """A code without words would stand on the page as it is."""
    assert set(evidence_words.SEVERITY) == set(SeverityVerdict)
    assert set(evidence_words.FAMILIES) == set(Family)
    assert set(evidence_words.REASONS) == set(evidence_words.LOOK_ALIKES) == set(Reason)
    assert set(evidence_words.OBSTACLES) == set(Obstacle)
    assert set(evidence_words.QUADRANTS) == set(Quadrant)
    assert set(evidence_words.CHANGES) == set(Verdict)
    assert set(evidence_words.INCOMPARABLE) == set(Incomparable)


def test_a_strip_has_the_set_between_its_places():
    rank = RankEvidence(3, 10, 2, 5, 2, 4, 3.1, 0.5, 0.0, 3, ())
    drawn = strip(rank, width=100)
    assert (drawn.left, drawn.dot, drawn.right, len(drawn.ticks)) == (10, 25, 50, 9)


def test_scales_hold_what_they_show():
    assert axis_of([]).place(0.5) == 100
    axis = axis_of([1.2, None, 3.7], 100)
    assert (axis.low, axis.high) == (1, 4)
    assert 8 == axis.place(0) < axis.place(2) < axis.place(3) < axis.place(9) == 92
    even = even_axis([(-1.0, 2.5), None], 100)
    assert (even.low, even.high, even.place(0)) == (-3, 3, 50)
    found = FULL
    scores = score_axis(found, "class1")
    assert (scores.low, scores.high) == (17, 22)


def test_parts_of_a_whole_stand_side_by_side():
    assert pieces([None, 0.0]) == ()
    first, none, last = pieces([3.0, None, 1.0], 100)
    assert (first.left, first.width, none.width, last.left, last.width) == (0, 75, 0, 75, 25)


def test_a_map_puts_items_into_the_quadrants_they_are_said_to_be_in():
    of_class = FULL.classes[0]
    drawn = item_map(of_class.drivers, of_class)
    assert len(drawn.points) == 4
    for point in drawn.points:
        is_right, is_low = point.x >= drawn.cut_x, point.y > drawn.cut_y
        assert is_right == (point.quadrant in {"keep_up", "concentrate_here"})
        assert is_low == (point.quadrant in {"concentrate_here", "low_priority"})
    assert item_map(made_evidence.UNKNOWN_DRIVERS, of_class) is None


def test_unclear_items_stand_near_the_cross():
    """The map would else blow up differences that mean nothing until they fill it."""
    drawn = item_map(made_evidence.UNCLEAR_DRIVERS, FULL.classes[0])
    assert max(abs(point.x - drawn.cut_x) for point in drawn.points) < MAP_WIDTH / 4
    assert max(abs(point.y - drawn.cut_y) for point in drawn.points) < MAP_HEIGHT / 4


def test_items_that_would_lie_on_each_other_are_drawn_apart_on_their_sides():
    of_class = FULL.classes[0]
    cell = made_evidence.UNCLEAR_DRIVERS[0]
    far = replace(cell, importance=0.9, performance=20.0)
    alike = [replace(cell, importance=0.3 + n / 1000, performance=78.0) for n in range(4)]
    points = item_map([far, *alike], of_class).points
    for one, other in combinations(points, 2):
        assert hypot(one.x - other.x, one.y - other.y) >= 2 * MAP_POINT - 1
    assert all(point.x >= MAP_WIDTH / 2 and point.y >= MAP_HEIGHT / 2 for point in points)
    assert all(point.x <= MAP_WIDTH and point.y <= MAP_HEIGHT for point in points)


def test_unclear_items_are_drawn_hollow_and_named_nowhere(office, made, full):
    for code, hollow in (("U01", 0), ("U02", 4)):
        page = office.get(page_of(made, f"/{code}?lang=en"))
        assert page.text.count("map-point-unclear") == hollow
        assert ("Work on first" in visible_text(page)) == (code == "U01")


@pytest.mark.parametrize(
    ("quadrants", "words"),
    [
        (("concentrate_here", "unclear"), "Work on first: Duties"),
        (("keep_up", "unclear"), "these ballots cannot tell"),
        (("keep_up", None), "these ballots cannot tell"),
        (("keep_up", "low_priority"), "No item stands out"),
    ],
)
def test_only_items_that_clearly_stand_there_are_to_be_worked_on(app, quadrants, words):
    cells = [
        replace(cell, quadrant=quadrant)
        for cell, quadrant in zip(made_evidence.DRIVERS, quadrants, strict=False)
    ]
    with app.test_request_context("/?lang=en"):
        assert words in evidence_words.work_on_first(
            SimpleNamespace(rules=preset("default")), cells
        )


def test_what_is_unclear_is_said_in_chinese(office, made, full):
    page = said(office, made, "/U02", lang="zh")
    for words in ("先改进哪一方面，这些票还说不清", "差别不大，不宜区分", "26 % ± 12"):
        assert words in page
    assert "宜优先改进：" not in page
    assert "宜优先改进：依法行政" in said(office, made, "/U01", lang="zh")


def test_a_round_in_which_nothing_is_clear_says_so(app):
    unclear = replace(FULL.classes[0], drivers=made_evidence.UNCLEAR_DRIVERS)
    with app.test_request_context("/?lang=en"):
        assert "these ballots cannot tell" in drivers_finding(replace(FULL, classes=(unclear,)))


def test_other_choices_stand_in_one_table():
    found = FULL
    lines = choice_lines(found.classes)
    assert [len(line.classes) for line in lines] == [2] * 5
    assert [line.moves for line in lines] == [False, True, False, True, True]
    assert lines[0].classes[1] is None


def test_sure_words_fall_back_to_the_code(app, made):
    with app.test_request_context("/?lang=en"):
        assert evidence_words.said(None) == "–"
        assert evidence_words.said("something new") == "something new"
        assert evidence_words.look_alike("something new") == ""
