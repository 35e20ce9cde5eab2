"""Who is asking, what they may, and how often: what stands before every route."""
