"""The European Central Bank's reference rates: the euro against thirty currencies, once a day."""
