"""Everything with a request or a row."""

__version__ = "0.4.0"
