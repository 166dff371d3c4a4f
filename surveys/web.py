"""What every page shares: the installation, language, security headers, error pages, filters."""

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from gettext import NullTranslations
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from babel.support import Translations
from flask import (
    Flask,
    Request,
    Response,
    current_app,
    has_request_context,
    jsonify,
    make_response,
    render_template,
    request,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import get_locale, gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from wtforms.i18n import messages_path

from surveys import assets, db, manner, metrics, wording
from surveys.access import person
from surveys.address_budget import AddressBudget
from surveys.cache import SharedPages
from surveys.intake import Intake
from surveys.manner import DEFAULT_LOCALE, Manner
from surveys.refusals import (
    BodyTooLarge,
    FileProblem,
    FormExpired,
    MethodNotAllowed,
    NotFound,
    Refusal,
    RequestBroken,
    StoreSilent,
)
from surveys.settings import CITY_CLOCK, Settings
from surveys.throttle import Throttle
from surveys.traditional import traditional

PHONE = "/a/"  # what people answer; everything else may have a session

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


@dataclass(frozen=True)
class Installation:
    """What one running installation consists of."""

    settings: Settings
    database: db.Database
    intake: Intake
    throttle: Throttle
    addresses: AddressBudget
    shared: SharedPages


def installation() -> Installation:
    """Return the installation that serves this request or command."""
    found: Installation = current_app.extensions["installation"]
    return found


def transaction() -> AbstractContextManager[Session]:
    """Open a session that writes; for routes and commands."""
    return db.transaction(installation().database)


def reading() -> AbstractContextManager[Session]:
    """Open a session that only reads; for routes and commands."""
    return db.reading(installation().database)


def now() -> datetime:
    """Read the clock; for routes and commands."""
    return datetime.now(UTC)


# --- language ------------------------------------------------------------------------------------


def chosen() -> Manner:
    """Return how this request's page is to be written."""
    asked = request.args if request.query_string else {}
    return manner.manner_of(asked, request.cookies, request.headers.get("Accept-Language", ""))


def chosen_locale() -> str:
    """Return the language of this request's page.

    Commands have no request: they follow LANG where it says English, and are Chinese otherwise.
    """
    if not has_request_context():
        return "en" if os.environ.get("LANG", "").startswith("en") else DEFAULT_LOCALE
    return chosen().locale


def is_english() -> bool:
    """Tell whether this page is in English."""
    return _language() == "en"


def named(thing: Any, field: str = "name") -> str:
    """Return a thing's name (or words, title …) in the page's language, else in Chinese."""
    english = getattr(thing, f"{field}_en", None) if is_english() else None
    words = str(english or getattr(thing, field) or "")
    return traditional(words) if words and _language() == "zh_Hant_TW" else words


def _language() -> str:
    locale = get_locale()
    if locale is None or locale.language == "en":
        return "" if locale is None else "en"
    return str(locale)


def _speak_in_forms() -> None:
    """Have WTForms say its own sentences as in Taiwan: its zh_TW is what Babel calls zh_Hant_TW."""
    if not request.path.startswith(PHONE) and chosen().locale == "zh_TW":
        request.wtforms_translations = _forms_of_taiwan()  # type: ignore[attr-defined]


@lru_cache(maxsize=1)
def _forms_of_taiwan() -> NullTranslations:
    found: NullTranslations = Translations.load(messages_path(), ["zh_TW"], domain="wtforms")
    return found


def moment(value: datetime | None) -> str:
    """Write a moment in the city's time."""
    return "" if value is None else f"{value.astimezone(CITY_CLOCK):%Y-%m-%d %H:%M}"


def day(value: date | None) -> str:
    """Write a day, as its figures in English and as 2026年12月31日 in Chinese."""
    if value is None or is_english():
        return "" if value is None else value.isoformat()
    return f"{value.year}年{value.month}月{value.day}日"


def other_languages() -> list[dict[str, str]]:
    """Return this page in each other language: its code, its name and its address."""
    return [
        {"code": code, "name": manner.NAMES[locale], "url": _with({manner.LANGUAGE: code})}
        for code, locale in manner.LOCALES.items()
        if locale != chosen().locale
    ]


def other_sizes() -> list[dict[str, str]]:
    """Return this page in each size of letters, the ordinary one first."""
    return [
        {"size": size, "url": _with({manner.SIZE: size or manner.ORDINARY})}
        for size in ("", *manner.SIZES)
    ]


def _with(changes: dict[str, str]) -> str:
    """Return the query of this page with some parameters changed and the others as they are.

    A phone's page is kept for everybody, so what else one address said stays out of it.
    """
    kept = {} if request.path.startswith(PHONE) else request.args.to_dict()
    return f"?{urlencode({**kept, **chosen().asked, **changes})}"


# --- refusals ------------------------------------------------------------------------------------


def say(refusal: Refusal) -> dict[str, str]:
    """Return a refusal in the reader's language: what happened, and what to do now.

    Every refusal that a page tells comes through here, so this is where they are counted.
    """
    if has_request_context():
        metrics.count_refusal(refusal)
    values = {key: wording.spoken(value) for key, value in refusal.values.items()}
    return {
        "message": gettext(refusal.message, **values),
        "advice": gettext(refusal.advice, **values) if refusal.advice else "",
    }


def say_problem(problem: FileProblem) -> str:
    """Return a file's problem as one line: sheet, row, column and what is wrong."""
    values = {key: wording.spoken(value) for key, value in problem.values}
    place = [problem.sheet]
    if problem.row is not None:
        place.append(gettext("row %(row)s", row=problem.row))
    if problem.column:
        place.append(gettext("column %(column)s", column=problem.column))
    return f"{' · '.join(place)}: {gettext(problem.message, **values)}"


def refusal_response(refusal: Refusal) -> Response:
    """Return the page (or the JSON problem) of an expected no."""
    said = say(refusal)
    if request.accept_mimetypes.best == "application/json":
        response = jsonify(
            type="about:blank", status=refusal.status, title=said["message"], detail=said["advice"]
        )
        response.content_type = "application/problem+json"
    else:
        response = make_response(
            render_template("refusal.html", refusal=said, status=refusal.status)
        )
    response.status_code = refusal.status
    if refusal.status == 503:
        response.headers["Retry-After"] = "5"
    return response


PLAIN_REFUSALS: dict[int, type[Refusal]] = {
    400: RequestBroken,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
}


def _http_fault(fault: HTTPException) -> Response:
    if isinstance(fault, CSRFError):
        return refusal_response(FormExpired())
    if fault.code is not None and fault.code < 400:
        return fault.get_response()  # type: ignore[return-value]
    refusal = PLAIN_REFUSALS.get(fault.code or 500, RequestBroken)()
    if fault.code not in PLAIN_REFUSALS:
        refusal.status = fault.code or 500
    return refusal_response(refusal)


def _store_silent(fault: SQLAlchemyError) -> Response:
    # With its place: a table that is not there looks the same, and is a fault of ours.
    current_app.logger.error("the store does not answer", exc_info=fault)
    return refusal_response(StoreSilent())


def _unexpected(_fault: Exception) -> Response:
    current_app.logger.exception("unexpected fault")
    response = make_response(render_template("error.html"))
    response.status_code = 500
    return response


# --- wiring --------------------------------------------------------------------------------------


class PhonelessSessions(SecureCookieSessionInterface):
    """Sessions for the console; a phone has none, and none is looked for."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the session of a request, or give an empty one that is not written."""
        if request.path.startswith(PHONE):
            return self.session_class()
        return super().open_session(app, request)


def prepare(app: Flask) -> None:
    """Give an app its headers, error pages and filters."""
    app.wsgi_app = _whole_bodies(app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.session_interface = PhonelessSessions()
    app.register_error_handler(Refusal, refusal_response)
    app.register_error_handler(HTTPException, _http_fault)
    for fault in db.STORE_SILENT:
        app.register_error_handler(fault, _store_silent)
    app.register_error_handler(Exception, _unexpected)
    app.before_request(_speak_in_forms)
    app.after_request(_finish)
    app.jinja_env.filters.update(named=named, moment=moment, day=day, words=wording.words, say=say)
    app.jinja_env.globals.update(
        static_url=assets.static_url,
        other_languages=other_languages,
        other_sizes=other_sizes,
        chosen=chosen,
        person=person,
        is_english=is_english,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _whole_bodies(application: WSGIApplication) -> WSGIApplication:
    """Refuse a body that ends before its announced length.

    Granian promises that the stream ends where the body does, and Werkzeug then stops counting; but
    it also ends where a connection broke, and the first half of a ballot would pass for the whole.
    """

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ.pop("wsgi.input_terminated", None)
        return application(environ, start_response)

    return call


def headers_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the headers that every answer of an installation carries."""
    if not settings.is_secure:
        return tuple(HEADERS.items())
    return (*HEADERS.items(), ("Strict-Transport-Security", "max-age=31536000"))


def _finish(response: Response) -> Response:
    response.headers.extend(headers_of(installation().settings))
    if request.endpoint == "static":
        assets.pack(response)
        assets.keep(response)
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    if request.query_string and response.status_code < 400:
        _remember_manner(response)
    return response


def _remember_manner(response: Response) -> None:
    """Keep the language and the size that the address asked for, as cookies."""
    wanted = chosen().asked
    for name in (manner.LANGUAGE, manner.SIZE):
        if request.args.get(name) == wanted[name] != request.cookies.get(name):
            response.set_cookie(
                name,
                wanted[name],
                max_age=manner.KEEP_SECONDS,
                samesite="Lax",
                secure=installation().settings.is_secure,
            )
