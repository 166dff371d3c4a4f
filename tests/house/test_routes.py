"""Every route has a guard that works, and the list of routes changes only on purpose."""

import os
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UnicodeConverter

from surveys import web
from surveys.models import AccountSession, Base
from tests import makers

ROUTES = Path(__file__).with_name("routes.txt")
UNGUARDED = {"static"}  # Flask's own: public files of the tree
SIGN_IN = "accounts.sign_in"
STAND_INS = {
    AnyConverter: lambda converter: min(converter.items),
    IntegerConverter: lambda _: 1,
    UnicodeConverter: lambda _: "none",
}
# What is the same on each store needs only one.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def guard_of(app, rule: Rule) -> str:
    return getattr(app.view_functions[rule.endpoint], "guard", "")


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def address(app, rule: Rule, **known: object) -> str:
    """Return an address that the rule takes, with a stand-in for what is not known."""
    places = {name: STAND_INS[type(it)](it) for name, it in rule._converters.items()} | known
    with app.test_request_context():
        built = rule.build(places, append_unknown=False)
    assert built is not None
    return built[1]


@pytest.fixture
def rules(app):
    return sorted(
        (rule for rule in app.url_map.iter_rules() if rule.endpoint not in UNGUARDED),
        key=lambda rule: (rule.rule, methods_of(rule)),
    )


def test_every_route_has_a_guard(app, rules):
    assert [rule.rule for rule in rules if not guard_of(app, rule)] == []


def test_the_routes_are_those_of_the_golden_list(app, rules):
    """Run with PINGYI_TEST_GOLDEN=write after adding a page, and read the difference."""
    written = "".join(
        f"{','.join(methods_of(rule)):<9} {rule.rule:<80} {rule.endpoint:<26} {guard}\n"
        for rule in rules
        for guard in [guard_of(app, rule)]
    )
    if os.environ.get("PINGYI_TEST_GOLDEN") == "write":
        ROUTES.write_text(written)
    assert written == ROUTES.read_text()


def test_a_stranger_is_sent_to_sign_in_from_every_guarded_page(app, client, rules):
    app.config["WTF_CSRF_ENABLED"] = False  # so that the guard answers, not the form token
    sign_in = next(rule.rule for rule in rules if rule.endpoint == SIGN_IN)
    answers = {
        f"{method} {rule.rule}": client.open(address(app, rule), method=method)
        for rule in rules
        if guard_of(app, rule) != "public"
        for method in methods_of(rule)
    }
    assert answers
    assert [
        page
        for page, answer in answers.items()
        if answer.status_code not in {302, 303} or not answer.location.startswith(sign_in)
    ] == []


def test_a_form_without_its_token_is_refused_on_every_console_page(client, app, rules):
    answers = {
        rule.rule: client.post(address(app, rule)).status_code
        for rule in rules
        if "POST" in methods_of(rule) and guard_of(app, rule) != "public"
    }
    assert answers
    assert {page: status for page, status in answers.items() if status != 400} == {}


def test_no_public_page_asks_for_an_account(app, client, rules):
    answers = {
        rule.rule: client.get(address(app, rule))
        for rule in rules
        if guard_of(app, rule) == "public" and "GET" in methods_of(rule)
    }
    assert {
        page: answer.status_code for page, answer in answers.items() if answer.status_code >= 500
    } == {}
    assert [page for page, answer in answers.items() if "sign" in (answer.location or "")] == []


@pytest.fixture
def made(app):
    with app.app_context(), web.transaction() as session:
        return makers.make_round(session)


def rows(app) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that the store holds but when people were last seen."""
    with app.app_context(), web.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table is not AccountSession.__table__
        }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_a_page_changes_nothing(app, office, made, rules, method):
    """Link previews, scanners and crawlers fetch every address that they see."""
    link = made.links["npc"]
    known = {"round_id": made.round.id, "link_id": link.id, "code": link.code}
    known["unit_code"] = made.units[0].code
    before = rows(app)
    fetched = {
        rule.rule: office.open(
            address(app, rule, **{name: known[name] for name in known.keys() & rule.arguments}),
            method=method,
        ).status_code
        for rule in rules
        if "GET" in methods_of(rule)
    }
    assert {page: status for page, status in fetched.items() if status >= 500} == {}
    assert rows(app) == before
