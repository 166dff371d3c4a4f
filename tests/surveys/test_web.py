"""What every page shares: headers, languages, limits, forgery, error pages."""

import pytest

from surveys import assets, web
from surveys.web import HEADERS
from tests import makers
from tests.pages import form_fields, visible_text

PAGES = ("/", "/healthz", "/console/sign-in", "/nowhere", "/a/nowhere")


@pytest.fixture
def made(app):
    with app.app_context(), web.transaction() as session:
        return makers.make_round(session)


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_security_headers(client, path):
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_an_asset_with_its_digest_may_be_kept_for_ever(client, app):
    with app.test_request_context():
        address = assets.static_url("look.css")
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("first", "then", "language"),
    [
        pytest.param("/", "/", "zh-CN", id="Chinese unless asked"),
        pytest.param("/?lang=en", "/", "en", id="English is remembered"),
        pytest.param("/?lang=en", "/?lang=zh", "zh-CN", id="and back"),
        pytest.param("/?lang=xx", "/", "zh-CN", id="an unknown language is Chinese"),
    ],
)
def test_the_language_follows_the_link_then_the_choice_before(client, first, then, language):
    client.get(first)
    assert f'lang="{language}"' in client.get(then).text


def test_a_foreign_host_header_appears_nowhere(app, office, made):
    cookie = office.get_cookie("session")
    page = app.test_client(use_cookies=False).get(
        f"/console/rounds/{made.round.id}/links",
        headers={"Host": "evil.example", "Cookie": f"session={cookie.value}"},
    )
    assert page.status_code == 200
    assert "evil.example" not in page.text
    assert "http://localhost/a/" in page.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/a/nowhere", 404),
        ("GET", "/a/" + "x" * 500, 404),
        ("GET", "/a/%00", 404),
        ("GET", "/a/..%2f..%2fetc", 404),
        ("DELETE", "/a/nowhere", 405),
        ("POST", "/healthz", 405),
    ],
)
def test_an_expected_no_is_a_page_in_words(client, method, path, status, language):
    answer = client.open(path, method=method, query_string={"lang": language})
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "Traceback" not in answer.text
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in visible_text(answer))
    assert chinese == (language == "zh") or language == "en"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client, made):
    path = f"/a/{made.links['citizens'].code}"
    answer = client.post(path, data={"01.comment": "长" * 400_000})
    assert answer.status_code == 413
    assert "太大" in answer.text


def test_a_program_gets_a_problem_instead_of_a_page(client):
    answer = client.get("/a/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 404


def test_no_form_of_the_console_works_without_its_token(office, app, made):
    """Every address of the console that takes a POST refuses one without the forgery token."""
    values = {
        "round_id": made.round.id,
        "link_id": made.links["citizens"].id,
        "step": "close",
        "job_id": 1,
    }
    tried = 0
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        addresses = {
            adapter.build(
                rule.endpoint,
                {name: values.get(name, "none") for name in rule.arguments},
                method="POST",
            )
            for rule in app.url_map.iter_rules()
            if "POST" in (rule.methods or ()) and rule.rule.startswith("/console")
        }
    for address in sorted(addresses):
        answer = office.post(address)
        assert answer.status_code == 400, address
        assert "没有做任何改动" in answer.text, address
        tried += 1
    assert tried > 8


def test_the_phone_needs_no_session(client, made):
    answer = client.get(f"/a/{made.links['citizens'].code}")
    names = {cookie.split("=")[0] for cookie in answer.headers.getlist("Set-Cookie")}
    assert names == {"device"}
    answer = client.get(f"/a/{made.links['npc'].code}")
    assert answer.headers.getlist("Set-Cookie") == []


def test_an_expired_console_form_says_so(office, made):
    page = office.get("/console/rounds/import")
    fields = form_fields(page, "/console/rounds/import")
    assert fields["csrf_token"]
    answer = office.post("/console/rounds/import", data={"csrf_token": "stale"})
    assert answer.status_code == 400
