"""Quant queries over HTTP."""
