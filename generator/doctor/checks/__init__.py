"""The checks, one idea each."""
