"""Runs the compiled pipeline on this machine: no AWS, no Docker, no network.

What SageMaker would be sent, `.pipeline/definition.json`, is executed as it stands: each job is a
process in a directory laid out like its container, and `s3://bucket/key` is a file in `.local/s3`.
"""
