"""What is wrong with a file, and every problem found in it."""

from dataclasses import dataclass

from analytics.faults import N_
from surveys.refusals.refusal import Refusal


class FileRefused(Refusal):
    """A file that cannot be read at all."""

    status = 422
    message = N_("The file “%(file)s” could not be read as a workbook (.xlsx).")
    advice = N_("Please save it again as .xlsx in Excel, WPS or LibreOffice. Nothing was changed.")


class FileTooLarge(FileRefused):
    """A file beyond the limits of size, sheets, rows or columns."""

    status = 413
    message = N_("The file “%(file)s” is larger than can be read.")
    advice = N_(
        "A workbook may have 10 MB, 30 sheets, 20,000 rows and 200 columns. "
        "Please delete what is not needed and save it again. Nothing was changed."
    )


class FileEmpty(FileRefused):
    """No file was chosen."""

    message = N_("No file was chosen.")
    advice = N_("Choose the file to be imported first.")


class PreviewGone(Refusal):
    """The preview to be confirmed no longer exists."""

    status = 410
    message = N_("This preview is too old or has already been used.")
    advice = N_("Please choose the file again. Nothing was changed.")


@dataclass(frozen=True)
class FileProblem:
    """One thing wrong in a file; `message` is an English msgid."""

    sheet: str
    row: int | None
    column: str | None
    message: str
    values: tuple[tuple[str, object], ...] = ()


class FileProblems(Refusal):
    """A file that could be read but not taken over, with every problem found."""

    status = 422
    message = N_("The file has %(count)s problems. Nothing was changed.")

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__(count=len(problems))
        self.problems = problems
