"""Weights that make ballots stand for a population."""
