"""Command line: parses, calls, prints. The only place where the parts are wired together."""
