"""The phone's pages: the way in, the questionnaire, the thanks."""

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from surveys import db, throttle, web
from surveys.access import public
from surveys.answering import device, fields
from surveys.answering.actions import keep_draft
from surveys.answering.drafts import opened_draft, sealed_draft
from surveys.answering.fields import Step
from surveys.answering.forms import BallotForm, Typed, ballot_form, clean_text
from surveys.answering.gate import Arrival, hand_over
from surveys.answering.nonce import make_nonce, read_nonce
from surveys.answering.pages import (
    VARY,
    CompiledPage,
    Memories,
    compile_page,
    page_headers,
    page_key,
)
from surveys.answering.queries import OpenLink, check_token, phone_link, sealed_draft_of
from surveys.answering.receipts import (
    FoundBallot,
    ballot_of_receipt,
    read_receipt,
    receipt_of,
)
from surveys.answering.short_way import ANSWERED
from surveys.answering.showing import NOTHING, Said, rendered
from surveys.ballots import Outcome
from surveys.db import STORE_SILENT
from surveys.qr import qr_png
from surveys.refusals import (
    Busy,
    DraftTooLarge,
    LinkUnknown,
    NonceBroken,
    NotSaved,
    ReceiptBroken,
    ReceiptUnknown,
    Refusal,
    TokenMissing,
    TokenSpent,
    TokenUnknown,
    TooManyTries,
)
from surveys.tokens import LONGEST_TYPED, normalise_token, token_digest

blueprint = Blueprint("answering", __name__)

# What somebody pastes or types: a whole address or only the code, perhaps with a token behind it.
TYPED_ADDRESS = re.compile(
    r"(?:\S*/a/)?(?P<code>[0-9A-Za-z_-]{1,20})/?(?:\?[^#\s]*)?(?:#(?P<token>[0-9A-Za-z-]{0,80}))?"
)
QR_PIXELS = 12  # per module, shown at half its size: sharp on phones


@blueprint.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["answering"] = Memories()


@blueprint.route("/", methods=["GET", "POST"])
@public
def start() -> Response:
    """Say what this is; lead to the questionnaire whose code was typed."""
    if request.method == "GET":
        return make_response(render_template("answering/start.html", typed="", refusal=None))
    typed = clean_text(request.form.get("code", "")).strip()
    found = TYPED_ADDRESS.fullmatch(typed)
    if found is None:
        refusal = LinkUnknown()
        page = render_template("answering/start.html", typed=typed[:200], refusal=refusal)
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    # A token stays in the fragment: browsers never send it on, so no log can hold it.
    manner: dict[str, Any] = dict(web.chosen().asked) if request.query_string else {}
    address = url_for(
        "answering.questionnaire", code=found["code"], _anchor=found["token"] or None, **manner
    )
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


@blueprint.route("/a/<code>", methods=["GET", "POST"])
@public
def questionnaire(code: str) -> Response:
    """Show what is asked behind a code; keep the ballot that is handed in."""
    link = _link(code)
    if request.method == "POST":
        if web.installation().intake.is_full:  # before any work: reading a form is most of it
            raise Busy
        return _received(link)
    key = page_key(link, web.chosen())
    page = _memories().pages.get(key, lambda: _compiled(link, repr(key)))
    response = _page(page, make_nonce(_secret(), link.id, web.now()))
    _mark_device(link, response)
    return response


@blueprint.post("/a/<code>/token")
@public
def token(code: str) -> Response:
    """Say whether a one-time code may be used here, and what was put aside under it.

    It is spent by the ballot alone.

    Only misses have a budget per address. The ballot with its code has none: behind one address a
    whole hall of deputies may sit, and 130 random bits need no lock against guessing.
    """
    link = _link(code)
    if not link.is_token:
        raise LinkUnknown
    typed = _put_aside(link, request.form.get(fields.TOKEN, ""))
    if not typed:
        return Response(status=HTTPStatus.NO_CONTENT)
    return jsonify(draft=typed)


@blueprint.post("/a/<code>/draft")
@public
def draft(code: str) -> Response:
    """Put aside what somebody with a one-time code has filled in so far."""
    link = _link(code)
    if not link.is_token:
        raise LinkUnknown
    _keep_draft(link, ballot_form(request.form, link))
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route("/receipt", methods=["GET", "POST"])
@public
def receipt() -> Response:
    """Say what became of a receipt's ballot; it is posted always, so that no log can hold it."""
    page = "answering/receipt.html"
    if request.method == "GET":
        return make_response(render_template(page, typed="", refusal=None, found=None))
    typed = clean_text(request.form.get(fields.RECEIPT, "")).strip()[:LONGEST_TYPED]
    try:
        found = _looked_up(typed)
    except (ReceiptBroken, ReceiptUnknown) as refusal:
        told = render_template(page, typed=typed, refusal=refusal, found=None)
        return make_response(told, refusal.status)
    address = url_for("answering.receipt", _anchor=found.receipt)
    picture = qr_png(web.installation().settings.base_url + address, QR_PIXELS)
    return make_response(
        render_template(page, found=found, picture=b64encode(picture).decode("ascii"))
    )


def _looked_up(typed: str) -> FoundBallot:
    """Return what may be told about a receipt's ballot; those that do not exist have a budget."""
    sought = read_receipt(typed)
    with _sparing(throttle.RECEIPT_MISSES, ReceiptUnknown), web.reading() as session:
        return ballot_of_receipt(session, sought, web.now())


def _received(link: OpenLink) -> Response:
    """Check what was sent, hand it over, and answer only when it is safely stored."""
    form = ballot_form(request.form, link)
    nonce_text = request.form.get(fields.NONCE, "")
    try:
        nonce = read_nonce(_secret(), nonce_text, link.id)
    except NonceBroken as refusal:
        fresh = make_nonce(_secret(), link.id, web.now())
        return _again(link, form, fresh, Said(refusal=refusal))
    if form.step is not None:
        return _stepped(link, form, nonce_text)
    if not form.is_complete:
        return _again(link, form, nonce_text, Said(has_faults=True))
    address = request.remote_addr or ""
    arrival = Arrival(nonce, nonce_text, request.cookies, address, web.now())
    try:
        outcome = _kept(link, form, arrival)
    except (TokenUnknown, TokenSpent, NotSaved) as refusal:
        return _again(link, form, nonce_text, Said(refusal=refusal))
    return _thanks(link, outcome, receipt_of(nonce.submission_id, link.is_token))


def _kept(link: OpenLink, form: BallotForm, arrival: Arrival) -> Outcome:
    """Return what the writer makes of a ballot, or has made of it on the short way."""
    answered = request.environ.get(ANSWERED)
    if isinstance(answered, Refusal):
        raise answered
    return answered or hand_over(web.installation(), link, form, arrival)


def _thanks(link: OpenLink, outcome: Outcome, receipt: str) -> Response:
    # No redirect: a phone that lost this answer sends the same ballot again and must meet the same
    # page with the same receipt, and an address of its own would tell who has handed in.
    def made() -> CompiledPage:
        mark = secrets.token_hex(16)
        page = "answering/thanks.html"
        return compile_page(render_template(page, link=link, outcome=outcome, receipt=mark), mark)

    return _page(_memories().pages.get((*page_key(link, web.chosen()), outcome), made), receipt)


def _again(link: OpenLink, form: BallotForm, nonce: str, said: Said = NOTHING) -> Response:
    """Show the page with everything that was typed, and say what is to be mended."""
    mark = secrets.token_hex(16)
    response = _page(compile_page(rendered(link, mark, form, said), mark), nonce)
    if said.refusal is not None:
        response.status_code = said.refusal.status
    elif said.has_faults:
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(said.refusal, NotSaved):
        response.headers["Retry-After"] = "5"
    _mark_device(link, response)
    return response


# --- what is asked for instead of handing in -----------------------------------------------------


def _stepped(link: OpenLink, form: BallotForm, nonce: str) -> Response:
    """Do what a button of the page asks for, and show the page with everything that was typed."""
    said = NOTHING
    try:
        if form.step is Step.REVIEW:
            said = Said(is_review=True)
        elif form.step is Step.SAVE and link.is_token:
            _keep_draft(link, form)
            said = Said(is_saved=True)
        elif form.step is Step.RESUME and link.is_token:
            form = _resumed(link, form)
            said = Said(is_resumed=True)
    except (DraftTooLarge, TokenUnknown, TokenSpent, TokenMissing, TooManyTries) as refusal:
        said = Said(refusal=refusal)
    return _again(link, form, nonce, said)


def _resumed(link: OpenLink, form: BallotForm) -> BallotForm:
    """Return the form with what was put aside; what is on the page now goes before it."""
    kept: MultiDict[str, str] = MultiDict({**_put_aside(link, form.token), **form.put_aside})
    kept[fields.TOKEN] = form.token
    return ballot_form(kept, link)


def _put_aside(link: OpenLink, token: str) -> Typed:
    """Return what was put aside under a code, or refuse a code that cannot be used here."""
    with _usable(link, token) as session:
        sealed = sealed_draft_of(session, token_digest(token))
    return opened_draft(token, sealed) if sealed else {}


def _keep_draft(link: OpenLink, form: BallotForm) -> None:
    # Asked without the writer first: nobody without a code shall keep it busy.
    with _usable(link, form.token):
        sealed = sealed_draft(form.token, form.put_aside)
    # Nothing that pages show changes, so what they remember stays.
    with db.transaction(web.installation().database, is_seen=False) as session:
        keep_draft(session, link, token_digest(form.token), sealed)


@contextmanager
def _usable(link: OpenLink, token: str) -> Iterator[Session]:
    """Read under a code that can be used here, or refuse it."""
    with _sparing(throttle.TOKEN_MISSES, TokenUnknown):
        if not normalise_token(token):
            raise TokenMissing
        with web.reading() as session:
            check_token(session, link, token_digest(token))
            yield session


def _sparing(budget: RateLimitItemPerMinute, missed: type[Refusal]) -> AbstractContextManager[None]:
    """Let an address miss only so often."""
    return web.installation().throttle.sparing(budget, missed, request.remote_addr or "-")


# --- the parts, in order of use ------------------------------------------------------------------


def _compiled(link: OpenLink, key: str) -> CompiledPage:
    """Compile a page, or take it as another process has rendered it."""
    shared = web.installation().shared
    found = shared.get(key)
    if found is not None:
        mark, _, html = found.decode().partition("\n")
        return compile_page(html, mark)
    mark = secrets.token_hex(16)
    html = rendered(link, mark)
    shared.put(key, f"{mark}\n{html}".encode())
    return compile_page(html, mark)


def _page(page: CompiledPage, nonce: str) -> Response:
    if request.accept_encodings["gzip"]:
        return Response(page.packed(nonce), headers=page_headers())
    return Response(page.plain(nonce), headers={"Vary": VARY})


def _mark_device(link: OpenLink, response: Response) -> None:
    """Give the browser its mark if it has none; secret and shared ones neither read nor set it."""
    is_secure = web.installation().settings.is_secure
    if link.marks_browsers and device.device_of(_secret(), is_secure, request.cookies) is None:
        response.headers.add("Set-Cookie", device.new_mark(_secret(), is_secure))


def _link(code: str) -> OpenLink:
    memories = _memories()

    def read() -> OpenLink:
        with web.reading() as session:
            return phone_link(session, code, memories.asked)

    # While the store is away a page stays on its feet: the ballot is kept on it and sent again.
    key = code, web.installation().database.changes.number
    link = memories.links.get(key, read, STORE_SILENT)
    link.check_open(web.now())
    return link


def _memories() -> Memories:
    found: Memories = current_app.extensions["answering"]
    return found


def _secret() -> bytes:
    return web.installation().settings.secret_key
