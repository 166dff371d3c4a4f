"""The two requests that nearly everybody sends, answered without the machinery they do not need.

A page that is ready and a ballot that has nothing wrong: Flask spends most of such a request on
what neither uses. Whatever is in any way special goes on to the ordinary route, which is the only
one that knows how to say no; a test holds both ways to the same answers.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_cookie

from surveys import metrics, web
from surveys.answering import device, fields
from surveys.answering.forms import ballot_form
from surveys.answering.gate import Arrival, hand_over
from surveys.answering.nonce import make_nonce, read_nonce
from surveys.answering.pages import Memories, page_headers, page_key, takes_gzip
from surveys.answering.queries import OpenLink
from surveys.answering.receipts import receipt_of
from surveys.ballots import Outcome
from surveys.manner import Manner, manner_of
from surveys.refusals import Refusal
from surveys.settings import Settings

# What the writer has answered already, for the ordinary route to say it.
ANSWERED = "pingyi.answered"
FORM = "application/x-www-form-urlencoded"
VIEW = "answering.questionnaire"

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Answer = tuple[Headers, bytes]


class ShortWay:
    """A WSGI application before another one: it answers what is plain and hands on the rest."""

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        extensions: Mapping[str, Any],
        largest: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._application = application
        self._extensions = extensions
        self._largest = largest
        self._clock = clock
        self._ways = {"GET": self._page, "POST": self._ballot}
        self._always = [*web.headers_of(self._here.settings), ("Cache-Control", "no-store")]

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer a request."""
        began_at = time.perf_counter()
        path = str(environ.get("PATH_INFO", ""))
        way = self._ways.get(str(environ["REQUEST_METHOD"]))
        is_plain = not environ.get("QUERY_STRING") or environ["REQUEST_METHOD"] == "POST"
        if way is None or not path.startswith(web.PHONE) or not is_plain:
            return self._application(environ, start_response)
        try:
            answer = self._answer(way, path.removeprefix(web.PHONE), environ)
        except Refusal:
            answer = None
        if answer is None:
            return self._application(environ, start_response)
        headers, body = answer
        start_response("200 OK", [*headers, ("Content-Length", str(len(body))), *self._always])
        if self._settings.metrics is not None:
            metrics.REQUESTS.labels(VIEW, 200).inc()
            metrics.REQUEST_SECONDS.labels(VIEW).observe(time.perf_counter() - began_at)
        return [body]

    @property
    def _here(self) -> web.Installation:
        found: web.Installation = self._extensions["installation"]
        return found

    @property
    def _memories(self) -> Memories:
        found: Memories = self._extensions["answering"]
        return found

    @property
    def _settings(self) -> Settings:
        return self._here.settings

    def _answer(
        self,
        way: Callable[[OpenLink, Manner, Mapping[str, str], Environ], Answer | None],
        code: str,
        environ: Environ,
    ) -> Answer | None:
        link = self._memories.links.known((code, self._here.database.changes.number))
        if link is None or not takes_gzip(str(environ.get("HTTP_ACCEPT_ENCODING", ""))):
            return None
        link.check_open(self._clock())
        cookies = parse_cookie(str(environ.get("HTTP_COOKIE", "")))
        asked = MultiDict(parse_qsl(str(environ.get("QUERY_STRING", ""))))
        manner = manner_of(asked, cookies, str(environ.get("HTTP_ACCEPT_LANGUAGE", "")))
        return way(link, manner, cookies, environ)

    def _page(
        self, link: OpenLink, manner: Manner, cookies: Mapping[str, str], _environ: Environ
    ) -> Answer | None:
        page = self._memories.pages.known(page_key(link, manner))
        if page is None:
            return None
        secret, is_secure = self._settings.secret_key, self._settings.is_secure
        headers = page_headers()
        if link.marks_browsers and device.device_of(secret, is_secure, cookies) is None:
            headers.append(("Set-Cookie", device.new_mark(secret, is_secure)))
        return headers, page.packed(make_nonce(secret, link.id, self._clock()))

    def _ballot(
        self, link: OpenLink, manner: Manner, cookies: Mapping[str, str], environ: Environ
    ) -> Answer | None:
        posted = self._posted(environ)
        if posted is None or self._here.intake.is_full:
            return None
        secret = self._settings.secret_key
        form = ballot_form(posted, link)
        nonce_text = posted.get(fields.NONCE, "")
        nonce = read_nonce(secret, nonce_text, link.id)
        if not form.is_complete or fields.STEP in form.typed:
            return None
        address = str(environ.get("REMOTE_ADDR") or "")
        arrival = Arrival(nonce, nonce_text, cookies, address, self._clock())
        try:
            outcome: Outcome | Refusal = hand_over(self._here, link, form, arrival)
        except Refusal as refusal:
            outcome = refusal
        environ[ANSWERED] = outcome
        page = self._memories.pages.known((*page_key(link, manner), outcome))
        if page is None:
            return None
        return page_headers(), page.packed(receipt_of(nonce.submission_id, link.is_token))

    def _posted(self, environ: Environ) -> MultiDict[str, str] | None:
        """Return the fields of a plain form; leave the body readable for the ordinary route."""
        length = str(environ.get("CONTENT_LENGTH") or "")
        if not length.isascii() or not length.isdigit() or int(length) > self._largest:
            return None
        if str(environ.get("CONTENT_TYPE", "")).partition(";")[0] != FORM:
            return None
        body: bytes = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        if len(body) != int(length):
            return None
        try:
            found = parse_qsl(body.decode(), keep_blank_values=True, errors="werkzeug.url_quote")
        except ValueError:
            return None
        return MultiDict(found)
