from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from surveys import web
from surveys.accounts import actions
from surveys.db import reading, transaction
from surveys.models import Account, AccountSession, AuditEntry, Role
from tests import makers
from tests.pages import form_fields, visible_text

SIGN_IN = "/console/sign-in"
INSIDE = "/console/rounds/1/links"  # needs an account; the round itself does not exist
NAME = "绩效办"


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def secret(store):
    """The secret of a fresh set-up link."""
    with transaction(store) as session:
        return actions.add_account(session, NAME, Role.OFFICE, web.now())


def is_inside(client) -> bool:
    """Tell whether the console takes this browser for somebody it knows."""
    return client.get(INSIDE).status_code == 404


def set_up(client, secret, password=makers.PASSWORD, repeat=None):
    fields = form_fields(client.get(f"/console/setup/{secret}"))
    fields |= {"password": password, "repeat": password if repeat is None else repeat}
    return client.post(f"/console/setup/{secret}", data=fields)


def sign_in(client, name=NAME, password=makers.PASSWORD, goto=""):
    fields = form_fields(client.get(f"{SIGN_IN}?next={quote(goto)}"))
    return client.post(SIGN_IN, data=fields | {"name": name, "password": password})


@pytest.fixture
def stranger(app, secret):
    """A browser that nobody is signed in with, while the account is set up."""
    set_up(app.test_client(), secret)
    return app.test_client()


def test_the_set_up_link_sets_the_password_and_signs_in(client, secret):
    answer = set_up(client, secret)
    assert (answer.status_code, answer.location) == (303, "/console/")
    assert is_inside(client)


def test_the_set_up_link_works_once(client, app, secret):
    set_up(client, secret)
    again = app.test_client().get(f"/console/setup/{secret}")
    assert again.status_code == 410


def test_the_set_up_link_ends_after_seven_days(client, store, secret):
    with transaction(store) as session:
        session.execute(update(Account).values(setup_expires_at=web.now() - timedelta(seconds=1)))
    assert client.get(f"/console/setup/{secret}").status_code == 410


def test_looking_at_the_set_up_link_uses_nothing_up(client, secret):
    for _ in range(3):
        assert client.get(f"/console/setup/{secret}").status_code == 200
        assert client.head(f"/console/setup/{secret}").status_code == 200
    assert set_up(client, secret).status_code == 303


@pytest.mark.parametrize(
    ("password", "repeat"),
    [
        pytest.param("short", "short", id="too short"),
        pytest.param(makers.PASSWORD, "something else entirely", id="not the same twice"),
        pytest.param(NAME * 6, NAME * 6, id="the account's name over and over"),
        pytest.param("x y z " * 100, "x y z " * 100, id="longer than anybody types"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_bad_new_password_leaves_the_link_usable(client, secret, password, repeat):
    answer = set_up(client, secret, password, repeat)
    assert answer.status_code == 422
    assert not is_inside(client)
    assert set_up(client, secret).status_code == 303


def test_a_new_set_up_link_is_the_way_back_for_a_forgotten_password(stranger, app, store):
    sign_in(stranger)
    with transaction(store) as session:
        secret = actions.add_account(session, NAME, Role.OFFICE, web.now())
    assert is_inside(stranger), "until the link is used nothing changes"
    set_up(app.test_client(), secret, "一句完全不同的新口令,共十五个字以上")
    assert not is_inside(stranger)
    assert sign_in(stranger).status_code == 422


def test_no_secret_is_stored(client, store, secret):
    set_up(client, secret)
    with reading(store) as session:
        account = session.scalars(select(Account)).one()
        running = session.scalars(select(AccountSession)).one()
    kept = client.get_cookie("session").value
    assert secret not in f"{account.setup_digest}{account.password_hash}{running.digest}"
    assert running.digest not in kept


def test_signing_in_leads_to_the_page_that_was_asked_for(stranger):
    answer = stranger.get(f"{INSIDE}?lang=en")
    assert answer.location == f"{SIGN_IN}?next=/console/rounds/1/links?lang%3Den"
    answer = sign_in(stranger, goto=f"{INSIDE}?lang=en")
    assert (answer.status_code, answer.location) == (303, f"{INSIDE}?lang=en")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://evil.example/console/", id="another site"),
        pytest.param("//evil.example/console/", id="another site without scheme"),
        pytest.param("/\\evil.example", id="backslash"),
        pytest.param("/console/\\..\\..\\evil", id="backslash inside"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("/console/\r\nSet-Cookie: a=b", id="line break"),
        pytest.param("/a/somelink", id="outside the console"),
        pytest.param("//[", id="not an address"),
    ],
)
def test_signing_in_never_leads_elsewhere(stranger, address):
    assert sign_in(stranger, goto=address).location == "/console/"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param(NAME, "wrong but long enough", id="wrong password"),
        pytest.param("没有这个人", makers.PASSWORD, id="unknown name"),
        pytest.param("尚未设置", makers.PASSWORD, id="account without a password"),
        pytest.param("已停用", makers.PASSWORD, id="account that was switched off"),
    ],
)
def test_every_failed_sign_in_looks_the_same(stranger, store, name, password):
    with transaction(store) as session:
        actions.add_account(session, "尚未设置", Role.OFFICE, web.now())
        known = session.scalars(select(Account).where(Account.name == NAME)).one()
        session.add(
            Account(
                name="已停用",
                role=Role.OFFICE,
                password_hash=known.password_hash,
                is_active=False,
                created_at=web.now(),
            )
        )
    answer = sign_in(stranger, name, password)
    assert answer.status_code == 422
    assert visible_text(answer) == visible_text(sign_in(stranger, NAME, "another wrong password"))
    assert not is_inside(stranger)


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [
        pytest.param(f"  {NAME} ", makers.PASSWORD, 303, id="spaces around the name"),
        pytest.param(NAME, f" {makers.PASSWORD}", 422, id="spaces belong to the password"),
        pytest.param(f"{NAME}\0", makers.PASSWORD, 303, id="a sign that no name can have"),
        pytest.param("x" * 100_000, "y", 422, id="a name as long as a book"),
        pytest.param(NAME, "y" * 100_000, 422, id="a password as long as a book"),
        pytest.param("", "", 422, id="nothing"),
        pytest.param("' OR 1=1 --", "{{7*7}}", 422, id="signs of trouble"),
        pytest.param("\ud800", "\udfff", 422, id="half a sign"),
    ],
)
def test_whatever_is_typed_gets_an_answer(stranger, name, password, status):
    fields = form_fields(stranger.get(SIGN_IN))
    typed = {"name": name, "password": password}
    body = {key: text.encode("utf-8", "surrogatepass") for key, text in (fields | typed).items()}
    sent = "&".join(f"{key}={quote(text)}" for key, text in body.items())
    answer = stranger.post(SIGN_IN, data=sent, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == status


def test_too_many_tries_for_one_name_are_stopped_wherever_they_come_from(stranger):
    for number in range(10):
        stranger.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        assert sign_in(stranger, password="wrong but long enough").status_code == 422
    stranger.environ_base["REMOTE_ADDR"] = "10.0.0.99"
    assert sign_in(stranger).status_code == 429
    assert not is_inside(stranger)


def test_too_many_tries_from_one_address_are_stopped_whatever_the_name(stranger):
    for number in range(10):
        assert sign_in(stranger, name=f"guess {number}").status_code == 422
    assert sign_in(stranger).status_code == 429
    stranger.environ_base["REMOTE_ADDR"] = "10.0.0.99"
    assert sign_in(stranger).status_code == 303


def test_good_sign_ins_use_no_budget(stranger):
    for _ in range(12):
        assert sign_in(stranger).status_code == 303


def test_a_session_prepared_by_somebody_else_is_not_carried_into_the_sign_in(stranger):
    with stranger.session_transaction() as session:
        session["secret"] = "known to the attacker"
        session["planted"] = "yes"
    sign_in(stranger)
    with stranger.session_transaction() as session:
        assert session["secret"] != "known to the attacker"
        assert "planted" not in session


def test_every_sign_in_has_its_own_session(stranger, app):
    other = app.test_client()
    for browser in (stranger, other):
        sign_in(browser)
    with stranger.session_transaction() as mine, other.session_transaction() as theirs:
        assert mine["secret"] != theirs["secret"]


def test_signing_out_ends_the_session_even_for_a_copied_cookie(office, app):
    copied = office.get_cookie("session").value
    token = form_fields(office.get(SIGN_IN), "/console/sign-out")["csrf_token"]
    answer = office.post("/console/sign-out", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, SIGN_IN)
    thief = app.test_client()
    thief.set_cookie("session", copied)
    assert not is_inside(office)
    assert not is_inside(thief)


def test_signing_out_is_not_done_by_a_link(office):
    assert office.get("/console/sign-out").status_code == 405
    assert is_inside(office)


@pytest.mark.parametrize(
    ("age", "idle", "inside"),
    [
        pytest.param(timedelta(minutes=719), timedelta(minutes=1), True, id="a day's work"),
        pytest.param(timedelta(hours=12), timedelta(minutes=1), False, id="twelve hours"),
        pytest.param(timedelta(hours=3), timedelta(minutes=119), True, id="a long lunch"),
        pytest.param(timedelta(hours=3), timedelta(hours=2), False, id="two idle hours"),
    ],
)
def test_a_session_ends_by_itself(office, store, age, idle, inside):
    now = web.now()
    with transaction(store) as session:
        session.execute(update(AccountSession).values(created_at=now - age, seen_at=now - idle))
    assert is_inside(office) is inside


def test_working_keeps_a_session_alive(office, store):
    long_ago = web.now() - timedelta(minutes=100)
    with transaction(store) as session:
        session.execute(update(AccountSession).values(seen_at=long_ago))
    office.get(INSIDE)
    with reading(store) as session:
        assert session.scalars(select(AccountSession.seen_at)).one() > long_ago


def test_an_account_that_is_switched_off_is_out_at_once(office, store):
    with transaction(store) as session:
        session.execute(update(Account).values(is_active=False))
    assert not is_inside(office)


def test_what_was_done_is_written_down(stranger, store):
    sign_in(stranger)
    token = form_fields(stranger.get(SIGN_IN), "/console/sign-out")["csrf_token"]
    stranger.post("/console/sign-out", data={"csrf_token": token})
    with reading(store) as session:
        lines = session.execute(
            select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.id)
        ).all()
    assert lines == [
        (NAME, "account set up"),
        (NAME, "signed in"),
        (NAME, "signed in"),
        (NAME, "signed out"),
    ]


@pytest.mark.parametrize("development", [True, False], ids=["development", "production"])
def test_the_pieces_are_shown_in_development_only(app, settings, development):
    installation = app.extensions["installation"]
    settings = replace(settings, development=development)
    app.extensions["installation"] = replace(installation, settings=settings)
    answer = app.test_client().get("/styleguide")
    assert answer.status_code == (200 if development else 404)
