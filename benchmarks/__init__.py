"""Measured work: `python -m benchmarks` runs it, and nothing here ever fails because of a time.

Each module `bench_NAME.py` is one benchmark: a title in its docstring's first line, and ``measure(size)``,
which returns tables. A new one needs no entry anywhere.
"""
