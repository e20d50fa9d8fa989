"""Entry points of the Lambda functions: each parses, calls one step, and returns."""
