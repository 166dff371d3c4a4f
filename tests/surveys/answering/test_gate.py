"""The gate on both ways of a ballot: work, crowds and shared devices mark, and nobody is lost."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from analytics.rules import parse_rules, preset
from app import create_app
from surveys.address_budget import (
    BALLOTS_FLAGGED,
    BALLOTS_REFUSED,
    BALLOTS_SLOWED,
    FADING_SECONDS,
    AddressBudget,
)
from surveys.answering import device
from surveys.answering.memory import Memory
from surveys.answering.nonce import make_nonce
from surveys.answering.pages import Memories
from surveys.db import reading, transaction
from surveys.models import Ballot, Link, Round, TallyCell
from surveys.web import now
from tests.makers import make_round
from tests.pages import PagesClient, form_fields, tree
from tests.surveys.answering.worked import worked

SCHOOL = "203.0.113.7"
RATED = {"q.role": "person"} | {
    f"01.{item}": "B" for item in ("duties", "law", "service", "efficiency", "overall")
}
# How a phone asks: what takes gzip goes the short way, once its pages are ready.
WAYS = {"short": "gzip", "ordinary": "identity"}
on_one_store = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=WAYS)
def way(request):
    return {"Accept-Encoding": WAYS[request.param]}


@pytest.fixture
def store(app):
    app.extensions["answering"] = Memories(links=Memory(8))  # fresh, however slow the machine is
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        return make_round(session)


@pytest.fixture
def budget(app):
    """Budgets whose clock the test turns."""

    class Turned(AddressBudget):
        seconds = 1000.0 * FADING_SECONDS

        def __init__(self):
            super().__init__(None, b"a key for tests", lambda: self.seconds)

        def fill(self, ballots):
            for _ in range(ballots):
                self.count(SCHOOL)

    made = Turned()
    app.extensions["installation"] = replace(app.extensions["installation"], addresses=made)
    return made


def ask_for_work(store):
    with transaction(store) as session:
        session.execute(update(Round).values(asks_for_work=True))


def share(store, name, made):
    with transaction(store) as session:
        session.execute(update(Link).where(Link.id == made.links[name].id).values(is_shared=True))


def kept(store):
    with reading(store) as session:
        return list(session.scalars(select(Ballot).order_by(Ballot.id)))


def reasons(store):
    """Return the reasons of all ballots, apart from the haste of a test."""
    return sorted(ballot.reasons.replace("speed", "").strip(",") for ballot in kept(store))


def address(made, name="citizens"):
    return f"/a/{made.links[name].code}"


def nonce_of(app, made, name="citizens"):
    """Return a nonce as a page has it, without the page."""
    return make_nonce(
        app.extensions["installation"].settings.secret_key, made.links[name].id, now()
    )


def phone(app, has_mark=True, comes_from=SCHOOL, kind=PagesClient):
    """Return a phone at an address, which has been here before or keeps no cookies."""
    client = kind(app, app.response_class, use_cookies=has_mark)
    client.environ_base["REMOTE_ADDR"] = comes_from
    if has_mark:
        secret = app.extensions["installation"].settings.secret_key
        client.set_cookie("device", device.make_device(secret))
    return client


def hand_in(app, made, way, client=None, name="citizens", **fields):
    FlaskClient(app).get(address(made, name))  # both ways have what they need at hand
    sent = {"nonce": nonce_of(app, made, name), **RATED, **fields}
    if name in made.tokens:
        del sent["q.role"]
    return (client or phone(app)).post(address(made, name), data=sent, headers=way)


# --- work ----------------------------------------------------------------------------------------


def test_a_ballot_with_its_work_done_is_not_marked(app, store, made, way):
    ask_for_work(store)
    for _ in range(2):
        nonce = nonce_of(app, made)
        assert hand_in(app, made, way, nonce=nonce, work=worked(nonce)).status_code == 200
    assert reasons(store) == ["", ""]


def test_a_ballot_without_it_is_marked_and_counted(app, store, made, way):
    ask_for_work(store)
    for _ in range(2):
        assert hand_in(app, made, way).status_code == 200
    assert reasons(store) == ["no_proof", "no_proof"]
    assert {ballot.validity for ballot in kept(store)} == {"flagged"}
    with reading(store) as session:
        assert sum(session.scalars(select(TallyCell.count))) == 2


@on_one_store
def test_the_rules_say_what_a_ballot_without_work_is_worth(app, store, way):
    validity = {"no_proof": {"action": "exclude"}, "speed": {"action": "ignore"}}
    rules = parse_rules(preset("default").document() | {"validity": validity})
    with transaction(store) as session:
        made = make_round(session, rules=rules, asks_for_work=True)
    hand_in(app, made, way)
    assert [ballot.validity for ballot in kept(store)] == ["excluded"]


@on_one_store
@pytest.mark.parametrize(
    "work",
    [
        pytest.param("", id="nothing"),
        pytest.param("0", id="wrong"),
        pytest.param("-7", id="negative"),
        pytest.param("9" * 10_000, id="10 kB"),
        pytest.param("１２３", id="digits of another script"),
        pytest.param("1e5", id="a power"),
        pytest.param("<b>", id="words"),
    ],
)
def test_a_bad_proof_is_none_and_loses_no_ballot(app, store, made, way, work):
    ask_for_work(store)
    nonce = next(text for text in (nonce_of(app, made) for _ in range(9)) if worked(text) != "0")
    assert hand_in(app, made, way, nonce=nonce, work=work).status_code == 200
    assert reasons(store) == ["no_proof"]


@on_one_store
def test_the_proof_of_another_page_is_none(app, store, made, way):
    ask_for_work(store)
    one, other = (nonce_of(app, made) for _ in range(2))
    assert hand_in(app, made, way, nonce=one, work=worked(other)).status_code == 200
    assert reasons(store) == ["no_proof"]


def test_a_proof_that_is_sent_again_brings_no_second_ballot(app, store, made, way):
    ask_for_work(store)
    nonce = nonce_of(app, made)
    for _ in range(3):
        answer = hand_in(app, made, way, phone(app), nonce=nonce, work=worked(nonce))
        assert answer.status_code == 200
    assert reasons(store) == [""]


@on_one_store
def test_a_proof_that_nobody_asked_for_does_no_harm(app, store, made, way):
    assert hand_in(app, made, way, work="1").status_code == 200
    assert reasons(store) == [""]


def test_a_one_time_code_never_asks_for_work(app, store, made, way):
    ask_for_work(store)
    page = app.test_client().get(address(made, "npc"))
    assert "data-work" not in page.text
    code = made.tokens["npc"][0]
    answer = hand_in(app, made, way, name="npc", token=code, partial="1")
    assert answer.status_code == 200
    assert [ballot.reasons for ballot in kept(store)] == [""]


@on_one_store
def test_the_page_says_how_much_work_and_is_new_at_once(app, store, made):
    client = app.test_client()
    assert "data-work" not in client.get(address(made)).text
    ask_for_work(store)
    for _ in range(2):  # made by the ordinary route, then found by the short way
        assert (
            tree(client.get(address(made))).find(".//form[@id='ballot']").get("data-work") == "16"
        )


# --- crowds --------------------------------------------------------------------------------------


def test_500_phones_behind_one_address_are_all_counted_and_none_is_refused(
    app, store, made, budget
):
    gzip = {"Accept-Encoding": "gzip"}
    phones = [phone(app, kind=FlaskClient) for _ in range(500)]  # not one page of 500 is read
    answers = [hand_in(app, made, gzip, client) for client in phones]
    assert {answer.status_code for answer in answers} == {200}
    assert len({ballot.device_key for ballot in kept(store)}) == 500
    with reading(store) as session:
        assert sum(session.scalars(select(TallyCell.count))) == 500
    marked = [reason for reason in reasons(store) if reason]
    assert marked == ["crowded"] * (500 - BALLOTS_FLAGGED)


def test_a_crowd_is_marked_whichever_way_its_ballots_come(app, store, made, budget, way):
    budget.fill(BALLOTS_FLAGGED - 1)
    for _ in range(2):
        assert hand_in(app, made, way).status_code == 200
    assert reasons(store) == ["", "crowded"]
    hand_in(app, made, way, phone(app, comes_from="203.0.113.8"))
    assert reasons(store) == ["", "", "crowded"]


def test_who_has_no_mark_waits_with_everything_typed_and_comes_through(
    app, store, made, budget, way
):
    budget.fill(BALLOTS_SLOWED)
    nonce = nonce_of(app, made)
    bare = phone(app, has_mark=False)
    for _ in range(3):
        answer = hand_in(app, made, way, bare, nonce=nonce, **{"01.comment": "很好"})
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "5"
        page = tree(answer)
        assert form_fields(answer)["nonce"] == nonce
        assert page.find(".//textarea[@id='01.comment']").text == "很好"
        assert page.find(".//*[@id='errors']") is not None
    assert kept(store) == []
    assert hand_in(app, made, way).status_code == 200, "a phone with its mark goes on"
    assert budget.level(SCHOOL) == BALLOTS_SLOWED + 1, "waiting takes nothing"
    budget.seconds += 1  # a moment, as the page says
    assert hand_in(app, made, way, bare, nonce=nonce).status_code == 200
    assert reasons(store) == ["crowded", "crowded,no_device"]


@on_one_store
@pytest.mark.parametrize(
    ("has_mark", "is_worked_for", "status"),
    [(True, True, 200), (True, False, 429), (False, True, 429), (False, False, 429)],
)
def test_where_work_is_asked_for_a_crowd_needs_both(
    app, store, made, budget, way, has_mark, is_worked_for, status
):
    ask_for_work(store)
    budget.fill(BALLOTS_SLOWED)
    nonce = nonce_of(app, made)
    fields = {"work": worked(nonce)} if is_worked_for else {}
    answer = hand_in(app, made, way, phone(app, has_mark), nonce=nonce, **fields)
    assert answer.status_code == status


@on_one_store
def test_beyond_any_crowd_of_people_everybody_waits(app, store, made, budget, way):
    budget.fill(BALLOTS_REFUSED)
    assert hand_in(app, made, way).status_code == 429
    assert hand_in(app, made, way, phone(app, comes_from="203.0.113.8")).status_code == 200


def test_a_retry_takes_nothing_from_the_budget(app, store, made, budget, way):
    nonce, client = nonce_of(app, made), phone(app)
    for _ in range(4):
        assert hand_in(app, made, way, client, nonce=nonce).status_code == 200
    assert budget.level(SCHOOL) == 1


def test_one_time_codes_know_no_crowd(app, store, made, budget, way):
    budget.fill(BALLOTS_REFUSED)
    for code in made.tokens["npc"]:
        answer = hand_in(app, made, way, name="npc", token=code, partial="1")
        assert answer.status_code == 200
    assert [ballot.reasons for ballot in kept(store)] == [""] * 3
    assert budget.level(SCHOOL) == BALLOTS_REFUSED


@on_one_store
def test_behind_a_proxy_both_ways_know_the_phones_own_address(settings, way):
    settings.var.mkdir(parents=True)
    app = create_app(replace(settings, trusted_proxies=1))
    installation = app.extensions["installation"]
    app.extensions["answering"] = Memories(links=Memory(8))
    with transaction(installation.database) as session:
        made = make_round(session)
    for told in ("198.51.100.1", "203.0.113.99, 198.51.100.1", "198.51.100.2"):
        hand_in(app, made, way | {"X-Forwarded-For": told}, phone(app, comes_from="127.0.0.1"))
    levels = [installation.addresses.level(f"198.51.100.{n}") for n in (1, 2)]
    assert (levels, installation.addresses.level("203.0.113.99")) == ([2, 1], 0)
    installation.intake.close()
    installation.database.dispose()


# --- shared devices ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["citizens", "window"])
def test_a_shared_device_has_no_mark_and_counts_everybody(app, store, made, way, name):
    share(store, name, made)
    client = phone(app)  # with a mark from somewhere else, which is not read
    for _ in range(2):
        assert hand_in(app, made, way, client, name).status_code == 200
    assert [ballot.device_key for ballot in kept(store)] == [None, None]
    assert reasons(store) == ["", ""]
    with reading(store) as session:
        assert sum(session.scalars(select(TallyCell.count))) == 2


@on_one_store
def test_its_pages_set_no_mark_keep_no_draft_and_lead_to_the_next_person(app, store, made):
    plain = app.test_client().get(address(made))
    assert plain.headers["Set-Cookie"].startswith("device=")
    assert tree(plain).find(".//form[@id='ballot']").get("data-shared") is None
    share(store, "citizens", made)
    client = app.test_client()
    for _ in range(2):  # both ways
        page = client.get(address(made))
        assert "Set-Cookie" not in page.headers
        assert tree(page).find(".//form[@id='ballot']").get("data-shared") is not None
        again = client.post(address(made), data={"nonce": form_fields(page)["nonce"]})
        assert (again.status_code, "Set-Cookie" in again.headers) == (422, False)
        thanks = client.post(address(made), data=form_fields(page) | RATED)
        assert f'href="{address(made)}"' in thanks.text
        assert "Set-Cookie" not in thanks.headers
    other = app.test_client().get(address(made, "enterprises"))
    thanks = app.test_client().post(address(made, "enterprises"), data=form_fields(other) | RATED)
    assert f'href="{address(made, "enterprises")}"' not in thanks.text


@on_one_store
def test_a_shared_device_in_a_crowd_is_vouched_for_by_its_work(app, store, made, budget, way):
    ask_for_work(store)
    share(store, "citizens", made)
    budget.fill(BALLOTS_SLOWED)
    assert hand_in(app, made, way).status_code == 429
    nonce = nonce_of(app, made)
    assert hand_in(app, made, way, nonce=nonce, work=worked(nonce)).status_code == 200
