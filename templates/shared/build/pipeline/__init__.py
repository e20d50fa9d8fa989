"""The SageMaker pipeline: its configuration and its steps."""
