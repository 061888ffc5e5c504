"""A whole fleet's logs: found, replayed side by side, and told as one table and one page."""
