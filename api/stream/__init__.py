"""Prices as they move, as server-sent events."""
