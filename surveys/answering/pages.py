"""A page that is compiled once and given to everybody, each with a sign of their own."""

import struct
import zlib
from dataclasses import dataclass

_GZIP_START = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
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


def compile_page(html: str, mark: str) -> CompiledPage:
    """Cut a page at the only place where the mark stands."""
    head, tail = html.encode().split(mark.encode("ascii"))
    # A full flush ends on a whole byte and forgets what came before, so the rest can be appended.
    packed_head = _deflate(head, zlib.Z_FULL_FLUSH)
    return CompiledPage(head, tail, packed_head, _deflate(tail, zlib.Z_FINISH), zlib.crc32(head))


def _deflate(content: bytes, end: int) -> bytes:
    packer = zlib.compressobj(_BEST, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(end)
