import csv
import io

import numpy as np
import png
import pytest
import zxingcpp
from sqlalchemy import select

from surveys.db import reading, transaction
from surveys.models import AuditEntry, Link, Round, RoundState, Token
from surveys.questionnaire import Channel
from surveys.tokens import token_digest
from tests import makers
from tests.pages import form_fields, tree, visible_text


@pytest.fixture
def store(app):
    return app.extensions["installation"].database


@pytest.fixture
def made(store):
    with transaction(store) as session:
        return makers.make_round(session, is_demonstration=True)


@pytest.fixture
def page(made):
    return f"/console/rounds/{made.round.id}/links"


def send(client, page, form, **typed):
    """Fill in a form of the page and send it."""
    action = f"{page}/{form}"
    return client.post(action, data=form_fields(client.get(page), action) | typed)


def links_of(store, channel):
    with reading(store) as session:
        return session.scalars(select(Link).where(Link.channel == channel).order_by(Link.id)).all()


def test_the_page_shows_every_link_with_its_address_and_the_mark_of_a_demonstration(
    office, page, made
):
    shown = office.get(page)
    addresses = {anchor.get("href") for anchor in tree(shown).iter("a")}
    assert {f"http://localhost/a/{link.code}" for link in made.links.values()} <= addresses
    assert "演示数据" in shown.text or "Demonstration data" in shown.text


def test_addresses_never_come_from_the_host_header(office, page, made):
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    office.set_cookie("session", office.get_cookie("session").value, domain="evil.example")
    shown = office.get(page, headers=evil)
    assert f"http://localhost/a/{made.links['citizens'].code}" in shown.text
    assert "evil.example" not in shown.text
    picture = office.get(f"{page}/{made.links['citizens'].id}/qr.png", headers=evil)
    assert picture.mimetype == "image/png"
    width, height, rows, _ = png.Reader(bytes=picture.data).read()
    points = np.array([list(row) for row in rows], dtype=np.uint8).reshape(height, width) * 255
    read = zxingcpp.read_barcodes(points)[0].text
    assert read == f"http://localhost/a/{made.links['citizens'].code}"


def test_a_picture_can_be_had_scalable(office, page, made):
    answer = office.get(f"{page}/{made.links['npc'].id}/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<?xml")


def test_an_open_link_is_made_with_its_label(office, page, made, store):
    group = str(made.groups["enterprises"].id)
    answer = send(office, page, "open", **{"link-group": group, "link-label": " 企业\x00群 <b>"})
    assert (answer.status_code, answer.location) == (303, page)
    new = links_of(store, Channel.OPEN)[-1]
    assert (new.group_id, new.label) == (int(group), "企业群 <b>")
    assert "企业群 <b>" in visible_text(office.get(page))


def test_a_window_link_is_made_for_one_unit(office, page, made, store):
    group, unit = made.groups["citizens"].id, made.units[3].id
    send(office, page, "windows", **{"window-group": str(group), "window-unit": str(unit)})
    assert [link.unit_id for link in links_of(store, Channel.WINDOW)] == [made.units[1].id, unit]


def test_window_links_are_made_for_all_units_at_once(office, page, made, store):
    group = str(made.groups["citizens"].id)
    send(office, page, "windows", **{"window-group": group, "window-unit": "0"})
    assert len(links_of(store, Channel.WINDOW)) == len(made.units)


def test_codes_are_handed_out_once_as_a_list_that_opens_in_a_spreadsheet(office, page, made, store):
    answer = send(
        office,
        page,
        "codes",
        **{
            "batch-group": str(made.groups["npc"].id),
            "batch-count": "12",
            "batch-label": "一团",
            "batch-own_unit": str(made.units[0].id),
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    link = links_of(store, Channel.TOKEN)[-1]
    assert (link.label, link.excluded_unit_id) == ("一团", made.units[0].id)
    _, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert {line.pop() for line in lines} <= {"演示数据", "Demonstration data"}
    assert [number for number, _, _ in lines] == [str(number) for number in range(1, 13)]
    with reading(store) as session:
        stored = set(session.scalars(select(Token.digest).where(Token.link_id == link.id)))
    for _, typed, address in lines:
        place, secret = address.split("#")
        assert place == f"http://localhost/a/{link.code}"
        assert token_digest(typed) == token_digest(secret)
        assert token_digest(typed) in stored
    later = office.get(page).text
    assert not any(address.split("#")[1] in later for *_, address in lines)


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        pytest.param("open", {"link-group": "99999"}, id="a group of nobody"),
        pytest.param("open", {"link-group": "x"}, id="a group that is no number"),
        pytest.param("open", {"link-label": "长" * 121}, id="a label that is too long"),
        pytest.param("windows", {"window-unit": "99999"}, id="a unit of nobody"),
        pytest.param("codes", {"batch-count": ""}, id="no number of codes"),
        pytest.param("codes", {"batch-count": "0"}, id="not a single code"),
        pytest.param("codes", {"batch-count": "5001"}, id="more codes than at a time"),
        pytest.param("codes", {"batch-count": "many"}, id="words for a number"),
        pytest.param("codes", {"batch-count": "9" * 5000}, id="a number without end"),
        pytest.param("codes", {"batch-own_unit": "-1"}, id="an own unit of nobody"),
    ],
)
def test_a_bad_form_is_shown_again_and_changes_nothing(office, page, made, store, form, typed):
    group = str(made.groups["npc"].id)
    good = {
        "open": {"link-group": group},
        "windows": {"window-group": group, "window-unit": "0"},
        "codes": {"batch-group": group, "batch-count": "3", "batch-own_unit": "0"},
    }
    answer = send(office, page, form, **(good[form] | typed))
    assert answer.status_code == 422
    assert 'class="notice notice-bad error-summary"' in answer.text
    with reading(store) as session:
        assert len(session.scalars(select(Link)).all()) == len(made.links)


def test_a_link_is_switched_off_and_on_again(office, page, made, store):
    link_id = made.links["citizens"].id
    for is_active in (False, True):
        answer = send(office, page, f"{link_id}/switch")
        assert answer.status_code == 303
        with reading(store) as session:
            assert session.get_one(Link, link_id).is_active is is_active
    with reading(store) as session:
        done = session.execute(
            select(AuditEntry.action, AuditEntry.details)
            .where(AuditEntry.round_id == made.round.id)
            .order_by(AuditEntry.id)
        ).all()
    code = made.links["citizens"].code
    assert done == [("link switched off", code), ("link switched on", code)]


def test_a_closed_round_shows_its_links_but_makes_none(office, store):
    with transaction(store) as session:
        made = makers.make_round(session, state=RoundState.CLOSED)
    page = f"/console/rounds/{made.round.id}/links"
    shown = office.get(page)
    assert [form for form in tree(shown).iter("form") if form.get("action") == f"{page}/open"] == []
    token = form_fields(shown, "/console/sign-out")["csrf_token"]
    answer = office.post(f"{page}/open", data={"csrf_token": token, "link-group": "1"})
    assert answer.status_code == 409


@pytest.mark.parametrize("rest", ["", "/1/qr.svg", "/1/qr.png"])
def test_a_round_or_link_of_nobody_is_not_found(office, rest):
    assert office.get(f"/console/rounds/4711/links{rest}").status_code == 404


def test_a_link_is_not_reached_through_another_round(office, made, store):
    with transaction(store) as session:
        other = makers.make_round(session, code="other")
    place = f"/console/rounds/{other.round.id}/links/{made.links['citizens'].id}/qr.png"
    assert office.get(place).status_code == 404


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        pytest.param("open", {"link-group": "{group}"}, id="an open link"),
        pytest.param(
            "windows", {"window-group": "{group}", "window-unit": "{unit}"}, id="a window"
        ),
        pytest.param("windows", {"window-group": "{group}", "window-unit": "0"}, id="all windows"),
    ],
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_a_link_may_be_for_a_shared_device(office, page, made, store, form, typed, is_shared):
    known = {link.id for link in made.links.values()}
    parts = {"group": made.groups["citizens"].id, "unit": made.units[3].id}
    fields = {name: value.format(**parts) for name, value in typed.items()}
    prefix = "link" if form == "open" else "window"
    shared = {f"{prefix}-is_shared": "y"} if is_shared else {}
    assert send(office, page, form, **fields, **shared).status_code == 303
    with reading(store) as session:
        new = session.scalars(select(Link).where(Link.id.not_in(known))).all()
    assert new
    assert {link.is_shared for link in new} == {is_shared}
    assert (
        visible_text(office.get(f"{page}?lang=en")).count("shared device") == len(new) * is_shared
    )


def test_codes_are_never_for_a_shared_device(office, page, made):
    action = f"{page}/codes"
    assert not [name for name in form_fields(office.get(page), action) if "shared" in name]


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED])
def test_the_protection_against_robots_is_switched_at_any_time(office, store, state):
    with transaction(store) as session:
        made = makers.make_round(session, state=state)
    page = f"/console/rounds/{made.round.id}/links"
    for is_on in (True, False):
        assert send(office, page, "protection").status_code == 303
        with reading(store) as session:
            assert session.get_one(Round, made.round.id).asks_for_work is is_on
    with reading(store) as session:
        done = session.scalars(
            select(AuditEntry.action).where(AuditEntry.round_id == made.round.id)
        )
        assert list(done) == ["protection switched on", "protection switched off"]


def test_the_protection_is_seen_on_the_phone_at_once(app, office, page, made):
    phone = app.test_client()
    address = f"/a/{made.links['citizens'].code}"
    assert "data-work" not in phone.get(address).text
    send(office, page, "protection")
    assert "data-work" in phone.get(address).text
    send(office, page, "protection")
    assert "data-work" not in phone.get(address).text


def test_the_protection_is_not_switched_by_another_site(office, page, made, store):
    assert office.post(f"{page}/protection", data={"on": "yes"}).status_code == 400
    with reading(store) as session:
        assert session.get_one(Round, made.round.id).asks_for_work is False
    assert office.post("/console/rounds/4711/links/protection").status_code in {400, 404}
