"""Every parser, given what no provider ever sends."""
