"""The notice to respondents: what it says, in which language, and that it stays as it was told."""

import hashlib
import json
import zlib

import pytest
from flask import render_template
from sqlalchemy import select, update

from surveys.answering.memory import Memory
from surveys.answering.pages import page_key
from surveys.answering.queries import phone_link
from surveys.db import reading, transaction
from surveys.manner import LANGUAGES, Manner
from surveys.models import AuditEntry, Round, RoundState
from surveys.notice import (
    OUTLINES,
    Facts,
    Notice,
    Variant,
    keeping_time,
    notice_of,
    sections,
)
from surveys.planning.actions import open_round
from surveys.planning.demonstration import CONTACT
from tests.makers import NOW, make_round

FACTS = Facts("市绩效办", "Performance Office", CONTACT, 24)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def words_of(parts) -> str:
    return " ".join(words for part in parts for words in (part.heading, *part.paragraphs))


def told(language="en", is_secret=False, facts=FACTS) -> str:
    return words_of(Notice(facts).told(language, is_secret))


def opened(database, **changes):
    with transaction(database) as session:
        made = make_round(session, state=RoundState.REHEARSAL, contact=CONTACT, **changes)
        open_round(session, made.round.id, NOW, "绩效办")
    return made


def link_of(database, made, name="citizens"):
    with reading(database) as session:
        return phone_link(session, made.links[name].code, Memory(1))


# --- what it says ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_secret", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param("Performance Office asks", id="who asks"),
        pytest.param(CONTACT, id="whom to ask"),
        pytest.param("duties by law, and only if you agree", id="on what basis"),
        pytest.param("24 months after the round closes", id="how long"),
        pytest.param("never a single ballot", id="who sees it"),
        pytest.param("voluntary", id="what is free"),
        pytest.param("corrected or deleted, and complain", id="rights"),
        pytest.param("cannot tell which one is yours", id="their limit"),
        pytest.param("under 14", id="children"),
        pytest.param("By handing in you agree", id="agreement"),
    ],
)
def test_every_variant_says(is_secret, words):
    assert words in told(is_secret=is_secret)


@pytest.mark.parametrize(
    ("words", "open_says", "codes_say"),
    [
        pytest.param("the day, the link you came by", True, False, id="day and entrance"),
        pytest.param("how many seconds", True, False, id="seconds"),
        pytest.param("A random mark of this browser", True, False, id="mark"),
        pytest.param("as a digest, apart from your answers", False, True, id="code"),
        pytest.param("locked with your code", False, True, id="draft"),
        pytest.param("When and by which link you answered.", False, True, id="no time"),
        pytest.param("Nobody may ask to see your form", False, True, id="discipline"),
    ],
)
def test_the_variants_differ_in_what_is_stored(words, open_says, codes_say):
    assert (words in told(), words in told(is_secret=True)) == (open_says, codes_say)


@pytest.mark.parametrize(
    ("facts", "language", "words"),
    [
        pytest.param(FACTS, "zh-CN", "市绩效办", id="the Chinese name"),
        pytest.param(Facts("市绩效办", None, None, 24), "en", "市绩效办", id="no English name"),
        pytest.param(FACTS, "zh-TW", "市績效辦", id="traditional characters"),
        pytest.param(
            Facts("市绩效办", None, "办公室 12345 转 3", 24),
            "zh-TW",
            "辦公室 12345 轉 3",
            id="the contact too",
        ),
        pytest.param(FACTS, "fr", "市绩效办", id="a language that nobody speaks is Chinese"),
        pytest.param(
            Facts("市绩效办", "Office", None, 24), "en", "information: Office.", id="no contact"
        ),
    ],
)
def test_names_are_those_of_the_language(facts, language, words):
    assert words in told(language, facts=facts)


def test_one_month_is_no_plural():
    assert keeping_time(1, str) == "1 month"
    assert keeping_time(2, str) == "2 months"


@pytest.mark.parametrize("language", LANGUAGES.values())
@pytest.mark.parametrize("is_secret", [False, True])
def test_no_place_is_left_unfilled(language, is_secret):
    assert "%(" not in told(language, is_secret)


def test_what_a_round_says_is_put_in_after_translating_and_as_it_is():
    values = {"office": "100%(x)s", "contact": "50 %"}
    [said] = sections(OUTLINES[Variant.OPEN][:1], values, lambda words: f"[{words}]")
    assert said.heading == "[Who asks, and why]"
    assert said.paragraphs[0].startswith("[100%(x)s asks")
    assert said.paragraphs[1] == "[Questions about your information: 50 %.]"


@pytest.mark.parametrize("is_secret", [False, True])
def test_chinese_is_chinese_and_its_twin_is_converted(is_secret):
    assert "未满14周岁" in told("zh-CN", is_secret)
    assert "未滿14週歲" in told("zh-TW", is_secret)


# --- how it is frozen -----------------------------------------------------------------------------


def test_opening_freezes_every_language_and_variant(database):
    made = opened(database, keep_months=6)
    with reading(database) as session:
        found = session.get_one(Round, made.round.id)
    assert hashlib.sha256(found.notice.encode()).hexdigest() == found.notice_sha256
    document = json.loads(found.notice)
    assert document.keys() == set(LANGUAGES.values())
    assert all(variants.keys() == set(Variant) for variants in document.values())
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert found.notice == canonical
    live = Notice(Facts("市绩效办", "Performance Office", CONTACT, 6))
    for language in LANGUAGES.values():
        for is_secret in (False, True):
            assert notice_of(found).told(language, is_secret) == live.told(language, is_secret)


def test_freezing_is_written_down(database):
    made = opened(database)
    with reading(database) as session:
        found = session.get_one(Round, made.round.id)
        lines = session.execute(
            select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        ).all()
    assert ("notice frozen", found.notice_sha256) in lines


def test_an_open_round_tells_what_it_told_whatever_changes_later(database):
    made = opened(database)
    before = link_of(database, made).notice.told("en", False)
    with transaction(database) as session:
        session.execute(update(Round).values(contact="别处", keep_months=1, office="别的单位"))
    after = link_of(database, made).notice
    assert after.told("en", False) == before
    assert "24 months" in words_of(before)


def test_a_stored_wording_is_shown_and_not_todays(database):
    made = opened(database)
    with transaction(database) as session:
        found = session.get_one(Round, made.round.id)
        found.notice = found.notice.replace("voluntary", "up to you")
    said = words_of(link_of(database, made).notice.told("en", False))
    assert "up to you" in said
    assert "voluntary" not in said


def test_a_language_that_was_not_frozen_is_chinese(database):
    made = opened(database)
    with transaction(database) as session:
        found = session.get_one(Round, made.round.id)
        document = json.loads(found.notice)
        del document["en"]
        found.notice = json.dumps(document)
    notice = link_of(database, made).notice
    assert notice.told("en", True) == notice.told("zh-CN", True)


@pytest.mark.parametrize("state", [RoundState.REHEARSAL, RoundState.OPEN])
def test_before_opening_and_in_old_rounds_it_is_made_anew(database, state):
    with transaction(database) as session:
        made = make_round(session, state=state)
    first = link_of(database, made)
    assert first.notice.version == ""
    assert "24 months" in words_of(first.notice.told("en", False))
    with transaction(database) as session:
        session.get_one(Round, made.round.id).contact = "010-1"
    second = link_of(database, made)
    assert "010-1" in words_of(second.notice.told("en", False))
    assert page_key(first, Manner()) != page_key(second, Manner())


def test_the_page_is_another_one_once_the_notice_is_frozen(database):
    made = opened(database)
    first = link_of(database, made)
    with transaction(database) as session:
        session.get_one(Round, made.round.id).notice_sha256 = "f" * 64
    assert page_key(first, Manner()) != page_key(link_of(database, made), Manner())


# --- how it looks ---------------------------------------------------------------------------------


def piece(app, database, made, name, template, language="en"):
    link = link_of(database, made, name)
    with app.test_request_context(f"/?lang={language}"):
        return render_template(template, link=link)


@ON_SQLITE
@pytest.mark.parametrize("language", ["zh", "zh-TW", "en"])
@pytest.mark.parametrize("name", ["citizens", "npc"])
def test_the_notice_is_light_and_ends_with_its_version(app, name, language):
    database = app.extensions["installation"].database
    made = opened(database)
    html = piece(app, database, made, name, "answering/notice.html", language)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    assert len(packer.compress(html.encode()) + packer.flush()) < 1300
    with reading(database) as session:
        sha256 = session.get_one(Round, made.round.id).notice_sha256
    last = html.rpartition("<p")[2]
    assert sha256[:8] in last
    assert html.count("<details") == html.count("<summary>") == 1


@ON_SQLITE
def test_the_discipline_stands_apart_from_the_notice(app):
    database = app.extensions["installation"].database
    made = opened(database)
    notice = piece(app, database, made, "npc", "answering/notice.html")
    discipline = piece(app, database, made, "npc", "answering/discipline.html")
    assert "canvass" not in notice
    for words in ("canvass", f"please tell: {CONTACT}", "What is stored", "What is not stored"):
        assert words in discipline
    assert discipline.count("<ul>") == 3
    assert piece(app, database, made, "citizens", "answering/discipline.html").strip() == ""


@ON_SQLITE
def test_a_contact_is_text(app):
    database = app.extensions["installation"].database
    with transaction(database) as session:
        made = make_round(session, state=RoundState.REHEARSAL, contact="<b>x</b>")
    html = piece(app, database, made, "citizens", "answering/notice.html")
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_a_shared_device_keeps_no_mark_and_no_draft_and_says_so():
    def stored(is_shared):
        parts = Notice(FACTS).told("en", is_secret=False, is_shared=is_shared)
        return next(part.paragraphs for part in parts if part.name == "stored")

    assert [words for words in stored(False) if "mark" in words or "stays on" in words]
    assert [words for words in stored(True) if "mark" in words or "stays on" in words] == []
    assert stored(True) == stored(False)[:1]
