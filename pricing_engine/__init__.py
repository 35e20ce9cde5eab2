"""The pricing engine: kernels that value books of positions. Nothing is built here yet."""
