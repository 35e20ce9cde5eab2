"""Kraken Spot: public market streams over WebSocket v2, trades of the past over REST."""
