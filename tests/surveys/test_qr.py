import io
from xml.etree import ElementTree

import numpy as np
import png
import pytest
import zxingcpp

from surveys.qr import qr_png, qr_svg

ADDRESS = "https://pingyi.example.gov.cn/a/7k2mq9xwd"
SECRET = f"{ADDRESS}#0123456789ABCDEFGHJKMNPQRS"


def pixels(content: bytes) -> np.ndarray:
    width, height, rows, info = png.Reader(bytes=content).read()
    assert info["greyscale"]
    bits = np.array([list(row) for row in rows], dtype=np.uint8).reshape(height, width)
    return bits * 255


@pytest.mark.parametrize("address", [ADDRESS, SECRET], ids=["open link", "one-time code"])
def test_a_phone_reads_the_address_from_the_picture(address):
    found = zxingcpp.read_barcodes(pixels(qr_png(address)))
    assert [code.text for code in found] == [address]


def test_the_picture_is_of_level_m_with_its_quiet_zone_and_large_enough_for_a_poster():
    picture = pixels(qr_png(ADDRESS))
    code = zxingcpp.read_barcodes(picture)[0]
    module = 24
    assert code.ec_level == "M"
    assert picture[: 4 * module].all()
    assert picture[:, -4 * module :].all()
    assert picture.shape[0] >= 700


def test_the_scalable_picture_draws_the_same_modules_on_white():
    picture = pixels(qr_png(ADDRESS))[12::24, 12::24] == 0
    root = ElementTree.parse(io.BytesIO(qr_svg(ADDRESS))).getroot()
    rectangle, path = list(root)
    assert rectangle.get("fill") == "white"
    assert path.get("d").count("M") == picture.sum()
    assert not any("style" in element.attrib for element in root.iter())
