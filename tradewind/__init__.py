"""The process: settings, command line, supervisor, bundled servers."""
