"""The command line: show, graph, explain, check and bench a function from a shell."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from . import targets, timings
from .api import Derivative, differentiable, grad, source, value_and_grad
from .check import check_grads
from .errors import PitfallWarning, SrcgradError
from .jvp import jvp
from .look import explain, graph
from .pullback import vjp

TARGET = "module:function, or path/to/file.py:function"
EXAMPLES = """examples:
  python -m srcgrad show examples/gate.py:gate --args 1.0 2.0 0.0
  python -m srcgrad show model:loss --args "np.ones(3)" 2.0 --argnums w,b
  python -m srcgrad show model:loss --args "np.ones(3)" 2.0 -o loss.html
  python -m srcgrad graph examples/gate.py:gate --args 1.0 2.0 0.0 -o gate.svg
  python -m srcgrad explain model:loss --args "np.ones(3)" scale=0.5
  python -m srcgrad check model:loss --args "np.ones(3)" 2.0 --order 2
  python -m srcgrad bench model:loss --args "np.ones(3)" 2.0

Arguments are Python expressions; np, math and the names of the function's module may stand in them.
Exit status: 0, 1 where the function cannot be differentiated, fails or is off, 2 where the command is wrong.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    options = parser.parse_args(_protected(given))
    warnings.showwarning = _shown_warning
    sys.exit(_status(options))


def _status(options) -> int:
    try:
        f = targets.find(options.target)
        return options.run(f, targets.arguments(f, options.args), options)
    except targets.TargetError as e:
        return _failed(e, 2)
    except BrokenPipeError:  # the reader, `head` for instance, has enough
        sys.stderr.close()
        return 0
    except Exception as e:
        if options.traceback:
            raise
        known = isinstance(e, SrcgradError | AssertionError)
        return _failed(e if known else f"{type(e).__name__}: {e} (--traceback shows where)", 1)


def _failed(what: object, status: int) -> int:
    print(f"srcgrad: {str(what).lstrip()}", file=sys.stderr)
    return status


def _shown_warning(message, category, filename, lineno, file=None, line=None):
    if issubclass(category, PitfallWarning):
        print(f"srcgrad: warning: {str(message).lstrip()}\n", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=sys.stderr)


# --- options ------------------------------------------------------------------------------------------------------


def _protected(given: list[str]) -> list[str]:
    """Return the words with expressions behind --args that begin with a minus told apart from options.

    >>> _protected(["check", "m:f", "--args", "-np.ones(3)", "--order", "2"])
    ['check', 'm:f', '--args', ' -np.ones(3)', '--order', '2']
    """
    out, inside = [], False
    for word in given:
        if word.startswith("--") or word in ("-o", "-h"):
            inside = word == "--args"
        out.append(f" {word}" if inside and word.startswith("-") and word != "--args" else word)
    return out


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="srcgrad", description=__doc__, epilog=EXAMPLES, formatter_class=raw)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, run, help in (
        ("show", _show, "print the source of a derivative, or write it as a page"),
        ("graph", _graph, "print or draw the computation graph"),
        ("explain", _explain, "say what the derivative does with each line"),
        ("check", _check, "compare derivatives with differences, in both modes"),
        ("bench", _bench, "time value and gradient beside the function"),
    ):
        own = commands.add_parser(name, help=help, description=f"{run.__doc__}", formatter_class=raw, epilog=EXAMPLES)
        own.set_defaults(run=run)
        own.add_argument("target", metavar="FUNCTION", help=TARGET)
        own.add_argument("--args", nargs="+", action="extend", default=[], metavar="EXPRESSION",
                         help="its arguments: 1.0 \"np.ones(3)\" scale=0.5")  # fmt: skip
        own.add_argument("--traceback", action="store_true", help="show where in Python an error comes from")
        _OPTIONS[name](own)
    return parser


def _show_options(parser):
    _argnums(parser)
    parser.add_argument("--of", choices=("grad", "value_and_grad", "vjp", "jvp", "primal"), default="grad",
                        help="what is shown: the gradient (default), with the value, value and pullback (any result), "
                             "forward mode (any result), or the function as it is compiled")  # fmt: skip
    parser.add_argument("--side-by-side", action="store_true", help="forward and backward beside each other")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a file .html or .py instead")


def _graph_options(parser):
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="a file .svg .html .png .pdf .dot .mmd or .txt instead of text")  # fmt: skip


def _check_options(parser):
    _argnums(parser)
    parser.add_argument("--order", type=int, choices=(1, 2, 3), default=1, help="derivatives up to this order")
    parser.add_argument("--rtol", type=float, help="allowed deviation, relative to the largest entry")
    parser.add_argument("--atol", type=float, help="allowed deviation, absolute")
    parser.add_argument("--modes", choices=("both", "fwd", "rev"), default="both")


def _bench_options(parser):
    _argnums(parser)
    parser.add_argument("--rounds", type=_positive(int), default=9, help="of which the median is taken (default 9)")
    parser.add_argument("--seconds", type=_positive(float), default=2.0, help="of calls (default 2)")


def _argnums(parser):
    parser.add_argument("--argnums", metavar="NAMES", help="by which arguments, as w,b or 0,1 (default: all floats)")


def _positive(kind):
    def number(text):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    number.__name__ = "number"
    return number


_OPTIONS = {"show": _show_options, "graph": _graph_options, "explain": _argnums, "check": _check_options,
            "bench": _bench_options}  # fmt: skip


# --- commands -----------------------------------------------------------------------------------------------------


def _show(f, args, options) -> int:
    """Print the source that is generated for a derivative: its forward and its backward part."""
    text = vjp(f, *args)[1].source if options.of == "vjp" else source(*_made(f, args, options))
    if options.output is None:
        color = {"auto": None, "always": True, "never": False}[options.color]
        text.show(color=color, side_by_side=options.side_by_side)
        return 0
    if options.output.suffix not in (".html", ".py"):
        raise targets.TargetError(f"no format is known by the ending {options.output.suffix!r}: use .html or .py")
    content = text.page() if options.output.suffix == ".html" else str(text)
    options.output.write_text(content, "utf-8")
    print(options.output)
    return 0


def _made(f, args, options) -> tuple:
    """Return (the function whose source is asked for, example arguments of it)."""
    if isinstance(f, Derivative):
        return f, *args
    if options.of == "primal":
        return differentiable(f), *args
    argnums = targets.argnums(f, args, options.argnums)
    if options.of == "jvp":
        chosen = value_and_grad(f, argnums)._positions
        return jvp(f), args, tuple(a if k in chosen else None for k, a in enumerate(args))
    return {"grad": grad, "value_and_grad": value_and_grad}[options.of](f, argnums), *args


def _graph(f, args, options) -> int:
    """Print the computation graph with values and gradients, or draw it in a file."""
    made = graph(f, *args)
    print(made if options.output is None else made.save(options.output))
    return 0


def _explain(f, args, options) -> int:
    """Say what the derivative does with each line: active, linear, kept or computed again; where nan is born."""
    by = None if options.argnums is None else targets.argnums(f, args, options.argnums)
    print(explain(f, *args, argnums=by))
    return 0


def _check(f, args, options) -> int:
    """Compare derivatives with differences or complex steps, in both modes, and with each other."""
    modes = ("fwd", "rev") if options.modes == "both" else (options.modes,)
    by = None if options.argnums is None else targets.argnums(f, args, options.argnums)
    found = check_grads(f, args, by, rtol=options.rtol, atol=options.atol, order=options.order, modes=modes)
    width = max(map(len, found.by_argument), default=0)
    for name, deviation in found.by_argument.items():
        print(f"{name:<{width}}  deviates by {deviation:.1e} at most")
    print(f"right up to order {options.order}, in {' and '.join(modes)} mode{'s'[: len(modes) - 1]}")
    return 0


def _bench(f, args, options) -> int:
    """Time the compiled function and its value and gradient in turns."""
    by = targets.argnums(f, args, options.argnums)
    primal, made = differentiable(f), value_and_grad(f, by if isinstance(by, tuple) else (by,))
    numbers = bool(args) and all(isinstance(a, float) for a in args)
    if numbers:
        calls, inside, where = timings.LOOP, timings.looped, "in a compiled loop"
        first, second = inside(primal, args, False), inside(made, args, True)
    else:
        calls, where = 1, "called from Python"
        first, second = partial(primal, *args), partial(made, *args)
    found = timings.in_turns(first, second, options.rounds, options.seconds)
    titles = "function", "value and gradient"
    for title, times, compiling in zip(titles, (found.first, found.second), found.compiling, strict=True):
        middle, low, high = (timings.in_words(t / calls) for t in timings.spread(times))
        print(f"{title:<20}{middle:>10}   {low} to {high}, first call {timings.in_words(compiling)}")
    median, least, largest = timings.spread(found.ratios)
    print(f"{'ratio':<20}{median:>10.2f}   {least:.2f} to {largest:.2f}")
    print(f"medians of {options.rounds} rounds, {where}")
    return 0
