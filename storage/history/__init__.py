"""What the database remembers of the market: ticks, candles, and the newest of them."""
