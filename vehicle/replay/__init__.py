"""Serves engineers: reads recordings of every common format and runs them through the core."""
