"""Channels out: e-mail."""
