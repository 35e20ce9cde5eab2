"""The Bytewax flows."""
