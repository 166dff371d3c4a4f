"""What every expected "no" is: words, a status, and values for their places."""

from analytics.faults import N_


class Refusal(Exception):
    """An expected no; `message` and `advice` are English msgids, `values` fills their places."""

    status = 400
    message = N_("This could not be done.")
    advice = ""

    def __init__(self, **values: object) -> None:
        super().__init__(self.message)
        self.values = values

    def __str__(self) -> str:
        text = f"{self.message} {self.advice}".strip()
        return text % self.values if self.values else text
