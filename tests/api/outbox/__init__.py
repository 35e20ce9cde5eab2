"""Tests of the DEVELOPMENT outbox."""
