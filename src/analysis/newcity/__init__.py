"""A study of another place."""
