"""Channels out: e-mail, webhooks and what follows. Nothing is built here yet."""
