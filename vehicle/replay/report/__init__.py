"""What people look at after a replay: one HTML page that needs no network."""
