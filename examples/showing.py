"""What the examples share: their common options, and the look of their pictures."""
import argparse
import sys
import time
from pathlib import Path

import numpy as np
import scipy.linalg  # noqa: F401 - loads the matrix products that compiled code calls

try:
    import matplotlib
    from threadpoolctl import threadpool_limits

    matplotlib.use("Agg")
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter
except ImportError as error:
    sys.exit(f"the examples need {error.name}: run pip install -e '.[examples]' in the project's folder")

threadpool_limits(1)  # matrices are small here: on a busy machine more threads wait for one another

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#2b6cb0", "#dd7a1c", "#3a8a4d", "#c0392b", "#7b54a3", "#8a8f98"

matplotlib.rcParams |= {
    "axes.axisbelow": True, "axes.grid": True, "axes.spines.right": False, "axes.spines.top": False,
    "axes.titlelocation": "left", "axes.titlesize": 10.5, "font.size": 9.0, "grid.alpha": 0.22, "grid.linewidth": 0.6,
    "legend.frameon": False, "legend.fontsize": 8.5, "lines.linewidth": 1.7, "axes.labelcolor": "0.25",
    "xtick.color": "0.35", "ytick.color": "0.35", "axes.edgecolor": "0.6",
}  # fmt: skip


def parser(about, picture):
    """Return a parser with the options of every example: --seed, --quick and --picture.

    Parameters
    ----------
    about : str
        The docstring of the example.
    picture : str
        The name of its picture, by default in the folder `out`.
    """
    result = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--seed", type=int, default=0, help="of all random numbers (default 0)")
    result.add_argument("--quick", action="store_true", help="a small run, to see that it works")
    result.add_argument("--picture", type=Path, default=Path("out") / picture, metavar="FILE",
                        help=f"where to save the picture (default out/{picture})")  # fmt: skip
    return result


def panels(rows=1, columns=1, size=(4.3, 3.4), **options):
    """Return a figure and its axes, `size` inches each; options as for matplotlib's `Figure.subplots`."""
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def save(figure, path):
    """Return nothing; save the picture with few colours, so that it is small, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    try:
        from PIL import Image  # comes with matplotlib
    except ImportError:
        pass
    else:
        with Image.open(path) as image:
            few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(f"saved {path}")


def plain_numbers(axis):
    """Return nothing; label a logarithmic axis with 20 and 0.5 instead of powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


class Clock:
    """Says how long each part took: `clock("compiled")` prints the seconds since the last call."""

    def __init__(self):
        self.last = time.perf_counter()

    def __call__(self, what):
        now = time.perf_counter()
        print(f"{what} in {now - self.last:.2f} s", flush=True)
        self.last = now


def lighter(colour, amount=0.6):
    """Return a colour mixed with white."""
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    return tuple(rgb + amount * (1.0 - rgb))
