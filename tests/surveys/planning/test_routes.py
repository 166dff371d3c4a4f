"""The pages of planning: list, import with its preview, overview, steps, rules, history."""

import io
import json
from datetime import date

import openpyxl
import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from analytics.rules import parse_rules, preset
from surveys.db import reading, transaction
from surveys.models import Round, RoundState
from surveys.planning.demonstration import demonstration_plan
from surveys.planning.workbook import build_round_workbook, read_round
from surveys.spreadsheet import read_workbook
from tests import makers
from tests.pages import form_fields, visible_text

IMPORT = "/console/rounds/import"
PLAN = demonstration_plan("2027", "2027年度社会评议", "Appraisal 2027")


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def draft(store):
    with transaction(store) as session:
        return makers.make_round(session, state=RoundState.DRAFT, name="草稿轮次")


def rounds_count(store) -> int:
    with reading(store) as session:
        return session.scalars(select(func.count(Round.id))).one()


def upload(client, content: bytes, name: str = "轮次.xlsx", lang: str = "en"):
    fields = form_fields(client.get(f"{IMPORT}?lang={lang}"), IMPORT)
    sent = {**fields, "file": FileStorage(io.BytesIO(content), name)}
    # Encoded here: the client would leave a temporary file open.
    boundary, body = encode_multipart(sent)
    return client.post(IMPORT, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def previewed(client) -> str:
    answer = upload(client, build_round_workbook(PLAN))
    assert answer.status_code == 303
    return answer.location


def confirm(client, address: str):
    return client.post(address, data=form_fields(client.get(address), address))


def test_the_empty_list_says_how_to_begin(office):
    page = office.get("/console/?lang=en")
    assert "There is no round yet." in visible_text(page)
    assert IMPORT in page.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_names_state_and_next_thing(office, draft, lang):
    page = office.get(f"/console/?lang={lang}")
    assert f'href="/console/rounds/{draft.round.id}/rehearse"' in page.text
    assert ("草稿轮次" if lang == "zh" else "Appraisal 2026") in visible_text(page)


def test_a_workbook_becomes_a_round_by_preview_and_confirmation(office, store):
    address = previewed(office)
    page = office.get(address)
    words = visible_text(page)
    assert "62" in words
    assert "Nothing has been saved yet." in words
    assert "Demonstration data" in words
    assert "Fire and Rescue Detachment" in words
    assert "jixiao@example.org" in words
    assert rounds_count(store) == 0
    answer = confirm(office, address)
    assert answer.status_code == 303
    assert rounds_count(store) == 1
    assert "Appraisal 2027" in visible_text(office.get(answer.location))


def test_a_preview_is_confirmed_once(office, store):
    address = previewed(office)
    fields = form_fields(office.get(address), address)
    assert office.post(address, data=fields).status_code == 303
    assert office.post(address, data=fields).status_code == 410
    assert rounds_count(store) == 1


def test_a_preview_is_its_uploaders_own(app, office, store):
    address = previewed(office)
    other = app.test_client()
    makers.sign_in(app, other, "另一个人")
    assert other.get(address).status_code == 410
    fields = form_fields(other.get(IMPORT), IMPORT)
    assert other.post(address, data=fields).status_code == 410
    assert rounds_count(store) == 0


def test_two_previews_of_one_code_make_one_round(office, store):
    first, second = previewed(office), previewed(office)
    assert confirm(office, first).status_code == 303
    refused = confirm(office, second)
    assert refused.status_code == 409
    assert "2027" in visible_text(refused)
    assert rounds_count(store) == 1
    again = upload(office, build_round_workbook(PLAN))
    assert again.status_code == 409


def bad_workbook() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(build_round_workbook(PLAN)))
    book["单位"]["A5"] = "U01"
    book["单位"]["D7"] = "<b>x</b>"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_all_problems_of_a_workbook_are_shown_and_nothing_is_saved(office, store, lang):
    answer = upload(office, bad_workbook(), lang=lang)
    assert answer.status_code == 422
    words = visible_text(answer)
    assert "A 代码" in words
    assert "U01" in words
    assert "<b>x</b>" in words
    assert rounds_count(store) == 0


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"", 422, id="no file"),
        pytest.param(b"code,name", 422, id="not a workbook"),
        pytest.param(bytes(10 * 1024 * 1024 + 1), 413, id="more than 10 MB"),
        pytest.param(bytes(12 * 1024 * 1024), 413, id="more than a request may carry"),
    ],
)
def test_files_that_are_no_workbooks_are_refused_with_a_page(office, store, content, status):
    assert upload(office, content).status_code == status
    assert rounds_count(store) == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_can_be_read_as_it_is(office, lang):
    content = office.get(f"/console/rounds/template.xlsx?lang={lang}").data
    plan = read_round(read_workbook(content, "template.xlsx"))
    assert (len(plan.units), len(plan.groups), plan.is_demonstration) == (2, 4, False)


def test_the_plan_of_a_round_can_be_taken_along(office, draft):
    content = office.get(f"/console/rounds/{draft.round.id}/plan.xlsx").data
    plan = read_round(read_workbook(content, "plan.xlsx"))
    assert [unit.code for unit in plan.units] == [unit.code for unit in draft.units]
    assert plan.rules == draft.rules


@pytest.mark.parametrize("state", RoundState)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_overview_has_one_primary_button_in_every_state(office, store, state, lang):
    with transaction(store) as session:
        made = makers.make_round(session, state=state)
    page = office.get(f"/console/rounds/{made.round.id}?lang={lang}")
    assert page.text.count("button-primary") == 1


def test_the_overview_says_what_is_missing(office, store):
    address = previewed(office)
    page = office.get(confirm(office, address).location)
    words = visible_text(page)
    assert "No link leads to the questionnaire of these groups" in words
    assert 'button-primary" href="/console/rounds/1/links"' in page.text


HINT = "No contact is given"


@pytest.mark.parametrize(
    ("state", "contact", "is_warned"),
    [
        pytest.param(RoundState.DRAFT, None, True, id="a draft without contact"),
        pytest.param(RoundState.REHEARSAL, None, True, id="a rehearsal without contact"),
        pytest.param(RoundState.REHEARSAL, "12345 转 3", False, id="a contact"),
        pytest.param(RoundState.OPEN, None, False, id="too late to mend"),
    ],
)
def test_a_missing_contact_is_a_hint_and_no_obstacle(office, store, state, contact, is_warned):
    with transaction(store) as session:
        made = makers.make_round(session, state=state, contact=contact)
    home = f"/console/rounds/{made.round.id}"
    assert (HINT in visible_text(office.get(f"{home}?lang=en"))) is is_warned
    page = office.get(f"{home}/open?lang=en")
    assert (HINT in visible_text(page)) is is_warned
    if state is not RoundState.OPEN:
        assert office.post(f"{home}/open", data=form_fields(page)).status_code == 303


def test_the_overview_shows_what_people_are_told_and_its_version(office, store):
    told = {"contact": "12345 转 3", "keep_months": 6, "results_on": date(2027, 1, 31)}
    with transaction(store) as session:
        made = makers.make_round(session, state=RoundState.DRAFT, **told)
    home = f"/console/rounds/{made.round.id}"
    words = visible_text(office.get(f"{home}?lang=en"))
    for said in ("12345 转 3", "6 months", "2027-01-31", "not frozen", "under 14", "canvass"):
        assert said in words
    page = office.get(f"{home}/open")
    office.post(f"{home}/open", data=form_fields(page, f"{home}/open"))
    with reading(store) as session:
        sha256 = session.get_one(Round, made.round.id).notice_sha256
    words = visible_text(office.get(f"{home}?lang=en"))
    assert f"Notice to respondents · {sha256[:8]}" in words
    assert sha256 in words
    assert "not frozen" not in words


def test_a_step_names_what_will_happen_before_it_happens(office, store, draft):
    address = f"/console/rounds/{draft.round.id}/open"
    page = office.get(f"{address}?lang=en")
    assert "this cannot be undone" in visible_text(page)
    with reading(store) as session:
        assert session.get_one(Round, draft.round.id).state is RoundState.DRAFT
    answer = office.post(address, data=form_fields(page, address))
    assert answer.status_code == 303
    words = visible_text(office.get(answer.location))
    assert "The round is open and frozen." in words
    with reading(store) as session:
        found = session.get_one(Round, draft.round.id)
    assert found.state is RoundState.OPEN
    assert found.frozen_sha256 in words


def test_a_step_that_does_not_fit_is_refused_in_words(office, draft):
    address = f"/console/rounds/{draft.round.id}/publish"
    page = office.get(f"{address}?lang=en")
    assert "“draft”" in visible_text(page)
    fields = form_fields(office.get(IMPORT), IMPORT)
    answer = office.post(address, data=fields)
    assert answer.status_code == 409
    assert "Nothing was changed." in visible_text(answer)


def test_a_step_without_links_shows_no_button(office, store):
    office.get("/console/?lang=en")
    answer = confirm(office, previewed(office))
    page = office.get(f"{answer.location}/open")
    assert "There is no link yet" in visible_text(page)
    assert "button-primary" not in page.text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", ["default", "stars", "zero-to-ten"])
def test_the_rules_are_shown_in_words(office, store, lang, name):
    document = preset(name).document()
    for method in ("direct", "ratio", "rank", "standard"):
        rules = parse_rules({**document, "conversion": {"method": method}})
        with transaction(store) as session:
            made = makers.make_round(session, rules=rules, code=f"{name}-{method}", tokens=0)
        page = office.get(f"/console/rounds/{made.round.id}/rules?lang={lang}")
        assert rules.sha256 in page.text
        assert "%(" not in page.text


def test_the_rules_are_handed_out_as_the_document_that_scoring_reads(office, draft):
    answer = office.get(f"/console/rounds/{draft.round.id}/rules.json")
    assert parse_rules(json.loads(answer.data)) == draft.rules


def test_the_history_names_who_did_what(office, draft):
    address = f"/console/rounds/{draft.round.id}/rehearse"
    office.post(address, data=form_fields(office.get(address), address))
    words = visible_text(office.get(f"/console/rounds/{draft.round.id}/history?lang=en"))
    assert "绩效办" in words
    assert "began the rehearsal" in words


@pytest.mark.parametrize("place", ["", "/rules", "/rules.json", "/history", "/plan.xlsx", "/open"])
def test_an_unknown_round_is_a_page_too(office, place):
    assert office.get(f"/console/rounds/99{place}").status_code == 404
