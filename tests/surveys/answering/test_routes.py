"""The phone's pages over HTTP: what they show, keep, refuse and never store."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text, update

from surveys.answering.memory import Memory
from surveys.db import reading, transaction
from surveys.disk import FreeSpace
from surveys.models import Ballot, Comment, Link, RoundState, Token
from surveys.questionnaire import Channel, Choice, Kind, Question
from surveys.throttle import TOKEN_MISSES
from surveys.tokens import token_digest
from tests.makers import make_round
from tests.pages import form_fields, tree, visible_text

ITEMS = ("duties", "law", "service", "efficiency", "overall")
CONDITIONAL = (
    Question(
        "role",
        Kind.SINGLE,
        "您的身份?",
        choices=(Choice("person", "个人"), Choice("firm", "企业")),
        hint="二选一",
    ),
    Question("staff", Kind.NUMBER, "多少人?", highest=9, shown_if=("role", "firm")),
    Question("ways", Kind.SEVERAL, "方式?", choices=(Choice("net", "网上"),)),
    Question("wish", Kind.TEXT, "愿望?", is_required=True),
)

# What no store can change is tried on one of them.
on_one_store = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def made(app):
    with transaction(app.extensions["installation"].database) as session:
        return make_round(session)


def store(app):
    return reading(app.extensions["installation"].database)


def ballots(app):
    with store(app) as session:
        return list(session.scalars(select(Ballot)))


def address(made, name="citizens"):
    return f"/a/{made.links[name].code}"


def filled(page, *units, **more):
    """Return what a browser would send after rating these units."""
    fields = form_fields(page)
    for unit in units:
        fields.update({f"{unit}.{item}": "B" for item in ITEMS})
    if "q.role" in page.text:
        fields["q.role"] = "person"
    return {**fields, **more}


def element(page, place):
    return next(found for found in tree(page).iter() if found.get("id") == place)


def checked(page):
    return {
        (field.get("name"), field.get("value"))
        for field in tree(page).iter("input")
        if field.get("checked") is not None
    }


# --- showing -------------------------------------------------------------------------------------


@on_one_store
@pytest.mark.parametrize("name", ["citizens", "window", "enterprises", "npc", "cppcc"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_kind_of_entrance_shows_a_page(client, made, name, lang):
    page = client.get(f"{address(made, name)}?lang={lang}")
    assert page.status_code == 200
    assert ("Bureau 2" if lang == "en" else "市第2局") in visible_text(page)
    assert page.headers["Cache-Control"] == "no-store"
    levels = [it for it in tree(page).iter("input") if it.get("name") == "02.law"]
    assert [it.get("value") for it in levels] == ["A", "B", "C", "D", "E", "N"]


@on_one_store
def test_a_window_names_its_unit_and_opens_its_card_first(client, made):
    page = client.get(address(made, "window"))
    assert "市第2局" in "".join(tree(page).find(".//h1").itertext())
    cards = [it for it in tree(page).iter("details") if it.get("class") == "unit"]
    assert [(it.get("id"), it.get("open") is not None) for it in cards][:2] == [
        ("u02", True),
        ("u01", False),
    ]


@on_one_store
def test_deputies_see_all_cards_open_and_not_their_own_unit(client, made):
    page = client.get(address(made, "cppcc"))
    cards = [it for it in tree(page).iter("details") if it.get("class") == "unit"]
    assert [it.get("id") for it in cards] == ["u02", "u03", "u04", "u05", "u06"]
    assert all(it.get("open") is not None for it in cards)


@on_one_store
def test_the_packed_page_is_the_same_page(app, client, made):
    plain = client.get(address(made))
    blind = FlaskClient(app, app.response_class)  # ours reads every page, and this one is packed
    packed = blind.get(address(made), headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    ours, theirs = form_fields(plain)["nonce"], gzip.decompress(packed.data).decode()
    assert len(theirs) == len(plain.text)
    assert plain.text.split(ours)[0] in theirs


@on_one_store
def test_every_visit_has_a_nonce_of_its_own(client, made):
    assert len({form_fields(client.get(address(made)))["nonce"] for _ in range(3)}) == 3


@on_one_store
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"state": RoundState.DRAFT}, 403, id="not begun"),
        pytest.param({"state": RoundState.CLOSED}, 410, id="closed"),
        pytest.param({"opens_at": datetime.now(UTC) + timedelta(days=1)}, 403, id="too early"),
        pytest.param({"closes_at": datetime.now(UTC) - timedelta(days=1)}, 410, id="too late"),
    ],
)
def test_a_round_that_does_not_serve_says_so(app, client, changes, status):
    with transaction(app.extensions["installation"].database) as session:
        made = make_round(session, **changes)
    for answer in (client.get(address(made)), client.post(address(made), data={"x": "y"})):
        assert answer.status_code == status
    assert ballots(app) == []


@on_one_store
@pytest.mark.parametrize(
    "code", ["nobody", "%00", "..%2f", "a;b", "evil.example", "a" * 3000, "%ff"]
)
def test_an_unknown_code(client, made, code):
    assert client.get(f"/a/{code}").status_code == 404


@on_one_store
def test_rehearsal_and_demonstration_are_marked(app, client):
    with transaction(app.extensions["installation"].database) as session:
        made = make_round(session, state=RoundState.REHEARSAL, is_demonstration=True)
    page = client.get(f"{address(made)}?lang=en")
    assert "Demonstration data" in visible_text(page)
    assert "Rehearsal" in visible_text(page)
    thanks = client.post(address(made), data=filled(page, "01"))
    assert thanks.status_code == 200
    assert "Demonstration data" in visible_text(thanks)


@on_one_store
def test_every_kind_of_question_and_its_condition_in_words(app, client):
    with transaction(app.extensions["installation"].database) as session:
        made = make_round(session, questions=CONDITIONAL)
    page = client.get(f"{address(made)}?lang=en")
    assert "Only if you chose “企业” above" in visible_text(page)
    assert element(page, "q.staff").get("inputmode") == "numeric"
    answer = client.post(address(made), data=filled(page, "01"))
    assert answer.status_code == 422
    assert element(answer, "q.wish").get("aria-invalid") == "true"


# --- keeping -------------------------------------------------------------------------------------


def test_a_ballot_is_kept_and_answered_with_a_receipt(app, client, made):
    page = client.get(address(made))
    answer = client.post(address(made), data=filled(page, "02", **{"02.comment": "窗口很快"}))
    assert answer.status_code == 200
    [ballot] = ballots(app)
    assert ballot.ratings == "02BBBBB"
    assert ballot.link_id == made.links["citizens"].id
    assert len(ballot.device_key) == 43
    assert ballot.reasons == "speed"  # a test is quicker than a thumb
    with store(app) as session:
        assert session.scalar(select(Comment.words)) == "窗口很快"
    receipt = form_fields(answer, "/receipt")["receipt"]
    again = client.post(address(made), data=filled(page, "02", **{"02.comment": "窗口很快"}))
    assert form_fields(again, "/receipt")["receipt"] == receipt
    assert len(ballots(app)) == 1


def test_the_same_page_with_other_answers_changes_nothing(app, client, made):
    page = client.get(f"{address(made)}?lang=en")
    client.post(address(made), data=filled(page, "02"))
    answer = client.post(address(made), data=filled(page, "03"))
    assert answer.status_code == 200
    assert "what was sent first counts" in visible_text(answer)
    assert [ballot.ratings for ballot in ballots(app)] == ["02BBBBB"]


def test_a_second_ballot_of_one_phone_is_kept_as_duplicate(app, client, made):
    for unit in ("01", "02"):
        page = client.get(f"{address(made)}?lang=en")
        answer = client.post(address(made), data=filled(page, unit))
    assert answer.status_code == 200
    assert "that first one counts" in visible_text(answer)
    assert sorted(ballot.validity for ballot in ballots(app)) == ["duplicate", "flagged"]


def test_a_browser_without_cookies_is_counted_and_flagged(app, made):
    client = app.test_client(use_cookies=False)
    for unit in ("01", "02"):
        page = client.get(address(made))
        assert client.post(address(made), data=filled(page, unit)).status_code == 200
    assert [ballot.device_key for ballot in ballots(app)] == [None, None]
    assert all("no_device" in ballot.reasons for ballot in ballots(app))


@on_one_store
def test_the_device_mark_is_set_once_and_hidden_from_scripts(client, made):
    first = client.get(address(made))
    mark = first.headers["Set-Cookie"]
    assert mark.startswith("device=")
    assert "HttpOnly" in mark
    assert "SameSite=Lax" in mark
    assert "Set-Cookie" not in client.get(address(made)).headers


def test_a_secret_ballot_keeps_no_trace(app, client, made):
    client.get(address(made))  # the phone has a mark from the citizens' page
    page = client.get(address(made, "npc"))
    assert "Set-Cookie" not in page.headers
    fields = filled(page, "01", token=made.tokens["npc"][0], partial="1")
    fields["01.comment"] = "不记名"
    answer = client.post(address(made, "npc"), data=fields)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    [ballot] = ballots(app)
    kept = (ballot.link_id, ballot.device_key, ballot.seconds, ballot.reasons)
    assert kept == (None, None, None, "")
    assert ballot.id not in fields["nonce"]
    assert ballot.received_on is None


def test_head_options_and_get_spend_no_token(app, client, made):
    for _ in range(5):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.open(address(made, "npc"), method=method).status_code == 200
    with store(app) as session:
        used = select(func.count()).where(Token.spent_by.is_not(None))
        assert session.scalar(used) == 0
    assert ballots(app) == []


# --- refusing ------------------------------------------------------------------------------------


def test_a_missing_answer_is_said_at_the_top_and_at_its_place(app, client, made):
    page = client.get(address(made))
    fields = filled(page, "02", **{"02.comment": "<b>写了很久</b>", "q.visits": "١٢"})
    del fields["02.law"]
    answer = client.post(address(made), data=fields)
    assert answer.status_code == 422
    assert ballots(app) == []
    targets = [it.get("href") for it in element(answer, "errors").iter("a")]
    assert targets == ["#02.law", "#q.visits"]
    for target in targets:
        assert element(answer, target[1:]).get("aria-invalid") == "true"
        assert element(answer, f"e.{target[1:]}").text
    assert element(answer, "u02").get("open") is not None
    kept = form_fields(answer)
    assert kept["02.comment"].strip() == "<b>写了很久</b>"
    assert kept["q.visits"] == "١٢"
    assert kept["nonce"] == fields["nonce"]
    assert ("02.duties", "B") in checked(answer)
    mended = client.post(address(made), data={**kept, "02.law": "A", "q.visits": "12"})
    assert mended.status_code == 200
    assert [ballot.ratings for ballot in ballots(app)] == ["02BABBB"]


def test_a_deputy_may_abstain_on_the_rest_after_being_told(app, client, made):
    page = client.get(address(made, "npc"))
    fields = filled(page, "01", token=made.tokens["npc"][0])
    answer = client.post(address(made, "npc"), data=fields)
    assert answer.status_code == 422
    assert [it.get("href") for it in element(answer, "errors").iter("a")] == ["#review-title"]
    listed = [it.get("href") for it in element(answer, "review").iter("a")]
    assert listed == ["#u02", "#u03", "#u04", "#u05", "#u06"]
    kept = form_fields(answer)
    assert kept["token"] == made.tokens["npc"][0]
    done = client.post(address(made, "npc"), data={**kept, "partial": "1"})
    assert done.status_code == 200
    assert [ballot.ratings for ballot in ballots(app)] == ["01BBBBB"]


def test_ones_own_unit_cannot_be_rated(app, client, made):
    page = client.get(address(made, "cppcc"))
    fields = filled(page, "01", "02", token=made.tokens["cppcc"][0], partial="1")
    assert client.post(address(made, "cppcc"), data=fields).status_code == 422
    assert ballots(app) == []


@on_one_store
@pytest.mark.parametrize("nonce", ["", "x", "A" * 54, "foreign", "absent", "\x00", "评" * 60])
def test_a_broken_nonce_keeps_the_answers_and_gives_a_fresh_page(app, client, made, nonce):
    fields = filled(client.get(address(made)), "02")
    foreign = form_fields(client.get(address(made, "enterprises")))["nonce"]
    fields["nonce"] = foreign if nonce == "foreign" else nonce
    if nonce == "absent":
        del fields["nonce"]
    answer = client.post(address(made), data=fields)
    assert answer.status_code == 400
    assert ballots(app) == []
    assert ("02.law", "B") in checked(answer)
    assert client.post(address(made), data=filled(answer, "02")).status_code == 200


@on_one_store
@pytest.mark.parametrize(
    ("pick", "status"),
    [
        pytest.param(lambda made: "", 422, id="missing"),
        pytest.param(lambda made: "ABCD" * 6, 422, id="made up"),
        pytest.param(lambda made: made.tokens["cppcc"][0], 422, id="of another batch"),
        pytest.param(lambda made: "\x00" * 30, 422, id="NUL"),
        pytest.param(lambda made: "9" * 10_000, 422, id="ten thousand signs"),
    ],
)
def test_a_token_that_admits_nobody(app, client, made, pick, status):
    page = client.get(address(made, "npc"))
    fields = filled(page, "01", token=pick(made), partial="1")
    answer = client.post(address(made, "npc"), data=fields)
    assert answer.status_code == status
    assert ballots(app) == []
    assert ("01.law", "B") in checked(answer)


def test_a_spent_token_is_told_and_nothing_is_lost(app, client, made):
    token = made.tokens["npc"][0]
    first = client.get(address(made, "npc"))
    client.post(address(made, "npc"), data=filled(first, "01", token=token, partial="1"))
    second = client.get(address(made, "npc"))
    fields = filled(second, "02", token=token.lower(), partial="1")
    answer = client.post(address(made, "npc"), data=fields)
    assert answer.status_code == 409
    assert ("02.law", "B") in checked(answer)
    assert [ballot.ratings for ballot in ballots(app)] == ["01BBBBB"]


@on_one_store
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"{}", "application/json", 400, id="JSON"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="deep JSON"),
        pytest.param(b"--x\r\nContent-Dis", "multipart/form-data; boundary=x", 400, id="cut off"),
        pytest.param(b"\xff\xfe=\xff&%=%zz", "application/x-www-form-urlencoded", 400, id="bytes"),
        pytest.param(b"a=1&" * 5000, "application/x-www-form-urlencoded", 400, id="5,000 fields"),
        pytest.param(b"a" * 600_000, "application/x-www-form-urlencoded", 413, id="too large"),
        pytest.param(b"01.law=A", "application/x-www-form-urlencoded; charset=gbk", 400, id="gbk"),
        pytest.param(b"", "text/plain", 400, id="nothing"),
    ],
)
def test_bodies_that_no_page_of_ours_sends(app, client, made, body, kind, status):
    answer = client.post(address(made), data=body, content_type=kind)
    assert answer.status_code == status
    assert ballots(app) == []


def test_a_full_queue_is_told_before_the_form_is_read(app, client, made):
    page = client.get(address(made))
    waiting = app.extensions["installation"].intake._queue
    for _ in range(waiting.maxsize):
        waiting.put(None)  # no writer has started yet: nothing is taken out
    answer = client.post(address(made), data=b"no form at all", content_type="text/plain")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    while not waiting.empty():
        waiting.get_nowait()
    assert client.post(address(made), data=filled(page, "01")).status_code == 200


def test_a_full_disk_keeps_what_was_typed_on_the_page(app, client, made):
    page = client.get(address(made))
    intake = app.extensions["installation"].intake
    room, intake._room = intake._room, FreeSpace((Path("/proc"),), 1)
    fields = {**filled(page, "01"), "01.comment": "写了很久的意见"}
    answer = client.post(address(made), data=fields)
    assert answer.status_code == 503
    assert "写了很久的意见" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    intake._room = room
    assert client.post(address(made), data=fields).status_code == 200


def test_a_page_that_was_asked_for_before_asks_the_store_nothing(app, client, made):
    memories = app.extensions["answering"]
    app.extensions["answering"] = replace(memories, links=Memory(8))  # however slow the machine is
    client.get(address(made))
    seen = []
    reader = app.extensions["installation"].database.reader
    event.listen(reader, "before_cursor_execute", lambda *told: seen.append(told[2]))
    client.get(address(made))
    assert seen == []
    with transaction(app.extensions["installation"].database) as session:
        session.execute(update(Link).values(label="另一个标签"))
    client.get(address(made))
    assert seen != [], "what this process has changed is read again"


@on_one_store  # PostgreSQL is really killed in tests/faults
def test_a_store_that_is_away_leaves_the_page_and_what_was_typed(app, client, made):
    memories = app.extensions["answering"]
    app.extensions["answering"] = replace(memories, links=Memory(8, seconds=-1.0))
    fields = {**filled(client.get(address(made)), "01"), "01.comment": "写了很久的意见"}
    database = app.extensions["installation"].database
    with database.writer.begin() as connection:
        connection.execute(text("ALTER TABLE link RENAME TO link_gone"))
    answer = client.post(address(made), data=fields)
    with database.writer.begin() as connection:
        connection.execute(text("ALTER TABLE link_gone RENAME TO link"))
    assert answer.status_code == 503
    assert "写了很久的意见" in answer.text
    assert client.post(address(made), data=fields).status_code == 200
    assert len(ballots(app)) == 1


def test_a_change_of_this_process_is_seen_at_once(app, client, made):
    assert client.get(address(made)).status_code == 200
    with transaction(app.extensions["installation"].database) as session:
        session.execute(update(Link).values(is_active=False))
    assert client.get(address(made)).status_code == 410


def test_a_link_that_closes_while_the_page_is_open(app, client, made):
    page = client.get(address(made))
    with transaction(app.extensions["installation"].database) as session:
        session.get_one(Link, made.links["citizens"].id).is_active = False
    assert client.post(address(made), data=filled(page, "01")).status_code == 410
    assert ballots(app) == []


@on_one_store
def test_the_other_language_keeps_what_was_typed(app, client, made):
    page = client.get(address(made))
    fields = filled(page, "02", **{"01.comment": "半句话"}, step="rewrite")
    answer = client.post(f"{address(made)}?lang=en", data=fields)
    assert answer.status_code == 200
    assert "Bureau 2" in visible_text(answer)
    assert ("02.law", "B") in checked(answer)
    assert form_fields(answer)["nonce"] == fields["nonce"]
    assert ballots(app) == []


# --- asking about a code -------------------------------------------------------------------------


def test_asking_about_a_code_changes_nothing(app, client, made):
    ask = f"{address(made, 'npc')}/token"
    token = made.tokens["npc"][0]
    for _ in range(3):
        assert client.post(ask, data={"token": token}).status_code == 204
    with transaction(app.extensions["installation"].database) as session:
        session.get_one(Token, token_digest(token)).spent_by = "x" * 64
    spent = client.post(ask, data={"token": token}, headers={"Accept": "application/json"})
    assert spent.status_code == 409
    assert spent.mimetype == "application/problem+json"
    assert client.post(ask, data={}).status_code == 422
    assert client.post(f"{address(made)}/token", data={"token": token}).status_code == 404
    assert client.get(ask).status_code == 405


@on_one_store
def test_many_wrong_codes_are_slowed_down_but_ballots_are_not(app, client, made):
    ask = f"{address(made, 'npc')}/token"
    for _ in range(TOKEN_MISSES.amount):
        assert client.post(ask, data={"token": "wrong"}).status_code == 422
    assert client.post(ask, data={"token": "wrong"}).status_code == 429
    page = client.get(address(made, "npc"))
    fields = filled(page, "01", token=made.tokens["npc"][0], partial="1")
    assert client.post(address(made, "npc"), data=fields).status_code == 200


# --- the way in ----------------------------------------------------------------------------------


@on_one_store
@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("2026citize", "/a/2026citize"),
        (" https://host.example/a/2026citize ", "/a/2026citize"),
        ("host.example/a/2026npc#ABCD-EFGH", "/a/2026npc#ABCD-EFGH"),
        ("https://host.example/a/2026npc?lang=en#ABCD", "/a/2026npc#ABCD"),
    ],
)
def test_a_typed_code_leads_to_its_questionnaire(client, typed, target):
    assert client.get("/").status_code == 200
    answer = client.post("/", data={"code": typed})
    assert answer.status_code == 303
    assert answer.headers["Location"] == target


@on_one_store
@pytest.mark.parametrize(
    "typed", ["", "?", "//evil.example", "javascript:alert(1)", "a b", "\x00", "评议", "x" * 5000]
)
def test_what_is_no_code_stays_here(client, typed):
    answer = client.post("/", data={"code": typed})
    assert answer.status_code == 422
    assert element(answer, "code").get("aria-invalid") == "true"


def test_paper_links_are_unknown_to_phones(app, client, made):
    with transaction(app.extensions["installation"].database) as session:
        session.get_one(Link, made.links["citizens"].id).channel = Channel.PAPER
    assert client.get(address(made)).status_code == 404
