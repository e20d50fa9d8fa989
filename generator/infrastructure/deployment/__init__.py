"""Brings synthesized stacks into their accounts: what was checked is what is deployed."""
