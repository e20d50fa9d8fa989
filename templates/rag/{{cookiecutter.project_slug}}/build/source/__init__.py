"""The code of the steps: reading documents, indexing, retrieving, answering, evaluating, serving."""
