"""Everything with a request or a row."""
