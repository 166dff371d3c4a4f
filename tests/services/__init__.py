"""Real servers for tests: a PostgreSQL and a Redis of our own, started and stopped with the run."""
