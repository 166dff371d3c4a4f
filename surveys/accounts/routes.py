"""Signing in and out, the one-time set-up link, and who is signed in on each console page."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveys import access, throttle, web
from surveys.access import Person, public, requires
from surveys.accounts import actions, queries
from surveys.accounts.forms import PiecesForm, SetupForm, SignInForm
from surveys.accounts.passwords import hash_password, password_fits
from surveys.models import Account, Role
from surveys.refusals import FileProblem, NotFound, SignInFailed, TooManyTries

blueprint = Blueprint("accounts", __name__)

CONSOLE = "/console/"
SECRET = "secret"  # noqa: S105 - the key's name in the signed cookie
SEEN_STEP = timedelta(minutes=1)


@blueprint.before_app_request
def load_person() -> None:
    """Find out who is signed in; only console pages ask."""
    secret = session.get(SECRET) if request.path.startswith(CONSOLE) else None
    if not isinstance(secret, str):
        return
    now = web.now()
    with web.reading() as rows:
        running = queries.running_session(rows, secret, now)
    if running is None:
        session.pop(SECRET)
        return
    # A board that asks by itself does not keep a session of somebody who has gone away.
    if running.seen_at <= now - SEEN_STEP and request.endpoint != "planning.counts":
        with web.transaction() as rows:
            actions.mark_seen(rows, secret, now)
    account = running.account
    g.person = Person(account.id, account.name, account.role)


@blueprint.route("/console/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response | tuple[str, int] | str:
    """Ask for name and password, and begin a session."""
    form = SignInForm()
    if not form.is_submitted():
        form.next.data = request.args.get("next", "")
        return render_template("accounts/sign_in.html", form=form, refusal=None)
    if not form.validate():
        return render_template("accounts/sign_in.html", form=form, refusal=None), 422
    try:
        account = _check_password(form.name.data, form.password.data)
    except (SignInFailed, TooManyTries) as refusal:
        page = render_template("accounts/sign_in.html", form=form, refusal=web.say(refusal))
        return page, refusal.status
    return _begin_session(account, _inside_console(form.next.data))


@blueprint.post("/console/sign-out")
@requires(Role.OFFICE)
def sign_out() -> Response:
    """End the session."""
    with web.transaction() as rows:
        actions.sign_out(rows, session[SECRET], access.actor(), web.now())
    session.clear()
    flash(_("You have signed out."))
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.route("/console/setup/<secret>", methods=["GET", "POST"])
@public
def setup(secret: str) -> Response | tuple[str, int] | str:
    """Let the owner of a new account choose a password, once."""
    with web.reading() as rows:
        account = queries.account_to_set_up(rows, secret, web.now())
    form = SetupForm(account.name)
    if not form.is_submitted():
        return render_template("accounts/setup.html", form=form, account=account)
    if not form.validate():
        return render_template("accounts/setup.html", form=form, account=account), 422
    password_hash = hash_password(form.password.data)
    with web.transaction() as rows:
        account = actions.finish_setup(rows, secret, password_hash, web.now())
    return _begin_session(account, CONSOLE)


@blueprint.get("/styleguide")
@public
def styleguide() -> str:
    """Show every piece with its states, in development only."""
    if not web.installation().settings.development:
        raise NotFound
    form = PiecesForm()
    form.validate()
    problem = FileProblem("A", 12, "F", SignInFailed.message)
    return render_template("accounts/styleguide.html", form=form, problems=(problem,))


def _check_password(name: str, password: str) -> Account:
    """Return the account, or refuse without telling whether there is one of this name."""
    guard = web.installation().throttle
    keys = (("name", name.casefold()), ("address", request.remote_addr or "-"))
    for key in keys:
        guard.check(throttle.SIGN_IN, *key)
    with web.reading() as rows:
        account = queries.account_named(rows, name)
    if not password_fits(account.password_hash if account else None, password) or account is None:
        for key in keys:
            guard.miss(throttle.SIGN_IN, *key)
        raise SignInFailed
    return account


def _begin_session(account: Account, place: str) -> Response:
    with web.transaction() as rows:
        secret = actions.sign_in(rows, account, web.now())
    # Nothing of the visit before signing in is carried over, so that nobody can prepare it.
    session.clear()
    session[SECRET] = secret
    return redirect(place, 303)


def _inside_console(address: str | None) -> str:
    """Return the page to go to after signing in, never one that leads elsewhere."""
    if not address or not address.startswith(CONSOLE):
        return CONSOLE
    return address if address.isprintable() and "\\" not in address else CONSOLE
