"""The documentation is tested: what it names exists, and what exists is in it."""
