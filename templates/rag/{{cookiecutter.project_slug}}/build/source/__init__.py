"""The code of the steps: reading documents, indexing, finding, answering, evaluating, serving."""
