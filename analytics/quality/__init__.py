"""Which ballots look careless or stuffed."""
