"""Tests of the channels out."""
