"""Numbers and addresses by which a person could be found, taken out of a quoted comment."""

import re

MASK = "***"

_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_SPOKEN = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_YEARS = r"(?!(?:19|20)\d\d[-–—~至到](?:19|20)\d\d(?!\d))"
_ANY_CASE = re.ASCII | re.IGNORECASE

# What no number or address can do without; most comments have none of it and are done.
_SUSPECT = re.compile(
    r"[0-9a-z０-９ａ-ｚＡ-Ｚ@]|[〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{4}", re.IGNORECASE
)

_FOUND = (
    re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+", _ANY_CASE),
    re.compile(
        rf"[{_PROVINCES}]\s?[a-z]\s?[·•.\-]?\s?(?=\w*\d\w*\d)[a-z0-9]{{4,6}}[挂学警港澳]?(?!\w)",
        _ANY_CASE,
    ),
    re.compile(rf"(?<!\w){_YEARS}(?:\d[\s.\-–—()]{{0,2}}){{6,}}\d?[\dx](?!\w)", _ANY_CASE),
    re.compile(r"(?:微信|qq|vx|wx|weixin)号?\s?[是:]?\s?[a-z0-9][\w-]{4,}", _ANY_CASE),
)


def masked(text: str) -> str:
    """Return a text with telephone, identity, card and plate numbers and e-mail addresses masked.

    Seven figures or more in a row count as such a number, whatever stands between them and however
    they are written: wide, or spelled out in Chinese. Names of people are another's work.
    """
    if not _SUSPECT.search(text):
        return text
    plain = text.translate(_WIDE)
    spoken = plain.translate(_SPOKEN)
    spans = [
        match.span() for form in (plain, spoken) for one in _FOUND for match in one.finditer(form)
    ]
    if not spans:
        return text
    pieces, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            pieces += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*pieces, text[end:]])
