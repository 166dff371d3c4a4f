"""Style sheets and scripts: joined, packed, named by what is in them so that they may be kept."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request, url_for

from surveys.access import public

blueprint = Blueprint("assets", __name__)

KEEP_SECONDS = 365 * 24 * 3600
PACKED_KINDS = {"text/css", "text/javascript", "image/svg+xml"}
PHONE_PARTS = (
    "phone/cards.js",
    "phone/comfort.js",
    "phone/sending.js",
    "phone/drafts.js",
    "phone/receipt.js",
    "phone/start.js",
)
# What a phone fetches as one: every request costs it a journey on a bad network. Few need the
# gate's work or the way from card to card, so these come only where they are needed.
JOINED = {
    "phone.css": ("look.css", "phone.css"),
    "phone.js": PHONE_PARTS,
    "phone-gate.js": ("phone/work.js", *PHONE_PARTS),
    "phone-all.js": ("phone/one_by_one.js", *PHONE_PARTS),
    "phone-all-gate.js": ("phone/one_by_one.js", "phone/work.js", *PHONE_PARTS),
}
# Whole lines of remarks, and what lines are set in by: a phone reads neither.
_REMARK = re.compile(r"^[ \t]*(?://.*\n?|/\*(?:[^*]|\*(?!/))*\*/[ \t]*\n?)?|^\n", re.MULTILINE)
_KINDS = {".css": "text/css", ".js": "text/javascript"}


@dataclass(frozen=True)
class Asset:
    """What is sent for a joined asset, plain and packed, and a digest of it."""

    content: bytes
    packed: bytes
    digest: str


def static_url(filename: str) -> str:
    """Return the address of an asset with its digest, so that it may be kept for ever."""
    if filename in JOINED:
        return url_for("assets.joined", name=filename, v=_joined(_folder(), filename).digest)
    return url_for("static", filename=filename, v=_digest(str(_folder() / filename)))


@blueprint.get("/assets/<name>")
@public
def joined(name: str) -> Response:
    """Return several files as one."""
    if name not in JOINED:
        abort(404)
    asset = _joined(_folder(), name)
    answer = Response(mimetype=_KINDS[Path(name).suffix])
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        answer.set_data(asset.packed)
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer.set_data(asset.content)
    keep(answer)
    return answer


def keep(answer: Response) -> None:
    """Let browsers keep what was asked for with its digest."""
    if "v" in request.args:
        answer.headers["Cache-Control"] = f"public, max-age={KEEP_SECONDS}, immutable"


def pack(response: Response) -> None:
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


def _folder() -> Path:
    return Path(str(current_app.static_folder))


@lru_cache(maxsize=8)
def _joined(folder: Path, name: str) -> Asset:
    words = "\n".join((folder / part).read_text(encoding="utf-8") for part in JOINED[name])
    words = _REMARK.sub("", words) + "\n"
    if name.endswith(".js"):  # the parts share their names with each other and with nobody else
        words = f'(() => {{\n"use strict";\n{words}}})();\n'
    content = words.encode()
    digest = hashlib.sha256(content).hexdigest()[:10]
    return Asset(content, gzip.compress(content, 9, mtime=0), digest)


@lru_cache(maxsize=64)
def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=64)
def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
