"""Alpha Vantage: quotes of stocks, rates of pairs, and bars; everything at one address, under HTTP 200."""
