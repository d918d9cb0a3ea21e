"""Prints the tables: `python -m tests.benchmarks`. One thread, everything of a table in one run."""

import argparse
import os
import platform

from tests.benchmarks.timing import stay_on_one_core

TABLES = (
    "emitted", "sizes", "kernels", "derivatives", "arrays", "rivals", "checkpoints", "calls", "solvers", "starts",
    "compiling",
)  # fmt: skip


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)} (default: all)")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on each measured call")
    parser.add_argument("--repeats", type=int, default=7, help="processes started for each median")
    parser.add_argument("--only", default="", help="of kernels, arrays and rivals: these, with commas between them")
    options = parser.parse_args()
    unknown = set(options.tables) - set(TABLES)
    if unknown:
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    stay_on_one_core()
    # Before NumPy is imported: a BLAS on all cores would be compared with code on one.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    from tests.benchmarks import (
        arrays,
        calls,
        checkpoints,
        derivatives,
        emitted,
        kernels,
        rivals,
        sizes,
        solvers,
        starts,
    )

    print(f"Python {platform.python_version()}, {platform.machine()}, one thread")
    wanted = options.tables or TABLES
    if "emitted" in wanted:
        emitted.table(options.seconds)
    if "sizes" in wanted:
        sizes.table(options.seconds)
    if "kernels" in wanted:
        kernels.table(options.seconds, options.only)
    if "arrays" in wanted:
        arrays.table(options.seconds, options.only)
    if "rivals" in wanted:
        rivals.table(options.seconds, options.only)
    if "derivatives" in wanted:
        derivatives.table(options.seconds)
    if "checkpoints" in wanted:
        checkpoints.table()
    if "calls" in wanted:
        calls.table(options.seconds)
    if "solvers" in wanted:
        solvers.table(options.seconds)
    if "starts" in wanted:
        starts.table_of_starts(options.repeats)
    if "compiling" in wanted:
        starts.table_of_compiling(min(3, options.repeats))


if __name__ == "__main__":
    main()
