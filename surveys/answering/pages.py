"""A page that is compiled once and given to everybody, each with a sign of their own."""

import struct
import zlib
from dataclasses import dataclass, field

from surveys.answering.memory import Memory
from surveys.answering.queries import Asked, OpenLink
from surveys.manner import Manner

_GZIP_START = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
# What another process changes is seen after so long; the writer of ballots asks the store itself.
LINK_SECONDS = 1.0
LINKS = 4096
ASKED = 64
PAGES = 128  # per link, language and size; a questionnaire of 62 units takes 250 kB
VARY = "Accept-Encoding, Accept-Language, Cookie"
_BEST = 9


@dataclass(frozen=True)
class CompiledPage:
    """A page cut where each person's nonce or receipt goes; both parts are also kept packed."""

    head: bytes
    tail: bytes
    packed_head: bytes
    packed_tail: bytes
    head_crc: int

    def plain(self, own: str) -> bytes:
        """Return the page as it is."""
        return self.head + own.encode("ascii") + self.tail

    def packed(self, own: str) -> bytes:
        """Return the page in gzip: what is one's own stands between the parts as it is."""
        middle = own.encode("ascii")
        # A stored block: not the last one, then its length twice (RFC 1951, 3.2.4).
        block = struct.pack("<BHH", 0, len(middle), len(middle) ^ 0xFFFF)
        size = len(self.head) + len(middle) + len(self.tail)
        checksum = zlib.crc32(self.tail, zlib.crc32(middle, self.head_crc))
        ending = struct.pack("<II", checksum, size & 0xFFFFFFFF)
        return b"".join((_GZIP_START, self.packed_head, block, middle, self.packed_tail, ending))


@dataclass(frozen=True)
class Memories:
    """What the phones of one process share."""

    links: Memory[OpenLink] = field(default_factory=lambda: Memory(LINKS, LINK_SECONDS))
    asked: Memory[Asked] = field(default_factory=lambda: Memory(ASKED))
    pages: Memory[CompiledPage] = field(default_factory=lambda: Memory(PAGES))


def page_key(link: OpenLink, manner: Manner) -> tuple[object, ...]:
    """Return everything that the empty page says."""
    words = (link.name, link.name_en, link.office, link.office_en, link.closes_at)
    marks = (
        link.is_demonstration,
        link.state,
        link.window_unit,
        link.results_on,
        link.is_shared,
        link.asks_for_work,
    )
    told = (link.contact, link.notice.key)
    return (link.id, link.asked.version, manner.locale, manner.size, *words, *marks, *told)


def page_headers() -> list[tuple[str, str]]:
    """Return the headers of a packed page."""
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Encoding", "gzip"),
        ("Vary", VARY),
    ]


def takes_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding line plainly takes gzip; who names qualities is not plain."""
    return "gzip" in accepted and ";" not in accepted


def compile_page(html: str, mark: str) -> CompiledPage:
    """Cut a page at the only place where the mark stands."""
    head, tail = html.encode().split(mark.encode("ascii"))
    # A full flush ends on a whole byte and forgets what came before, so the rest can be appended.
    packed_head = _deflate(head, zlib.Z_FULL_FLUSH)
    return CompiledPage(head, tail, packed_head, _deflate(tail, zlib.Z_FINISH), zlib.crc32(head))


def _deflate(content: bytes, end: int) -> bytes:
    packer = zlib.compressobj(_BEST, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(end)
