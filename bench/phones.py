"""The load: phones of ours, each with a connection and a cookie jar of its own, on loopback."""

import asyncio
import random
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

RADIO = re.compile(rb'<input type="radio" name="([^"]+)" value="([^"]+)"')
COMMENT = re.compile(rb'<textarea id="([^"]+\.comment)"')
NONCE = re.compile(rb'name="nonce" value="([^"]+)"')
RECEIPT = re.compile(rb"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
HEAD_END, LENGTH, GZIP = b"\r\n\r\n", b"content-length:", b"content-encoding: gzip"
WORDS = "窗口的同志很耐心，材料一次说清楚，当场就办完了；希望网上也能查到进度，省得再打电话问。"
ANSWER_SECONDS = 60
GET_HEADERS = "Host: bench\r\nAccept-Encoding: gzip\r\nAccept: text/html\r\n"


class Broken(Exception):
    """The connection ended or the answer was not one."""


@dataclass(frozen=True)
class Answer:
    """A response: status, headers in small letters, and the unpacked body."""

    status: int
    head: bytes
    body: bytes

    @property
    def cookie(self) -> str:
        """Return the cookie that was set, as it is sent back; else nothing."""
        _, found, rest = self.head.partition(b"\r\nset-cookie: ")
        return rest.partition(b";")[0].decode() if found else ""


@dataclass
class Load:
    """What the phones of one run saw; times in milliseconds."""

    seconds: float = 0.0
    client_cpu_ms: float = 0.0
    done: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    gets: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    receipts: set[bytes] = field(default_factory=set)

    @property
    def rate(self) -> float:
        """Return completions per second."""
        return self.done / self.seconds if self.seconds else 0.0

    def add(self, other: "Load") -> None:
        """Take another run of the same server in."""
        self.seconds += other.seconds
        self.client_cpu_ms += other.client_cpu_ms
        self.done += other.done
        self.statuses.update(other.statuses)
        self.faults.update(other.faults)
        for name in ("gets", "posts", "whole"):
            getattr(self, name).extend(getattr(other, name))
        self.receipts |= other.receipts


class Phone(asyncio.Protocol):
    """One connection that sends a request and gets its answer."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Collect, and hand the answer over when it is whole."""
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        _, found, rest = head.partition(LENGTH)
        size = int(rest.partition(b"\r\n")[0]) if found else 0
        if len(self._buffer) < end + 4 + size:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + size])
        kept = bytes(self._buffer[:end])
        self._buffer.clear()
        if self._answer is not None and not self._answer.done():
            packed = GZIP in head
            self._answer.set_result(
                Answer(
                    int(head[9:12]),
                    _names_small(kept),
                    zlib.decompress(body, 31) if packed else body,
                )
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(str(exc or "closed")))

    async def ask(self, request: bytes, seconds: float = ANSWER_SECONDS) -> Answer:
        """Send a request and wait for its answer."""
        assert self._transport is not None  # noqa: S101 - connected before it is handed out
        if self._transport.is_closing():
            raise Broken("closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(seconds):
            return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True)
class Door:
    """Where phones knock: a port and a path, and which fields the page there has."""

    port: int
    path: str
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    comment: str

    def page(self) -> bytes:
        """Return the request for the page."""
        return f"GET {self.path} HTTP/1.1\r\n{GET_HEADERS}\r\n".encode()

    def ballot(self, nonce: str, cookie: str, rng: random.Random) -> bytes:
        """Return the request that hands a ballot in: every unit rated, one comment."""
        chosen = {name: rng.choice(codes) for name, codes in self.choices}
        body = urlencode({"nonce": nonce, **chosen, self.comment: WORDS}, quote_via=quote)
        return self.posted(body, cookie)

    def posted(self, body: str, cookie: str) -> bytes:
        """Return a request with a form that is already written."""
        jar = f"Cookie: {cookie}\r\n" if cookie else ""
        return (
            f"POST {self.path} HTTP/1.1\r\n{GET_HEADERS}{jar}"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


async def connect(port: int, seconds: float = ANSWER_SECONDS) -> Phone:
    """Return a phone with a new connection."""
    async with asyncio.timeout(seconds):
        _, phone = await asyncio.get_running_loop().create_connection(Phone, "127.0.0.1", port)
    return phone


async def door(port: int, path: str) -> Door:
    """Look at the page behind a path and remember its fields."""
    phone = await connect(port)
    page = await phone.ask(f"GET {path} HTTP/1.1\r\n{GET_HEADERS}\r\n".encode())
    phone.close()
    choices: dict[str, list[str]] = {}
    for name, value in RADIO.findall(page.body):
        choices.setdefault(name.decode(), []).append(value.decode())
    comment = COMMENT.search(page.body)
    if page.status != 200 or not choices or comment is None:
        raise Broken(f"{path}: {page.status}, {len(choices)} fields")
    return Door(
        port,
        path,
        tuple((name, tuple(codes)) for name, codes in choices.items()),
        comment[1].decode(),
    )


async def complete(at: Door, load: Load, rng: random.Random) -> None:
    """Open the page as a new phone, fill it in, hand it in, and look for the receipt."""
    begun = time.perf_counter()
    try:
        phone = await connect(at.port)
    except (OSError, TimeoutError) as fault:
        load.faults[type(fault).__name__] += 1
        return
    try:
        page = await phone.ask(at.page())
        got = time.perf_counter()
        nonce = NONCE.search(page.body)
        if nonce is None:
            load.statuses[page.status] += 1
            return
        answer = await phone.ask(at.ballot(nonce[1].decode(), page.cookie, rng))
        ended = time.perf_counter()
    except (Broken, TimeoutError, OSError) as fault:
        load.faults[type(fault).__name__] += 1
        return
    finally:
        phone.close()
    load.statuses[answer.status] += 1
    receipt = RECEIPT.search(answer.body)
    if answer.status == 200 and receipt is not None:
        load.done += 1
        load.receipts.add(receipt[0])
        load.gets.append((got - begun) * 1000)
        load.posts.append((ended - got) * 1000)
        load.whole.append((ended - begun) * 1000)


async def completions(at: Door, phones: int, seconds: float, seed: int) -> Load:
    """Let so many phones come one after the other, each a new one, for some seconds."""
    load = Load()
    rng = random.Random(seed)
    deadline = time.perf_counter() + seconds

    async def come() -> None:
        while time.perf_counter() < deadline:
            await complete(at, load, rng)

    return await _timed(load, [come] * phones)


async def gets(at: Door, phones: int, seconds: float) -> Load:
    """Fetch the page over kept connections for some seconds."""
    load = Load()
    deadline = time.perf_counter() + seconds
    request = at.page()

    async def fetch() -> None:
        phone = await connect(at.port)
        while time.perf_counter() < deadline:
            begun = time.perf_counter()
            answer = await phone.ask(request)
            load.statuses[answer.status] += 1
            load.done += answer.status == 200
            load.whole.append((time.perf_counter() - begun) * 1000)
        phone.close()

    return await _timed(load, [fetch] * phones)


async def posts(
    at: Door, phones: int, seconds: float, seed: int, mark: Callable[[], tuple[str, str]]
) -> Load:
    """Hand ballots in over kept connections for some seconds; `mark` gives nonce and cookie."""
    load = Load()
    rng = random.Random(seed)
    deadline = time.perf_counter() + seconds

    async def send() -> None:
        phone = await connect(at.port)
        while time.perf_counter() < deadline:
            request = at.ballot(*mark(), rng)
            begun = time.perf_counter()
            answer = await phone.ask(request)
            load.statuses[answer.status] += 1
            if RECEIPT.search(answer.body):
                load.done += 1
                load.whole.append((time.perf_counter() - begun) * 1000)
        phone.close()

    return await _timed(load, [send] * phones)


async def _timed(load: Load, works: list[Callable[[], Coroutine[None, None, None]]]) -> Load:
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for work in works))
    load.seconds = time.perf_counter() - begun
    load.client_cpu_ms = (time.process_time() - cpu) * 1000
    return load


def _names_small(head: bytes) -> bytes:
    """Return a head with the names of its headers in small letters and their values as they are."""
    lines = head.split(b"\r\n")
    return b"\r\n".join(
        name.lower() + colon + value for name, colon, value in (x.partition(b":") for x in lines)
    )
