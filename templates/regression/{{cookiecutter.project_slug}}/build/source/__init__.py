"""The science of this repository: data, features, candidates, evaluation and inference."""
