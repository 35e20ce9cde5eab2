"""The sandbox: a local stand-in that speaks the providers' wire formats over a simulated market."""
