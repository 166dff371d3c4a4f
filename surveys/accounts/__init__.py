"""Sign in, and who may."""
