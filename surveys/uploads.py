"""Files between their preview and their confirmation: kept an hour, for one account, used once."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from surveys.refusals import PreviewGone

FOLDER = "uploads"
KEPT_FOR = timedelta(hours=1)
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Upload:
    """A file that waits for its confirmation."""

    file_name: str
    content: bytes


def keep_upload(var: Path, account_id: int, content: bytes, file_name: str, now: datetime) -> str:
    """Keep a file for its confirmation and return the id that names it."""
    folder = var / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder, now)
    upload_id = secrets.token_urlsafe(16)
    head = {"account": account_id, "name": file_name, "kept_at": now.timestamp()}
    half = folder / f"{upload_id}.part"
    half.write_bytes(json.dumps(head).encode() + b"\n" + content)
    half.rename(folder / upload_id)
    return upload_id


def read_upload(var: Path, account_id: int, upload_id: str, now: datetime) -> Upload:
    """Return a waiting file for its preview, or refuse when it is gone, old or somebody else's."""
    if not _ID.fullmatch(upload_id):
        raise PreviewGone
    return _read(var / FOLDER / upload_id, account_id, now)


def take_upload(var: Path, account_id: int, upload_id: str, now: datetime) -> Upload:
    """Return a waiting file and remove it, so that one preview is confirmed once."""
    upload = read_upload(var, account_id, upload_id, now)
    try:
        (var / FOLDER / upload_id).unlink()
    except FileNotFoundError as taken:  # a second press was quicker
        raise PreviewGone from taken
    return upload


def _read(path: Path, account_id: int, now: datetime) -> Upload:
    try:
        head, content = path.read_bytes().split(b"\n", 1)
    except FileNotFoundError as gone:
        raise PreviewGone from gone
    known = json.loads(head)
    age = now.timestamp() - known["kept_at"]
    if known["account"] != account_id or age > KEPT_FOR.total_seconds():
        raise PreviewGone
    return Upload(known["name"], content)


def _sweep(folder: Path, now: datetime) -> None:
    """Delete what nobody confirmed."""
    oldest = (now - KEPT_FOR).timestamp()
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:  # another process sweeps too
            continue
