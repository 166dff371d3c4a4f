"""What somebody with a one-time code has filled in: kept, sealed, and gone when handed in."""

import base64

import pytest
from sqlalchemy import select

from surveys.answering.actions import keep_draft
from surveys.answering.drafts import STEP_BYTES, opened_draft, sealed_draft
from surveys.answering.queries import phone_link
from surveys.ballots import keep_batch
from surveys.db import reading, transaction
from surveys.models import Draft, RoundState
from surveys.planning.actions import close_round, open_round
from surveys.refusals import DraftTooLarge, TokenSpent, TokenUnknown
from surveys.tokens import grouped, make_token, token_digest
from tests.makers import NOW, make_round, make_submission
from tests.pages import form_fields, tree, visible_text

TYPED = {
    "01.law": ("B",),
    "02.comment": ("窗口排队太久，希望多开几个。",),
    "q.ways": ("net", "window"),
}
JSON = {"Accept": "application/json"}


@pytest.fixture
def made(app):
    with transaction(app.extensions["installation"].database) as session:
        return make_round(session)


@pytest.fixture
def drafts(app):
    def read():
        with reading(app.extensions["installation"].database) as session:
            return session.scalars(select(Draft)).all()

    return read


def address(made, name="npc", end=""):
    return f"/a/{made.links[name].code}{end}"


def filled(page, *units, **more):
    """Return the page's fields with every item of some units answered."""
    fields = {**form_fields(page), **more}
    for radio in tree(page).iter("input"):
        name = radio.get("name", "")
        if radio.get("type") == "radio" and name.split(".")[0] in units:
            fields[name] = "B"
    return fields


# --- the seal ------------------------------------------------------------------------------------


def test_a_draft_opens_with_its_code_however_that_is_typed():
    token = make_token()
    sealed = sealed_draft(token, TYPED)
    assert opened_draft(token, sealed) == TYPED
    assert opened_draft(grouped(token).lower(), sealed) == TYPED


def test_a_draft_does_not_open_with_another_code():
    assert opened_draft(make_token(), sealed_draft(make_token(), TYPED)) == {}


@pytest.mark.parametrize("spoilt", ["", "x", "AAAA" * 40, "评议", "=" * 8])
def test_a_text_that_is_no_draft_is_as_if_there_were_none(spoilt):
    assert opened_draft(make_token(), spoilt) == {}


def test_one_changed_sign_spoils_a_draft():
    token = make_token()
    sealed = sealed_draft(token, TYPED)
    other = "A" if sealed[100] != "A" else "B"
    assert opened_draft(token, sealed[:100] + other + sealed[101:]) == {}


def test_a_draft_says_nothing_of_what_it_holds_or_of_how_much():
    token = make_token()
    little, much = sealed_draft(token, {}), sealed_draft(token, TYPED)
    assert len(little) == len(much)
    assert len(base64.urlsafe_b64decode(much)) % STEP_BYTES == 12 + 16, "a nonce and a tag"
    assert sealed_draft(token, TYPED) != much, "the same text never looks the same"


def test_a_monstrous_draft_is_refused():
    noise = "".join(map(chr, range(0x4E00, 0x9FA5))) * 20
    with pytest.raises(DraftTooLarge):
        sealed_draft(make_token(), {"01.comment": (noise,)})


# --- the store -----------------------------------------------------------------------------------


def test_the_store_keeps_one_draft_per_code_and_can_not_read_it(app, client, made, drafts):
    token = made.tokens["npc"][0]
    for words in ("窗口很好", "窗口很快"):
        data = {"token": token, "01.law": "B", "01.comment": words}
        assert client.post(address(made, end="/draft"), data=data).status_code == 204
    [draft] = drafts()
    assert (draft.token_digest, draft.link_id) == (token_digest(token), made.links["npc"].id)
    assert opened_draft(token, draft.sealed)["01.comment"] == ("窗口很快",)
    raw = base64.urlsafe_b64decode(draft.sealed)
    for secret in (token.encode(), "窗口".encode(), b"01.law", b"\x78\xda"):
        assert secret not in raw[12:60] + draft.sealed.encode()


def test_a_draft_has_no_time_and_no_order():
    assert {column.name for column in Draft.__table__.columns} == {
        "token_digest",
        "link_id",
        "sealed",
    }
    assert Draft.__table__.dialect_options["sqlite"]["with_rowid"] is False


def test_a_draft_goes_with_the_ballot_and_can_not_come_after_it(app, client, made, drafts):
    database = app.extensions["installation"].database
    token, other = made.tokens["npc"][:2]
    for one in (token, other):
        client.post(address(made, end="/draft"), data={"token": one, "01.law": "A"})
    submission = make_submission(made, "npc", token_digest=token_digest(token))
    with transaction(database) as session:
        keep_batch(session, [submission], NOW)
    assert [draft.token_digest for draft in drafts()] == [token_digest(other)]
    late = client.post(address(made, end="/draft"), data={"token": token}, headers=JSON)
    assert late.status_code == 409
    with reading(database) as session:
        link = phone_link(session, made.links["npc"].code, app.extensions["answering"].asked)
    with pytest.raises(TokenSpent), transaction(database) as session:
        keep_draft(session, link, token_digest(token), "late")
    with pytest.raises(TokenUnknown), transaction(database) as session:
        keep_draft(session, link, token_digest(make_token()), "foreign")
    assert len(drafts()) == 1


def test_a_refused_ballot_leaves_the_draft(app, client, made, drafts):
    token = made.tokens["npc"][0]
    client.post(address(made, end="/draft"), data={"token": token, "01.law": "A"})
    page = client.get(address(made))
    answer = client.post(address(made), data=filled(page, "01", token=token))
    assert answer.status_code == 422
    assert len(drafts()) == 1


@pytest.mark.parametrize("step", ["opening after a rehearsal", "closing"])
def test_drafts_end_with_their_time(app, client, step, drafts):
    database = app.extensions["installation"].database
    state = RoundState.REHEARSAL if step != "closing" else RoundState.OPEN
    with transaction(database) as session:
        made = make_round(session, state=state)
        kept = make_round(session, code="2025")
    for one in (made, kept):
        data = {"token": one.tokens["npc"][0], "01.law": "A"}
        assert client.post(address(one, end="/draft"), data=data).status_code == 204
    with transaction(database) as session:
        take = close_round if step == "closing" else open_round
        take(session, made.round.id, NOW, "office")
    assert [draft.link_id for draft in drafts()] == [kept.links["npc"].id]


# --- the pages -----------------------------------------------------------------------------------


def test_who_asks_about_a_code_gets_what_was_put_aside(client, made):
    token = made.tokens["npc"][0]
    data = {
        "token": token,
        "01.law": "B",
        "01.comment": "好",
        "nonce": "n",
        "step": "save",
        "x": "y",
    }
    client.post(address(made, end="/draft"), data=data)
    answer = client.post(address(made, end="/token"), data={"token": token}, headers=JSON)
    assert answer.json == {"draft": {"01.law": ["B"], "01.comment": ["好"]}}
    other = client.post(address(made, end="/token"), data={"token": made.tokens["npc"][1]})
    assert other.status_code == 204


@pytest.mark.parametrize("token", ["", "x", "0" * 26, "码" * 26])
@pytest.mark.parametrize("end", ["/draft", "/token"])
def test_without_a_code_nothing_is_kept_or_shown(client, made, drafts, token, end):
    answer = client.post(address(made, end=end), data={"token": token, "01.law": "A"})
    assert answer.status_code == 422
    assert drafts() == []


def test_a_code_of_another_batch_keeps_nothing(client, made, drafts):
    data = {"token": made.tokens["cppcc"][0]}
    assert client.post(address(made, end="/draft"), data=data).status_code == 422
    assert drafts() == []


def test_an_open_questionnaire_has_no_drafts_here(client, made, drafts):
    assert client.post(address(made, "citizens", "/draft"), data={"01.law": "A"}).status_code == 404
    assert drafts() == []


def test_without_scripts_one_puts_aside_and_goes_on(client, made, drafts):
    token = made.tokens["npc"][0]
    page = client.get(address(made))
    kept = client.post(
        address(made), data=filled(page, "01", token=token, step="save", **{"02.comment": "好"})
    )
    assert kept.status_code == 200
    assert "已暂存" in visible_text(kept)
    assert form_fields(kept)["01.law"] == "B"
    assert len(drafts()) == 1
    fresh = client.get(address(made))
    resumed = client.post(
        address(made), data={**form_fields(fresh), "token": token, "step": "resume", "03.law": "A"}
    )
    fields = form_fields(resumed)
    assert (fields["01.law"], fields["02.comment"], fields["03.law"]) == ("B", "好", "A")
    assert fields["token"] == token
    assert fields["nonce"] == form_fields(fresh)["nonce"]


@pytest.mark.parametrize("step", ["save", "resume"])
def test_without_scripts_a_wrong_code_is_said_and_everything_stays(client, made, drafts, step):
    page = client.get(address(made))
    answer = client.post(address(made), data=filled(page, "01", token="0" * 26, step=step))
    assert answer.status_code == 422
    assert "评议码" in visible_text(answer)
    assert form_fields(answer)["01.law"] == "B"
    assert drafts() == []


@pytest.mark.parametrize("step", ["save", "resume", "rewrite", "nonsense", "审"])
def test_no_step_ever_hands_in(app, client, made, step):
    page = client.get(address(made, "citizens"))
    answer = client.post(address(made, "citizens"), data=filled(page, "01", step=step))
    assert answer.status_code == 200
    assert form_fields(answer)["01.law"] == "B"


def test_the_last_look_lists_every_class_and_what_is_missing(client, made):
    page = client.get(address(made))
    fields = filled(page, "01", step="review", **{"02.unknown": "1", "04.law": "A"})
    answer = client.post(address(made), data=fields)
    assert answer.status_code == 200
    [review] = [it for it in tree(answer).iter("section") if it.get("id") == "review"]
    assert review.get("hidden") is None
    rows = [
        [cell.text for cell in row.iter("td")] for row in review.iter("tr") if row.get("data-class")
    ]
    assert rows == [["1", "1", "1"], ["0", "0", "3"]]
    assert [it.get("href") for it in review.iter("a")] == ["#u03", "#u04", "#u05", "#u06"]
    assert "只评了一部分" in " ".join(review.itertext())
    plain = client.get(address(made))
    [review] = [it for it in tree(plain).iter("section") if it.get("id") == "review"]
    assert review.get("hidden") is not None
