"""Everything with a number: from ballots to official scores, without a web site."""
