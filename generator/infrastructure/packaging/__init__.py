"""Builds the zip of the Lambda functions, without Docker: the same inputs give the same bytes."""
