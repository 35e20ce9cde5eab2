"""The words of the trade: instruments, sources, prices, tick and bar batches, sessions."""
