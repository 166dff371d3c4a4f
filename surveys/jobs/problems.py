"""What went wrong with a job, kept as sentences that any language can say later."""

import json
from collections.abc import Mapping

from analytics.faults import Fault, FileFault
from surveys.jobs.kinds import Result
from surveys.refusals import Refusal


def problem_text(message: str, **values: object) -> str:
    """Return a sentence as the row keeps it: a msgid with its values, for any language later."""
    return _form(message, "", values)


def _form(message: str, advice: str, values: Mapping[str, object]) -> str:
    said = {key: value if isinstance(value, int) else str(value) for key, value in values.items()}
    return json.dumps({"message": message, "advice": advice, "values": said}, ensure_ascii=False)


def problem_of(expected: Refusal | Fault) -> tuple[str, list[Result]]:
    """Return an expected no as the row keeps it, and every single fault with its place."""
    if isinstance(expected, Refusal):
        return _form(expected.message, expected.advice, expected.values), []
    faults = [_fault_form(one) for one in expected.faults]
    return _form(expected.message, "", expected.values), faults


def _fault_form(fault: Fault) -> Result:
    place = {"row": fault.row, "column": fault.column} if isinstance(fault, FileFault) else {}
    file = fault.file if isinstance(fault, FileFault) else fault.place
    return {"file": file, "message": fault.message, "values": fault.values, **place}
