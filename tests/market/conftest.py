"""Hypothesis for this room: a pause of a shared machine is no failure."""

from hypothesis import settings

settings.register_profile("market", deadline=None, max_examples=60)
settings.load_profile("market")
