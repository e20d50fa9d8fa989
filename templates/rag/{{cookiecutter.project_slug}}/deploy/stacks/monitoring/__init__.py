"""A job on a schedule that looks at what people asked the endpoint, and tells when it is too odd.

It runs the code that the package brings (source/monitor.py of the build repository) on the data
that the endpoint captured. It fails when a bound is exceeded, and each failure is announced.
"""
