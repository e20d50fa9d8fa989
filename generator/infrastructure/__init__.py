"""The control plane on AWS: its CDK app, and the zip with which its Lambda functions run.

Only `components` and `stacks` need the CDK, which lives in an environment of its own.
"""
