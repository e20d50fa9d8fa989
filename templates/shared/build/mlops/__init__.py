"""What a model repository needs around its pipeline: compile, check, run, register, serve, deploy.

`python -m mlops` lists the commands.
"""
