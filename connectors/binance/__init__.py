"""Binance Spot: public market streams over a WebSocket, history over REST."""
