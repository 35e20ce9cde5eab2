"""Alert rules and the kernels that match them. Nothing is built here yet."""
