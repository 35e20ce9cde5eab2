"""Coinbase Exchange: public market streams over a WebSocket, trades of the past over REST."""
