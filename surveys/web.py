"""What every page shares: the installation, language, security headers, error pages, filters."""

import gzip
import hashlib
import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

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
    url_for,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import get_locale, gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from surveys import db, metrics, wording
from surveys.access import person
from surveys.cache import SharedPages
from surveys.intake import Intake
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

# Not "zh_CN": Babel reads that as zh_Hans_CN, for which gettext would not find the folder zh_CN.
DEFAULT_LOCALE = "zh"
LOCALES = {"zh": "zh", "en": "en"}
PHONE = "/a/"  # what people answer; everything else may have a session
STATIC_SECONDS = 365 * 24 * 3600
LANGUAGE_SECONDS = 365 * 24 * 3600
PACKED_KINDS = {"text/css", "text/javascript", "image/svg+xml"}

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


def chosen_locale() -> str:
    """Return the language of the link, else the one chosen before, else Chinese.

    Commands have no request: they follow LANG where it says English, and are Chinese otherwise.
    """
    if not has_request_context():
        return "en" if os.environ.get("LANG", "").startswith("en") else DEFAULT_LOCALE
    asked = (request.query_string and request.args.get("lang")) or request.cookies.get("lang")
    return LOCALES.get(asked or "", DEFAULT_LOCALE)


def is_english() -> bool:
    """Tell whether this page is in English."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def named(thing: Any, field: str = "name") -> str:
    """Return a thing's name (or words, title …) in the page's language, else in Chinese."""
    english = getattr(thing, f"{field}_en", None) if is_english() else None
    return str(english or getattr(thing, field))


def moment(value: datetime | None) -> str:
    """Write a moment in the city's time."""
    return "" if value is None else f"{value.astimezone(CITY_CLOCK):%Y-%m-%d %H:%M}"


def static_url(filename: str) -> str:
    """Return the address of an asset with its digest, so that it may be kept for ever."""
    assert current_app.static_folder  # noqa: S101 - create_app sets it
    return url_for(
        "static", filename=filename, v=_digest(str(Path(current_app.static_folder) / filename))
    )


@lru_cache(maxsize=64)
def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


def other_language() -> dict[str, str]:
    """Return the name and address of this page in the other language."""
    arguments = {key: value for key, value in request.args.items() if key != "lang"}
    code, name = ("zh", "中文") if is_english() else ("en", "English")
    return {"code": code, "name": name, "url": f"?{urlencode({**arguments, 'lang': code})}"}


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
    app.after_request(_finish)
    app.jinja_env.filters.update(named=named, moment=moment, words=wording.words, say=say)
    app.jinja_env.globals.update(
        static_url=static_url, other_language=other_language, person=person, is_english=is_english
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
        _pack(response)
        if "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable"
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    asked = request.args.get("lang") if request.query_string else None
    if asked in LOCALES and request.cookies.get("lang") != asked and response.status_code < 400:
        response.set_cookie(
            "lang",
            asked,
            max_age=LANGUAGE_SECONDS,
            samesite="Lax",
            secure=installation().settings.is_secure,
        )
    return response


def _pack(response: Response) -> None:
    """Send a style sheet or script in gzip: phones on a bad network may have no proxy before us."""
    if response.status_code != 200 or response.mimetype not in PACKED_KINDS:
        return
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.best_match(["gzip"]) is None:
        return
    response.direct_passthrough = False
    response.set_data(_gzipped(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("ETag", None)  # it speaks of the file as it lies there


@lru_cache(maxsize=64)
def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
