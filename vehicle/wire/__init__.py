"""Translates between CAN frames and the core's words. Pure: time and frames arrive as values."""
