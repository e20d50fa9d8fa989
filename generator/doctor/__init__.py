"""`aiops doctor`: looks at all that the control plane needs, says what to do, changes nothing.

Each check is a function that takes an `Examination` and yields what it found.
"""
