"""What is asked of GitHub's REST interface; the content of repositories goes over git instead.

`transport.Api` makes the calls, with a token from `tokens`. Each operation is a function of a
module of its own that takes an Api, looks before it acts and may be repeated after any failure:

| module         | what it does                                                              |
|----------------|---------------------------------------------------------------------------|
| `repositories` | finds, creates, describes and archives repositories; knows which are ours |
| `environments` | one per stage, with the reviewers of those that need an approval          |
| `protection`   | a ruleset on the default branch, where the account's plan has rulesets    |
| `secrets`      | seals and stores the true secrets that an administrator lists             |
| `variables`    | sets what a workflow needs before it has checked out                      |
| `pulls`        | the one pull request from `aiops/seed`                                    |
| `dispatch`     | starts a workflow once, and finds the run again                           |
| `issues`       | opens an issue once                                                       |
| `limits`       | how many requests are left                                                |
"""
