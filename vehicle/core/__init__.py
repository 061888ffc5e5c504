"""Decides. Knows no clock, bytes, files or threads: time and observations arrive as values."""
