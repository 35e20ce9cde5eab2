"""Open Exchange Rates over REST: rates of the dollar against many currencies."""
