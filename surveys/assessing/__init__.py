"""The 70 points of the work assessment."""
