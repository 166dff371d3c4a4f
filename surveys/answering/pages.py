"""A page that is compiled once and given to everybody, each with a sign of their own."""

import struct
import zlib
from dataclasses import dataclass

_GZIP_START = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_BEST, _QUICK = 9, 4


@dataclass(frozen=True)
class CompiledPage:
    """A page cut where each person's nonce or receipt goes; the part before is also kept packed."""

    head: bytes
    tail: bytes
    packed_head: bytes
    head_crc: int

    def plain(self, own: str) -> bytes:
        """Return the page as it is."""
        return self.head + own.encode("ascii") + self.tail

    def packed(self, own: str) -> bytes:
        """Return the page in gzip: only what follows that place is compressed now."""
        rest = own.encode("ascii") + self.tail
        size = len(self.head) + len(rest)
        ending = struct.pack("<II", zlib.crc32(rest, self.head_crc), size & 0xFFFFFFFF)
        return _GZIP_START + self.packed_head + _deflate(rest, _QUICK, zlib.Z_FINISH) + ending


def compile_page(html: str, mark: str) -> CompiledPage:
    """Cut a page at the only place where the mark stands."""
    head, tail = html.encode().split(mark.encode("ascii"))
    # A full flush ends on a whole byte and forgets what came before, so the rest can be appended.
    return CompiledPage(head, tail, _deflate(head, _BEST, zlib.Z_FULL_FLUSH), zlib.crc32(head))


def _deflate(content: bytes, level: int, end: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(end)
