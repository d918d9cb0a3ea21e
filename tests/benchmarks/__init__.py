"""Times of emitted gradients against hand-written ones: `python -m tests.benchmarks`. Asserts no times."""
