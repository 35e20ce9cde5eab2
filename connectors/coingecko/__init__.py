"""CoinGecko: coins in dollars, polled over REST; on paid plans also a WebSocket."""
