"""The code of the steps: preparing rows, tuning the base model, evaluating, serving."""
