"""Sheets and headings of the workbook of the 70 points, each in Chinese and English."""

from dataclasses import dataclass

from surveys.traditional import simplified


@dataclass(frozen=True)
class Heading:
    """Words that stand in the workbook; a reader accepts either language, in either script."""

    chinese: str
    english: str

    def said(self, is_english: bool) -> str:
        """Return the words in one language."""
        return self.english if is_english else self.chinese

    def fits(self, value: object) -> bool:
        """Tell whether a cell or a sheet's name says this."""
        text = simplified(str(value or "").strip().lower())
        return text in {self.chinese, self.english.lower()}


WORK = Heading("工作考评", "Work scores")
ADJUSTMENTS = Heading("加扣分", "Adjustments")
NOTES = Heading("说明", "Notes")

ASPECT = Heading("一级指标", "Aspect")
INDICATOR = Heading("指标名称", "Indicator")
FULL_MARKS = Heading("满分", "Full marks")
UNIT_CODE = Heading("单位代码", "Unit code")
UNIT_NAME = Heading("单位名称", "Unit name")
UNIT_CLASS = Heading("单位类别", "Unit class")

POINTS = Heading("加扣分", "Points")
VETO = Heading("一票否决", "Veto")
REASON = Heading("事由", "Reason")

YES = Heading("是", "yes")
NO = Heading("否", "no")
DOES_NOT_APPLY = "/"
DOES_NOT_APPLY_WORDS = frozenset({"/", "／", "不适用", "不適用", "not applicable", "n/a"})

# Title, aspects, names and full marks stand above the row of codes; units begin below it.
TITLE_ROW, ASPECT_ROW, NAME_ROW, FULL_MARKS_ROW, CODE_ROW = range(5)
FIRST_INDICATOR_COLUMN = 3
ADJUSTMENT_HEADINGS = (UNIT_CODE, UNIT_NAME, POINTS, VETO, REASON)
