"""What a phone is told, in each language; both ways of answering speak the same one."""

import itertools
import re

import pytest
from sqlalchemy import update

from surveys.answering.memory import Memory
from surveys.answering.pages import Memories
from surveys.db import transaction
from surveys.manner import LANGUAGES, LOCALES, manner_of
from surveys.models import Link, Round, RoundState
from tests.makers import make_round
from tests.pages import form_fields, tree
from tests.tongues import HAN, latin_words, simplified_signs, strange

ITEMS = ("duties", "law", "service", "efficiency", "overall")
OWN = re.compile(r"nonce\" value=\"[^\"]+|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
RECEIPT = r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"
each_language = pytest.mark.parametrize("code", LOCALES)
ON_ONE_STORE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        found = make_round(session)
        found.units[0].duties = None
        return found


def address(made, name="citizens"):
    return f"/a/{made.links[name].code}"


def filled(page, **more):
    role = {} if "token" in more else {"q.role": "person"}
    ratings = {f"01.{item}": "B" for item in ITEMS}
    return {"nonce": form_fields(page)["nonce"], **role, **ratings, **more}


def answers_to_mistakes(app, made, code):
    """Return what a phone is answered to everything that may be wrong with a ballot."""
    query = {"lang": code}
    open_, secret = address(made), address(made, "npc")
    client = app.test_client()
    page, paper = client.get(open_, query_string=query), client.get(secret, query_string=query)
    fields = filled(page)
    wrong = {
        "nothing": {"nonce": fields["nonce"]},
        "one item missing": {name: it for name, it in fields.items() if name != "01.law"},
        "no such answer": {**fields, "01.law": "?"},
        "a foreign field": {**fields, "foreign": "1"},
        "a question missing": {name: it for name, it in fields.items() if name != "q.role"},
        "no number": {**fields, "q.visits": "x"},
        "a low number": {**fields, "q.visits": "-1"},
        "a high number": {**fields, "q.visits": "100"},
        "a long text": {**fields, "q.wish": "好" * 101 if code != "en" else "x" * 101},
        "a long comment": {**fields, "01.comment": "好" * 501 if code != "en" else "x" * 501},
        "a broken page": {**fields, "nonce": "broken"},
    }
    told = {name: client.post(open_, data=sent, query_string=query) for name, sent in wrong.items()}
    some = filled(paper, token=made.tokens["npc"][0])
    for name, sent in {
        "no code": {**some, "token": ""},
        "a wrong code": {**some, "token": "A" * 26, "partial": "1"},
        "units left out": some,
    }.items():
        told[name] = client.post(secret, data=sent, query_string=query)
    assert client.post(secret, data={**some, "partial": "1"}).status_code == 200
    again = {**filled(client.get(secret), token=made.tokens["npc"][0]), "partial": "1"}
    told["a spent code"] = client.post(secret, data=again, query_string=query)
    told["too much"] = client.post(open_, data={"x": "x" * 600_000}, query_string=query)
    told["no entrance"] = client.get("/a/nowhere", query_string=query)
    told["no code at the door"] = client.post("/", data={"code": "?"}, query_string=query)
    told["no such act"] = client.delete(open_, query_string=query)
    return told


@ON_ONE_STORE
@each_language
def test_every_mistake_is_told_in_the_language(app, made, code):
    told = answers_to_mistakes(app, made, code)
    assert {name: it.status_code for name, it in told.items() if it.status_code < 400} == {}
    typed = (made.tokens["npc"][0], "A" * 26, "?", "x" * 101, "x" * 501)
    found = {name: strange(it, LANGUAGES[LOCALES[code]], typed) for name, it in told.items()}
    assert {name: texts for name, texts in found.items() if texts} == {}


@ON_ONE_STORE
@each_language
def test_thanks_and_closed_doors_are_told_in_the_language(app, made, store, code):
    query = {"lang": code}
    client = app.test_client()
    page = client.get(address(made), query_string=query)
    told = {"kept": client.post(address(made), data=filled(page), query_string=query)}
    changed = filled(page, **{"01.law": "C"})
    told["kept first"] = client.post(address(made), data=changed, query_string=query)
    page = client.get(address(made), query_string=query)
    told["duplicate"] = client.post(address(made), data=filled(page), query_string=query)
    assert {it.status_code for it in told.values()} == {200}
    for name, change in {
        "rehearsal": {"state": RoundState.REHEARSAL, "is_demonstration": True},
        "not open": {"state": RoundState.DRAFT, "is_demonstration": False},
        "closed": {"state": RoundState.CLOSED},
    }.items():
        with transaction(store) as session:
            session.execute(update(Round).values(**change))
        told[name] = app.test_client().get(address(made), query_string=query)
    with transaction(store) as session:
        session.execute(update(Round).values(state=RoundState.OPEN))
        session.execute(update(Link).values(is_active=False))
    told["off"] = client.get(address(made), query_string=query)
    found = {
        name: strange(it, LANGUAGES[LOCALES[code]], codes=RECEIPT) for name, it in told.items()
    }
    assert {name: texts for name, texts in found.items() if texts} == {}


@ON_ONE_STORE
@each_language
@pytest.mark.parametrize("path", ["/a/nowhere", "/nowhere"])
def test_a_problem_for_programs_is_in_the_language(client, path, code):
    answer = client.get(path, query_string={"lang": code}, headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    said = f"{answer.json['title']} {answer.json['detail']}"
    assert bool(HAN.search(said)) == (code != "en")
    assert code == "en" or latin_words(said) == []
    assert code != "zh-TW" or simplified_signs(said) == []


COOKIES = (None, "zh", "zh-TW", "en", "xx")
HEADERS = (None, "zh-TW,zh;q=0.9", "en-GB,en;q=0.9", "fr", "en;q=0.1, zh-HK;q=0.3", "x" * 10_000)
QUERIES = ("", "lang=zh", "lang=zh-TW", "lang=en", "lang=xx", "lang=en&lang=zh", "lang=&text=24")


@ON_ONE_STORE
@pytest.mark.parametrize("query", QUERIES)
def test_the_short_way_and_the_route_speak_the_same_language(app, made, query):
    """A page and its thanks, for each query, cookie and browser: first by the route, then ready."""
    short = app.wsgi_app
    handed_on, ordinary = [], short._application

    def note(environ, start_response):
        handed_on.append(environ["REQUEST_METHOD"])
        return ordinary(environ, start_response)

    short._application = note
    # Where the address says nothing all combinations count; where it does, some of either kind.
    cookies, browsers = (COOKIES, HEADERS) if not query else (COOKIES[::2], HEADERS[::2])
    for cookie, header in itertools.product(cookies, browsers):
        app.extensions["answering"] = Memories(links=Memory(8))  # nothing is ready
        met = []
        for _ in range(2):
            client = app.test_client()
            if cookie:
                client.set_cookie("lang", cookie)
            headers = {"Accept-Language": header} if header else {}
            page = client.get(address(made), query_string=query, headers=headers)
            fields = filled(page)
            thanks = client.post(address(made), data=fields, query_string=query, headers=headers)
            assert (page.status_code, thanks.status_code) == (200, 200)
            met.append([(tree(it).get("lang"), OWN.sub("", it.text)) for it in (page, thanks)])
        asked = dict(pair.split("=") for pair in reversed(query.split("&")) if pair)
        kept = {"lang": cookie} if cookie else {}
        expected = manner_of(asked, kept, header or "").language
        assert met[0] == met[1], (cookie, header)
        assert {language for language, _ in met[0]} == {expected}, (cookie, header)
    short._application = ordinary
    rounds = len(cookies) * len(browsers)
    assert handed_on.count("POST") == rounds, "each second ballot took the short way"
    assert handed_on.count("GET") == (2 * rounds if query else rounds), "a query is special"


@ON_ONE_STORE
def test_a_kept_page_says_nothing_of_the_address_that_made_it(app, made):
    """The first visitor's page is everybody's: what else stood in that address is not on it."""
    first = app.test_client().get(f"{address(made)}?lang=zh&from=somebody")
    second = app.test_client().get(address(made))
    assert "somebody" not in first.text
    assert "somebody" not in second.text


@ON_ONE_STORE
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        pytest.param("lang=en", {"lang": "en"}, id="a language"),
        pytest.param("lang=zh-TW&text=24", {"lang": "zh-TW", "text": "24"}, id="and a size"),
        pytest.param("text=normal", {"text": "normal"}, id="the ordinary size"),
        pytest.param("lang=xx&text=999", {}, id="what nobody knows"),
        pytest.param("lang=en&lang=zh", {"lang": "en"}, id="of two the first"),
        pytest.param("lang=<b>&text=%00", {}, id="hostile"),
        pytest.param("", {}, id="nothing"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/console/sign-in", "phone"])
def test_what_was_asked_is_remembered_and_nothing_else(app, made, path, query, kept):
    client = app.test_client()
    at = address(made) if path == "phone" else path
    answer = client.get(at, query_string=query)
    told = {
        line.split("=")[0]: line.split(";")[0].split("=")[1]
        for line in answer.headers.getlist("Set-Cookie")
    }
    assert {name: value for name, value in told.items() if name in {"lang", "text"}} == kept
    for line in answer.headers.getlist("Set-Cookie"):
        if line.split("=")[0] in kept:
            assert "SameSite=Lax" in line
            assert "Max-Age=31536000" in line
    language = manner_of({}, kept, "").language
    assert tree(client.get(at)).get("lang") == language
    said_again = client.get(at, query_string=query).headers.getlist("Set-Cookie")
    assert [line for line in said_again if line.split("=")[0] in kept] == []


@ON_ONE_STORE
def test_a_refusal_is_not_remembered(client):
    answer = client.get("/a/nowhere?lang=en")
    assert tree(answer).get("lang") == "en"
    assert answer.headers.getlist("Set-Cookie") == []
