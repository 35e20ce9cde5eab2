"""Benchmarks: ours and its baseline in the same run, the same answer asserted, the ratio reported."""
