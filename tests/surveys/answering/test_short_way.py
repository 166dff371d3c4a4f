"""The short way gives the answers of the ordinary route, and hands on whatever is special."""

import io
import re
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from surveys.answering.memory import Memory
from surveys.answering.pages import Memories
from surveys.answering.short_way import ShortWay
from surveys.ballots import Outcome
from surveys.db import reading, transaction
from surveys.models import Ballot, Link, TallyCell
from surveys.refusals import TokenSpent
from tests.makers import make_round
from tests.pages import form_fields

ITEMS = ("duties", "law", "service", "efficiency", "overall")
OWN = re.compile(rb"nonce\" value=\"[^\"]+|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture
def made(app):
    with transaction(app.extensions["installation"].database) as session:
        return make_round(session)


@pytest.fixture
def handed_on(app):
    """Collect the requests that went on to the ordinary route."""
    seen = []
    short: ShortWay = app.wsgi_app
    assert isinstance(short, ShortWay)
    ordinary = short._application

    def note(environ, start_response):
        seen.append(environ["REQUEST_METHOD"])
        return ordinary(environ, start_response)

    short._application = note
    # However slow the machine is, what was read stays fresh.
    app.extensions["answering"] = Memories(links=Memory(8))
    return seen


def address(made, name="citizens"):
    return f"/a/{made.links[name].code}"


def filled(page, **more):
    role = {} if "token" in more else {"q.role": "person"}
    fields = {"nonce": form_fields(page)["nonce"], **role}
    return {**fields, **{f"01.{item}": "B" for item in ITEMS}, "01.comment": "很好", **more}


def same(one, other):
    """Compare two answers apart from what is anybody's own: nonce, receipt, cookie."""
    assert one.status_code == other.status_code
    assert OWN.sub(b"", one.text.encode()) == OWN.sub(b"", other.text.encode())
    told = [
        sorted(
            (name, value.split("=")[0] if name == "Set-Cookie" else value)
            for name, value in answer.headers
            if name != "Content-Length"
        )
        for answer in (one, other)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("lang", [None, "en"])
def test_the_page_and_the_thanks_are_the_same_on_both_ways(app, made, handed_on, lang):
    answers = []
    for _ in range(2):  # what the first visit makes, the second one finds ready
        client = app.test_client()
        if lang:
            client.set_cookie("lang", lang)
        page = client.get(address(made))
        answers.append((page, client.post(address(made), data=filled(page))))
    assert handed_on == ["GET", "POST"], "the second visit met no route"
    for first, second in zip(*answers, strict=True):
        same(first, second)
    with reading(app.extensions["installation"].database) as session:
        kept = session.scalars(select(Ballot)).all()
        assert sum(session.scalars(select(TallyCell.count))) == 2
    assert {ballot.reasons for ballot in kept} == {"speed"}, "a test is quicker than a person"
    assert len({ballot.device_key for ballot in kept}) == 2


def warm(app, made, name="citizens"):
    """Have both pages ready; return a browser that has its own page open."""
    other = app.test_client()
    page = other.get(address(made, name))
    more = {"token": made.tokens[name][0], "partial": "1"} if name in made.tokens else {}
    other.post(address(made, name), data=filled(page, **more))
    client = app.test_client()
    return client, client.get(address(made, name))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"01.law": "?"}, 422, id="an answer that nobody offers"),
        pytest.param({"nonce": "broken"}, None, id="a broken nonce"),
        pytest.param({"step": "rewrite"}, 200, id="the other language"),
        pytest.param({"foreign": "1"}, 422, id="a field that is not on the page"),
    ],
)
def test_what_is_wrong_goes_on_with_everything_typed(app, made, handed_on, change, status):
    client, page = warm(app, made)
    handed_on.clear()
    answer = client.post(address(made), data={**filled(page), **change})
    assert handed_on == ["POST"]
    assert answer.status_code == (status or answer.status_code) != 500
    assert "很好" in answer.text
    with reading(app.extensions["installation"].database) as session:
        assert len(session.scalars(select(Ballot.id)).all()) == 1


def test_a_ballot_is_handed_to_the_writer_once_even_where_its_answer_is_not_ready(
    app, made, handed_on
):
    client, page = warm(app, made)
    first = client.post(address(made), data=filled(page))
    assert "01" not in first.headers.get("Set-Cookie", "")
    handed_on.clear()
    asked = []
    installation = app.extensions["installation"]
    keep = installation.intake.keep
    installation.intake.keep = lambda one: asked.append(one) or keep(one)  # the writer's door
    again = client.get(address(made))
    answer = client.post(address(made), data=filled(again))
    assert handed_on == ["POST"], "the page for doubles was not ready"
    assert len(asked) == 1
    assert answer.status_code == 200
    del installation.intake.keep
    with reading(installation.database) as session:
        kept = sorted(session.scalars(select(Ballot.validity)))
    assert kept == ["duplicate", "flagged", "flagged"]


def test_a_spent_code_is_told_by_the_route_and_asked_once(app, made, handed_on):
    client, page = warm(app, made, "npc")
    handed_on.clear()
    fields = filled(page, token=made.tokens["npc"][0], partial="1")
    answer = client.post(address(made, "npc"), data=fields)
    assert handed_on == ["POST"]
    assert answer.status_code == TokenSpent.status
    assert "Set-Cookie" not in answer.headers
    fields["token"] = made.tokens["npc"][1]
    handed_on.clear()
    answer = client.post(address(made, "npc"), data=fields)
    assert (handed_on, answer.status_code) == ([], 200)


@pytest.mark.parametrize(
    "special",
    [
        pytest.param({"query_string": "lang=en"}, id="a query"),
        pytest.param({"headers": {"Accept-Encoding": "identity"}}, id="no gzip"),
        pytest.param({"headers": {"Accept-Encoding": "gzip;q=0.5"}}, id="qualities"),
        pytest.param({"method": "HEAD", "headers": {"Accept-Encoding": "gzip"}}, id="HEAD"),
    ],
)
def test_whoever_asks_in_a_special_way_meets_the_route(app, made, handed_on, special):
    client, _ = warm(app, made)
    handed_on.clear()
    assert client.open(address(made), **special).status_code == 200
    assert len(handed_on) == 1


@pytest.mark.parametrize("length", ["10", "x", "", "999999999", "１０"])
def test_a_body_of_another_length_is_left_to_the_route(app, made, handed_on, length):
    client, page = warm(app, made)
    body = b"nonce=" + form_fields(page)["nonce"].encode()
    handed_on.clear()
    answer = client.post(
        address(made),
        input_stream=io.BytesIO(body[:5]),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"CONTENT_LENGTH": length},
    )
    assert handed_on == ["POST"]
    assert 400 <= answer.status_code < 500


def test_a_link_that_this_process_shut_is_shut_at_once(app, made, handed_on):
    client, page = warm(app, made)
    with transaction(app.extensions["installation"].database) as session:
        session.execute(update(Link).values(is_active=False))
    answer = client.post(address(made), data=filled(page))
    assert answer.status_code == 410


def test_a_writer_that_keeps_nothing_is_believed(app, made, handed_on):
    """What the short way says is what the writer said, whatever that is."""
    client, page = warm(app, made)
    installation = app.extensions["installation"]

    class Silent:
        is_full = False

        def keep(self, _one):
            raise TokenSpent

        def close(self):
            pass

    app.extensions["installation"] = replace(installation, intake=Silent())
    answer = client.post(address(made), data=filled(page))
    app.extensions["installation"] = installation
    assert answer.status_code == TokenSpent.status
    assert Outcome.KEPT.value not in answer.headers
