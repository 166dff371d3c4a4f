"""The phone's pages: the way in, the questionnaire, the thanks."""

import re
import secrets
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState

from surveys import throttle, web
from surveys.access import public
from surveys.answering import device, fields
from surveys.answering.forms import BallotForm, ballot_form, clean_text
from surveys.answering.gate import Arrival, hand_over
from surveys.answering.nonce import make_nonce, read_nonce, receipt_of
from surveys.answering.pages import (
    VARY,
    CompiledPage,
    Memories,
    compile_page,
    page_headers,
    page_key,
)
from surveys.answering.queries import OpenLink, check_token, phone_link
from surveys.answering.short_way import ANSWERED
from surveys.answering.work_proof import WORK_BITS
from surveys.ballots import Outcome
from surveys.db import STORE_SILENT
from surveys.refusals import (
    Busy,
    LinkUnknown,
    NonceBroken,
    NotSaved,
    Refusal,
    TokenSpent,
    TokenUnknown,
)
from surveys.tokens import token_digest

blueprint = Blueprint("answering", __name__)

# What somebody pastes or types: a whole address or only the code, perhaps with a token behind it.
TYPED_ADDRESS = re.compile(
    r"(?:\S*/a/)?(?P<code>[0-9A-Za-z_-]{1,20})/?(?:\?[^#\s]*)?(?:#(?P<token>[0-9A-Za-z-]{0,80}))?"
)


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
    address = url_for("answering.questionnaire", code=found["code"], _anchor=found["token"] or None)
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
    """Say whether a one-time code may be used here; it is spent by the ballot alone.

    Only these questions have a budget per address. The ballot itself has none: behind one address
    a whole hall of deputies may sit, and 130 random bits need no lock against guessing.
    """
    link = _link(code)
    if not link.is_token:
        raise LinkUnknown
    guard, address = web.installation().throttle, request.remote_addr or "-"
    guard.check(throttle.TOKEN_MISSES, address)
    try:
        with web.reading() as session:
            check_token(session, link, token_digest(request.form.get(fields.TOKEN, "")))
    except TokenUnknown:
        guard.miss(throttle.TOKEN_MISSES, address)
        raise
    return Response(status=HTTPStatus.NO_CONTENT)


def _received(link: OpenLink) -> Response:
    """Check what was sent, hand it over, and answer only when it is safely stored."""
    form = ballot_form(request.form, link)
    nonce_text = request.form.get(fields.NONCE, "")
    try:
        nonce = read_nonce(_secret(), nonce_text, link.id)
    except NonceBroken as refusal:
        return _again(link, form, make_nonce(_secret(), link.id, web.now()), refusal=refusal)
    if fields.SWITCH in form.typed:
        return _again(link, form, nonce_text, status=HTTPStatus.OK)
    if not form.is_complete:
        return _again(link, form, nonce_text, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    address = request.remote_addr or ""
    arrival = Arrival(nonce, nonce_text, request.cookies, address, web.now())
    try:
        outcome = _kept(link, form, arrival)
    except (TokenUnknown, TokenSpent, NotSaved) as refusal:
        return _again(link, form, nonce_text, refusal=refusal)
    return _thanks(link, outcome, receipt_of(_secret(), nonce.submission_id))


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


def _again(
    link: OpenLink,
    form: BallotForm,
    nonce: str,
    refusal: Refusal | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    """Show the page with everything that was typed, and say what is to be mended."""
    has_faults = refusal is None and status != HTTPStatus.OK
    mark = secrets.token_hex(16)
    html = _rendered(link, mark, form, refusal, has_faults)
    response = _page(compile_page(html, mark), nonce)
    response.status_code = refusal.status if refusal else status
    if isinstance(refusal, NotSaved):
        response.headers["Retry-After"] = "5"
    _mark_device(link, response)
    return response


def _compiled(link: OpenLink, key: str) -> CompiledPage:
    """Compile a page, or take it as another process has rendered it."""
    shared = web.installation().shared
    found = shared.get(key)
    if found is not None:
        mark, _, html = found.decode().partition("\n")
        return compile_page(html, mark)
    mark = secrets.token_hex(16)
    html = _rendered(link, mark)
    shared.put(key, f"{mark}\n{html}".encode())
    return compile_page(html, mark)


def _rendered(
    link: OpenLink,
    nonce: str,
    form: BallotForm | None = None,
    refusal: Refusal | None = None,
    has_faults: bool = False,
) -> str:
    asked = link.questionnaire
    problems = form.problems if form and has_faults else ()
    return render_template(
        "answering/questionnaire.html",
        link=link,
        fields=link.asked.fields,
        work_bits=WORK_BITS,
        # Said once and not once per radio button: there are thousands of them.
        items=[web.named(item, "words") for item in asked.items],
        options=[
            (option.code, *_halves(web.named(option, "words")), option.points is None)
            for option in asked.options
        ],
        nonce=nonce,
        typed=form.typed if form else {},
        touched={name.partition(".")[0] for name, (value, *_) in form.typed.items() if value}
        if form
        else set(),
        problems=problems,
        wrong={problem.place: problem for problem in problems},
        left_out=frozenset(form.left_out) if form and has_faults else frozenset(),
        refusal=refusal,
    )


def _halves(words: str) -> tuple[str, str]:
    """Return where the words of an option may be broken, as Chinese is read: two signs first."""
    if words.isascii() or len(words) < 3:
        return words, ""
    place = 2 if len(words) > 3 else 1
    return words[:place], words[place:]


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
