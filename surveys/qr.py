"""QR pictures of an address, made here so that no other party learns it."""

from io import BytesIO

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.base import BaseImage
from qrcode.image.pure import PyPNGImage
from qrcode.image.svg import SvgPathFillImage

# The white border that scanners need, in modules (ISO/IEC 18004).
QUIET_ZONE = 4
# Large enough that a poster's printer does not smooth the edges.
PIXELS_PER_MODULE = 24


def qr_svg(address: str) -> bytes:
    """Return the QR code of an address as a scalable picture."""
    return _picture(address, SvgPathFillImage)


def qr_png(address: str, pixels_per_module: int = PIXELS_PER_MODULE) -> bytes:
    """Return the QR code of an address as a picture of black and white points."""
    return _picture(address, PyPNGImage, pixels_per_module)


def _picture(address: str, kind: type[BaseImage], box_size: int = PIXELS_PER_MODULE) -> bytes:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, box_size=box_size)
    code.add_data(address)
    content = BytesIO()
    code.make_image(image_factory=kind).save(content)
    return content.getvalue()
