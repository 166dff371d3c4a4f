"""The words that an export carries along: its child knows no request and no language."""

from typing import Any

from flask_babel import gettext

from surveys.questionnaire import Channel, Validity
from surveys.reviewing.export import SENTENCES
from surveys.web import is_english
from surveys.wording import REASONS, words


def export_words() -> dict[str, Any]:
    """Return sentences and kinds in the reader's language, as the job keeps them."""
    kinds = {value.value: words(value) for kind in (Channel, Validity) for value in kind}
    return {
        "is_english": is_english(),
        "sentences": {msgid: gettext(msgid) for msgid in SENTENCES},
        "kinds": kinds | {reason: words(reason) for reason in REASONS},
    }
