"""Names, numbers and addresses that lead to a person, taken out of a quoted comment."""

import re
import unicodedata

from analytics.comments.names import name_spans

MASK = "***"

_SPOKEN = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_YEARS = r"(?!(?:19|20)\d\d[-–—~至到](?:19|20)\d\d(?!\d))"
_ANY_CASE = re.ASCII | re.IGNORECASE

# What no number or address can do without; most comments have none of it and are done.
_SUSPECT = re.compile(r"[0-9a-z@]|[〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{4}", re.IGNORECASE)
_UNSEEN = "\u200b"

_FOUND = (
    re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+", _ANY_CASE),
    re.compile(
        rf"[{_PROVINCES}]\s?[a-z]\s?[·•.\-]?\s?(?=\w*\d\w*\d)[a-z0-9]{{4,6}}[挂学警港澳]?(?!\w)",
        _ANY_CASE,
    ),
    re.compile(
        rf"(?<!\w){_YEARS}(?:\d{_UNSEEN}*[\s.\-–—()]{{0,2}}{_UNSEEN}*){{6,}}"
        rf"\d?[\dx](?!\w){_UNSEEN}*",
        _ANY_CASE,
    ),
    re.compile(r"(?:工号|警号|胸牌号?)(?:[是为:]|\s){0,2}[a-z]{0,3}\d[\w-]*", _ANY_CASE),
    re.compile(r"(?:微信|qq|vx|wx|weixin)号?\s?[是:]?\s?[a-z0-9][\w-]{4,}", _ANY_CASE),
)


def masked(text: str) -> str:
    """Return a text without names and without numbers and addresses, all else as it was written.

    Masked are telephone, identity, card, plate and staff numbers, e-mail addresses and messenger
    names. Seven figures or more in a row count as a number, whatever stands between them and
    however they are written: wide, circled, or spelled out in Chinese. Names are masked as far as
    `name_spans` knows them; only a reader can tell the rest.
    """
    plain = text.translate(_PLAIN)
    spans = [(one.start, one.stop, one.mask) for one in name_spans(plain)]
    if _SUSPECT.search(plain):
        spoken = plain.translate(_SPOKEN)
        spans += [
            (*match.span(), MASK)
            for form in (plain, spoken)
            for one in _FOUND
            for match in one.finditer(form)
        ]
    if not spans:
        return text
    pieces, end = [], 0
    for start, stop, mask in sorted(spans):
        if start >= end:
            pieces += [text[end:start], mask]
        end = max(end, stop)
    return "".join([*pieces, text[end:]])


class _PlainSigns(dict[int, str]):
    """Each sign's plain form, for one sign always one, so that places in both texts agree."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        plain = unicodedata.normalize("NFKC", sign)
        if unicodedata.category(sign) in {"Cf", "Mn", "Me"}:
            plain = _UNSEEN
        elif len(plain) != 1:
            plain = "0" if unicodedata.numeric(sign, None) is not None else sign
        return self.setdefault(code, plain)


_PLAIN = _PlainSigns()
