"""From a Python function to the language: the only readers of Python's syntax."""
