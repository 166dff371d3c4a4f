"""The pages of the results: scoring, ranking, one unit's sheet, downloads."""

import io
import json
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import delete, select

from analytics.rules import ClassWeights, preset
from surveys.db import reading, transaction
from surveys.models import AuditEntry, Ballot, Job, Round, RoundState, WorkScore
from tests import makers
from tests.pages import form_fields, tree, visible_text
from tests.surveys.scoring.scored import add_work, make_closed_round, verify


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        made = make_closed_round(session)
        add_work(session, made)
    return made


def page_of(made) -> str:
    return f"/console/rounds/{made.round.id}/results"


def score(client, made):
    action = f"{page_of(made)}/score"
    return client.post(action, data=form_fields(client.get(f"{page_of(made)}?lang=en"), action))


def test_a_closed_round_offers_to_score(office, made, store):
    assert "nothing has been scored yet" in visible_text(office.get(f"{page_of(made)}?lang=en"))
    answer = score(office, made)
    assert (answer.status_code, answer.location) == (303, page_of(made))
    with reading(store) as session:
        assert session.get_one(Round, made.round.id).state is RoundState.SCORED


def test_scoring_has_ballots_counted_again_and_evidence_worked_out_behind_it(office, made, store):
    score(office, made)
    score(office, made)

    def jobs():
        with reading(store) as session:
            found = session.scalars(select(Job).order_by(Job.id)).all()
            return [(job.kind, job.round_id, json.loads(job.arguments)) for job in found]

    each = made.round.id
    assert jobs() == [
        ("recount", each, {}),
        ("evidence", each, {"run": 1}),
        ("recount", each, {}),
        ("evidence", each, {"run": 2}),
    ]
    verify(store, made)
    score(office, made)
    assert jobs()[4:] == [("evidence", each, {"run": 3})]


@pytest.mark.parametrize(
    ("recounted", "altered", "said"),
    [
        pytest.param(False, False, "not yet compared", id="nobody has counted again yet"),
        pytest.param(True, False, "ratings of units recounted", id="they agree"),
        pytest.param(True, True, "Do not publish it", id="they disagree"),
    ],
)
def test_the_page_of_a_run_says_what_recounts_have_found(
    office, made, store, recounted, altered, said
):
    score(office, made)
    if altered:
        with transaction(store) as session:
            session.execute(delete(Ballot).where(Ballot.channel == "token"))
    if recounted:
        verify(store, made)
    assert said in visible_text(office.get(f"{page_of(made)}?lang=en"))


def test_an_open_round_says_when_results_come(office, store):
    with transaction(store) as session:
        made = makers.make_round(session, state=RoundState.OPEN)
    page = office.get(f"{page_of(made)}?lang=en")
    assert "when the round has been closed" in visible_text(page)
    assert f"{page_of(made)}/score" not in page.text


def test_scoring_an_open_round_is_refused(office, made, store):
    action = f"{page_of(made)}/score"
    fields = form_fields(office.get(page_of(made)), action)
    with transaction(store) as session:
        session.get_one(Round, made.round.id).state = RoundState.OPEN
    assert office.post(action, data=fields).status_code == 409


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ("计入的评议票 9", "剔除存疑票后名次变化", "不参加排名", "第 1 次计分")),
        ("en", ("Counted ballots 9", "Rank changes without flagged", "not ranked", "Run 1")),
    ],
)
def test_the_ranking_shows_figures_in_both_languages(office, made, lang, words):
    score(office, made)
    page = office.get(f"{page_of(made)}?lang={lang}")
    said = visible_text(page)
    for word in (*words, "66.00", "19.69", "90.69"):
        assert word in said


def test_every_scored_unit_has_its_interval_drawn(office, made):
    score(office, made)
    page = tree(office.get(page_of(made)))
    pictures = [element for element in page.iter() if element.get("class") == "interval"]
    assert len(pictures) == 4
    assert all(one.get("role") == "img" and one.get("aria-label") for one in pictures)


def test_weights_of_a_class_are_named_beside_the_general_ones(office, store):
    special = ClassWeights("class1", (("citizens", Decimal(50)), ("npc", Decimal(50))))
    with transaction(store) as session:
        rules = replace(preset("default"), class_weights=(special,))
        made = make_closed_round(session, rules=rules)
    score(office, made)
    assert "第1类的权重 — 群众 50；人大代表 50" in visible_text(
        office.get(f"{page_of(made)}?lang=zh")
    )


def test_a_unit_s_sheet_shows_every_step(office, made):
    score(office, made)
    said = visible_text(office.get(f"{page_of(made)}/U01?lang=en"))
    for line in (
        "M = (100 × 1 + 80 × 1 + 0 × 1) / 3 = 60",
        "M′ = μ = 60",
        "R = (40 × 60 + 30 × 60 + 15 × 92) / 85 ≈ 65.6471",
        "S = 30 × 65.6471 / 100 ≈ 19.6941 → 19.69",
        "W = 70 × 66 / 70 = 66 → 66.00",
        "J = +6 = +6 → +5 (± 5)",
        "T = W + S + J = 66.00 + 19.69 + 5.00 = 90.69",
        "whole group below its floor",
        "fewer than 5 ballots: do not publish",
    ):
        assert line in said


@pytest.mark.parametrize("code", ["U01", "U02", "U03", "U04"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_unit_has_a_sheet(office, made, code, lang):
    score(office, made)
    assert office.get(f"{page_of(made)}/{code}?lang={lang}").status_code == 200


def test_an_earlier_run_stays_readable(office, made):
    score(office, made)
    score(office, made)
    assert "Run 2" in visible_text(office.get(f"{page_of(made)}?lang=en"))
    said = visible_text(office.get(f"{page_of(made)}?run=1"))
    assert "This is an earlier run, kept as it was." in said


def test_work_imported_after_the_run_is_said(office, made, store):
    score(office, made)
    with transaction(store) as session:
        newer = add_work(session, made)
        first = session.scalars(
            select(WorkScore).where(WorkScore.import_id == newer.id).limit(1)
        ).one()
        first.score = first.score - 1
    said = visible_text(office.get(f"{page_of(made)}?lang=en"))
    assert "Work scores have been imported since this run." in said


@pytest.mark.parametrize("wrong", ["7", "x", "-1", "１"])
@pytest.mark.parametrize("page", ["", "/U01", ".xlsx", ".csv"])
def test_a_run_that_does_not_exist_is_not_found(office, made, page, wrong):
    score(office, made)
    assert office.get(f"{page_of(made)}{page}?run={wrong}").status_code == 404


def test_a_unit_or_round_that_does_not_exist_is_not_found(office, made):
    score(office, made)
    assert office.get(f"{page_of(made)}/U99").status_code == 404
    assert office.get("/console/rounds/99/results").status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_nothing_can_be_downloaded_before_scoring(office, made, kind):
    assert office.get(f"{page_of(made)}.{kind}").status_code == 404


def test_the_workbook_speaks_the_page_s_language(office, made):
    score(office, made)
    for lang, name in (("zh", "总表"), ("en", "Official table")):
        answer = office.get(f"{page_of(made)}.xlsx?lang={lang}")
        assert openpyxl.load_workbook(io.BytesIO(answer.data)).sheetnames[0] == name
        assert "attachment" in answer.headers["Content-Disposition"]


def test_a_download_is_written_down(office, made, store):
    score(office, made)
    office.get(f"{page_of(made)}.csv?run=1")
    with reading(store) as session:
        entries = session.scalars(
            select(AuditEntry.details)
            .where(AuditEntry.action == "results downloaded")
            .order_by(AuditEntry.id)
        ).all()
    assert entries == ["#1 · csv"]
