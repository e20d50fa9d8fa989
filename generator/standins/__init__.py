"""Local stand-ins for cloud services, for the demo and the tests only."""
