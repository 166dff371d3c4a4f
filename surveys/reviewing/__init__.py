"""Ballots that did not come by phone: entry of paper and telephone ballots."""
