"""The store of the index's vectors when they are not in the model package: its own stack.

It is deployed once, by `make store`, in the account where pipelines run, before the first build.
"""
