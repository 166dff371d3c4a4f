"""Write the catalogue for Taiwan from the Chinese one: OpenCC, and a table of corrections.

With the name of a file: write into it.
"""

import re
import sys
import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from opencc import OpenCC

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES = ROOT / "surveys" / "translations"
CHINESE = CATALOGUES / "zh_CN" / "LC_MESSAGES" / "messages.po"
# "zh_TW" to people; Babel calls that locale so, and gettext looks for a folder of this name.
LOCALE = "zh_Hant_TW"
TAIWAN = CATALOGUES / LOCALE / "LC_MESSAGES" / "messages.po"
CORRECTIONS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
WORDS: dict[str, str] = CORRECTIONS["words"]
SENTENCES: dict[str, str] = CORRECTIONS["sentences"]

_PLACE = r"%\(\w+\)[#0 +-]*\d*(?:\.\d+)?[a-z]|%%"
# Kept as they are, or taken from the table; the longest word first.
_SETTLED = re.compile(
    "|".join([_PLACE, *map(re.escape, sorted(WORDS, key=lambda word: (-len(word), word)))])
)
_QR_BEHIND_HAN = re.compile("(?<=[\u4e00-\u9fff])(?=QR 碼)")
_CONVERTER = OpenCC("s2twp")


def for_taiwan(words: str) -> str:
    """Return a Chinese translation as it is written in Taiwan."""
    made, end = [], 0
    for found in _SETTLED.finditer(words):
        made += [_CONVERTER.convert(words[end : found.start()]), WORDS.get(found[0], found[0])]
        end = found.end()
    made.append(_CONVERTER.convert(words[end:]))
    return _QR_BEHIND_HAN.sub(" ", "".join(made))


def converted(message: Message) -> str | tuple[str, ...]:
    """Return what a message says in Taiwan, in each of its forms."""
    singular = message.id if isinstance(message.id, str) else message.id[0]
    if isinstance(message.string, str):
        return SENTENCES.get(singular) or for_taiwan(message.string)
    return tuple(SENTENCES.get(singular) or for_taiwan(form) for form in message.string)


def catalogue_for_taiwan() -> Catalog:
    """Return the catalogue for Taiwan as the Chinese one has it now."""
    with CHINESE.open("rb") as file:
        chinese = read_po(file)
    made = Catalog(
        locale=LOCALE,
        project=chinese.project,
        version=chinese.version,
        header_comment=(
            "# Chinese (Traditional, Taiwan) translations for Pingyi.\n"
            "# Made of zh_CN by scripts/traditional.py: mend scripts/traditional.toml, not this."
        ),
        creation_date=chinese.creation_date,
        revision_date=chinese.revision_date,
        fuzzy=False,
    )
    for message in chinese:
        if message.id:
            made.add(
                message.id,
                converted(message),
                locations=message.locations,
                flags=message.flags,
                context=message.context,
            )
    return made


def main() -> None:
    """Write the catalogue, for `make messages` to compile."""
    path = Path(sys.argv[1]) if sys.argv[1:] else TAIWAN
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue_for_taiwan(), width=0)


if __name__ == "__main__":
    main()
