"""Instruments, latest prices and their history."""
