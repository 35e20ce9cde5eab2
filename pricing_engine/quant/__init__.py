"""Quant queries: columns of a declared vocabulary, computed over the candles of a universe."""
