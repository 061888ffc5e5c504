"""Data only: the reference bus and one DBC with one mapping file per car profile."""
