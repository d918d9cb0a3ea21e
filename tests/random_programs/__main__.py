"""Runs many random programs: `python -m tests.random_programs --count 1000 --seed 0 --level 3`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.random_programs.generate import LEVELS
from tests.random_programs.run import KINDS, Run


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m tests.random_programs", description=__doc__)
    made.add_argument("--count", type=int, default=100, help="how many programs (default 100)")
    made.add_argument("--seed", type=int, default=0, help="seed of the first program (default 0)")
    made.add_argument(
        "--level",
        type=int,
        default=3,
        choices=sorted(LEVELS),
        help="1 scalars, branches, loops; 2 and stores; 3 and arrays; 4 and aliases; "
        "5 and what people write, second order and single precision for some; 6 and what loops carry on; "
        "7 and lists, also of lists; 8 and what trips make and keep, objects (default 3)",
    )
    made.add_argument("--jobs", type=int, default=1, help="worker processes (default 1)")
    made.add_argument(
        "--plain", action="store_true", help="run the generated source as plain Python, uncompiled"
    )
    made.add_argument(
        "--off", default="", metavar="FEATURE,...", help="features to leave out, e.g. jump,repeat"
    )
    made.add_argument("--size", type=float, default=1.0, help="longer programs: 2 has twice the statements")
    made.add_argument(
        "--out", type=Path, default=Path("random-programs-failed"), help="folder for failing programs"
    )
    made.add_argument(
        "--timeout", type=float, default=180.0, help="seconds until a program counts as hanging"
    )
    made.add_argument(
        "--shrink-seconds", type=float, default=60.0, help="time to shrink a failure, 0 for none"
    )
    made.add_argument("--show-refused", action="store_true", help="list what was refused, by message")
    made.add_argument(
        "file", nargs="*", type=Path, help="program files to run again instead of generated ones"
    )
    return made


def main(argv: list[str] | None = None) -> int:
    """Runs the command; the exit status is 1 if a program was WRONG or a CRASH."""
    options = parser().parse_args(argv)
    if options.file:
        texts: list[tuple[int, str | None]] = [
            (k, path.read_text("utf-8")) for k, path in enumerate(options.file)
        ]
    else:
        texts = [(seed, None) for seed in range(options.seed, options.seed + options.count)]
    run = Run(options, texts)
    run.run()
    print(f"\n\n{'outcome':12s} programs   share")
    for kind in KINDS:
        print(f"{kind:12s} {run.counts[kind]:8d}  {run.counts[kind] / run.total:6.1%}")
    if options.show_refused:
        for message, count in run.refusals.most_common():
            print(f"{count:6d}  {message}")
    return 1 if run.counts["WRONG"] + run.counts["CRASH"] else 0


if __name__ == "__main__":
    sys.exit(main())
