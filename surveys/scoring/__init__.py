"""From tally to official table."""
