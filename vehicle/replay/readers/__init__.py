"""Recordings of every common format, as frames in the order they were written."""
