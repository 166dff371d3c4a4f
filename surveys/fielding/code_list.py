"""The list of a batch's one-time codes as a CSV file: made once, kept nowhere."""

import csv
import io
from collections.abc import Sequence

from surveys.tokens import grouped


def build_code_list(
    heads: Sequence[str], tokens: Sequence[str], address: str, mark: str = ""
) -> bytes:
    """Return a CSV that spreadsheets open: number, code in groups of four, whole address.

    A mark (that the round is a demonstration) stands in a column of its own on every line.
    """
    marks = (mark,) if mark else ()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow((*heads, *marks))
    for number, token in enumerate(tokens, start=1):
        writer.writerow((number, grouped(token), f"{address}#{token}", *marks))
    return text.getvalue().encode("utf-8-sig")
