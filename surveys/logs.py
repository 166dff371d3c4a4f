"""Logs that may be read by anybody who may read logs: no codes, answers, nonces or addresses."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

Event = MutableMapping[str, Any]

# What a record may carry besides its words; anything else that a library attaches stays out.
FIELDS = ("request", "endpoint", "status", "ms")
OWN = ("surveys", "analytics", "app")
HIDDEN = "…"

# Addresses that are secrets, one-time codes as they are typed, and whatever is signed or random.
_SECRET_PATH = re.compile(r"(/a/|/setup/)[^\s/?#\"']+")
_TYPED_CODE = re.compile(r"\b(?:[0-9A-Za-z]{4} ){6}[0-9A-Za-z]{2}\b")
_LONG_RUN = re.compile(r"[0-9A-Za-z_-]{20,}(?:\.[0-9A-Za-z_-]{20,})*")
# Names of people's making: words in small letters, in CamelCase or in capitals, and few of them.
_NAME = re.compile(
    r"[-_]*(?:(?:[A-Z][a-z]+|[a-z]+|[A-Z]{2,}(?![a-z]))(?:\d{1,3}(?![A-Za-z]))?[-_]*)+"
)
_NO_SMALL_LETTER = re.compile(r"[^a-z]")
_MOST_OTHERS = 0.25


def configure(as_json: bool, with_messages: bool = False) -> None:
    """Send every record of this process to standard error, in words or one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(as_json, with_messages))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in ("_granian", "granian.access", "gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    sys.excepthook = _log_fault
    threading.excepthook = lambda fault: _log_fault(
        fault.exc_type, fault.exc_value, fault.exc_traceback
    )


def formatter(as_json: bool = True, with_messages: bool = False) -> logging.Formatter:
    """Return what writes a record: `time`, `level`, `logger`, `event`, FIELDS, `fault`."""
    render = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _line
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _told if with_messages else _untold,
            _finish,
            render,
        ],
    )


def redact(text: str) -> str:
    """Return a text without anything that looks like a code, a nonce, a cookie or a secret path."""
    text = _SECRET_PATH.sub(rf"\1{HIDDEN}", text)
    text = _TYPED_CODE.sub(HIDDEN, text)
    return _LONG_RUN.sub(lambda run: run[0] if _is_name(run[0]) else HIDDEN, text)


def _is_name(run: str) -> bool:
    others = len(_NO_SMALL_LETTER.findall(run))
    return others <= _MOST_OTHERS * len(run) and _NAME.fullmatch(run) is not None


def _untold(_logger: object, _method: str, event: Event) -> Event:
    """Describe an exception by its kinds and places; its message may quote what somebody wrote."""
    return _describe(event, with_messages=False)


def _told(_logger: object, _method: str, event: Event) -> Event:
    """Describe an exception with its messages, for a machine without people's data."""
    return _describe(event, with_messages=True)


def _describe(event: Event, with_messages: bool) -> Event:
    found = event.pop("exc_info", None)
    fault = found[1] if isinstance(found, tuple) else found
    if isinstance(fault, BaseException):
        event["fault"] = [
            line for one in _chain(fault) for line in _lines(one, with_messages=with_messages)
        ]
    event.pop("stack_info", None)
    return event


def _chain(fault: BaseException) -> list[BaseException]:
    """Return an exception after those that led to it."""
    chain: list[BaseException] = []
    one: BaseException | None = fault
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return chain[::-1]


def _lines(fault: BaseException, with_messages: bool) -> list[str]:
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(fault.__traceback__)
    ]
    code = next(
        (
            f" {found}"
            for name in ("sqlstate", "sqlite_errorname", "errno")
            if (found := getattr(fault, name, None)) is not None
        ),
        "",
    )
    words = f": {fault}" if with_messages else ""
    return [*places, f"{type(fault).__module__}.{type(fault).__qualname__}{code}{words}"]


def _finish(_logger: object, _method: str, event: Event) -> Event:
    words = redact(str(event.pop("event", "")))
    fault = [redact(line) for line in event.pop("fault", ())]
    first = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": event.pop("level", ""),
        "event": words,
    }
    return {**first, **event, **({"fault": fault} if fault else {})}


def _line(_logger: object, _method: str, event: Event) -> str:
    """Write a record for a person at a terminal."""
    words = f"{event['time']} {event['level']:<8} {event.get('logger', '')}: {event['event']}"
    return "\n    ".join([words, *event.get("fault", ())])


def _log_fault(
    kind: type[BaseException], fault: BaseException | None, places: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt) or fault is None:
        return
    logging.getLogger("surveys").critical("unexpected end", exc_info=(kind, fault, places))
