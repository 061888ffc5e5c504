"""Touches the world: feeds the core in time order, simulates a car, keeps the journal."""
