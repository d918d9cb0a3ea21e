"""One pass after the other, with verification and dumps between them; what a derivative starts from and ends with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from .. import tree
from ..analysis.needs import Inside
from ..errors import Problem
from ..language import ir
from ..language.blocks import verify
from ..language.emit import emit
from ..language.ir import Kind
from ..language.kinds import infer_kinds
from ..language.repeats import NOWHERE, Repeats
from ..language.sum_order import write_order
from ..lowering.bounds import check_indices
from ..lowering.repeated_checks import lift_repeated_checks
from ..optimisation.chosen import choose_numbers
from ..optimisation.ends import part_ends
from ..optimisation.from_zero import count_from_zero
from ..optimisation.fuse import schedule
from ..optimisation.joins import join_made
from ..optimisation.loop_products import multiply_in_adjoints
from ..optimisation.one_pass import join_parts
from ..optimisation.read_records import read_records
from ..optimisation.rebind import rebind
from ..optimisation.simplify import simplify
from ..optimisation.small_products import expect_small_products
from ..optimisation.sums_apart import part_sums
from ..optimisation.sweeps import join_sweeps
from ..optimisation.turn_columns import turn_columns
from ..optimisation.turn_levels import turn_levels
from ..optimisation.turns import choose_turns
from ..optimisation.workspaces import keep_workspaces
from ..switches import switched_off


class Passes:
    """Runs passes one after the other; `SRCGRAD_DUMP=lower,reverse` prints the program after those named."""

    def __init__(self):
        self.wanted = set(filter(None, os.environ.get("SRCGRAD_DUMP", "").split(",")))
        self.skipped = switched_off()

    def run(self, name: str, function: ir.Function, step: Callable[[ir.Function], ir.Function]) -> ir.Function:
        """Return `step(function)`, verified, dumped if asked for; the function itself where it is switched off."""
        result = function if name in self.skipped else verify(step(function))
        self.dump(name, result)
        return result

    def dump(self, name: str, function: ir.Function):
        if name in self.wanted or "all" in self.wanted:
            print(f"# --- after {name}\n{emit(function, comments=False)}\n", file=sys.stderr)


@dataclass(frozen=True)
class Variant:
    """How a function is lowered: which axes of length one may be repeated, whether indices are checked, what for.

    A derived function is generated itself: what is said of it was said of the lines that it was made from. Along many
    directions at once a product of a matrix with a vector is one of two matrices: then it stays whole.
    """

    repeats: Repeats = NOWHERE
    boundscheck: bool = True
    derived: bool = False
    differentiated: bool = False
    whole: bool = False


USUAL = Variant()


@dataclass(frozen=True)
class Lowered:
    """A function after the passes that every derivative starts from; derivatives it calls hand their pitfalls on."""

    function: ir.Function
    kinds: dict[str, Kind]
    sizes: dict[str, tuple[ir.Expr, ...]]
    result: tree.Structure
    variant: Variant
    pitfalls: tuple[Problem, ...] | None = None
    apart: tuple[ir.Function, dict[str, Kind]] | None = None  # before what feeds each other became one loop
    inherited: tuple[Problem, ...] = ()


def arranged(function: ir.Function, kinds, sizes, inside: Inside, variant: Variant, reverse: bool) -> ir.Function:
    """Return a lowered function as derivatives start from it: loops joined and turned, indices checked."""
    passes, ranks = Passes(), {n: k.rank for n, k in kinds.items()}
    function = passes.run("joins", function, lambda f: join_made(f, kinds, sizes))
    elements = frozenset(n for n, rank in ranks.items() if rank and not kinds[n].rank)
    function = passes.run("bounds", function, lambda f: checked(f, kinds, sizes, inside, variant, elements))
    function = passes.run("repeated checks", function, lambda f: lift_repeated_checks(f, kinds))
    function = passes.run("columns", function, lambda f: turn_columns(f, kinds, sizes))
    function = passes.run("levels", function, lambda f: turn_levels(f, kinds))
    return passes.run("choices", function, lambda f: choose_numbers(f, kinds)) if reverse else function


def checked(
    function: ir.Function, kinds, sizes, inside: Inside, variant: Variant, elements: frozenset[str] = frozenset()
) -> ir.Function:
    """Return a lowered function with checks of its indices, or without any."""
    turns = variant.differentiated and not variant.derived
    return check_indices(function, kinds, sizes, inside, not variant.boundscheck, elements, turns)


def finish(
    function: ir.Function, low: Lowered, kinds, sizes, mode="reverse", parted=False, scheduled=True
) -> ir.Function:
    """Return a derivative function after the passes that make it short and its loops fast.

    `parted` says that its forward and backward part will be functions of their own; one that is not `scheduled` keeps
    its loops as reverse has written them.
    """
    passes = Passes()
    passes.dump(mode, verify(function))
    known = infer_kinds(function, {n: kinds[n] for n in (*function.params, *(c for c, _ in low.function.captured))})
    function = passes.run("simplify", function, lambda f: simplify(f, known))
    if not scheduled:
        return function
    function = passes.run("records", function, lambda f: read_records(f, known, sizes))
    function = passes.run("loop products", function, lambda f: multiply_in_adjoints(f, known, sizes))
    function = passes.run("schedule", function, lambda f: schedule(f, known, sizes))
    function = passes.run("ends", function, lambda f: part_ends(f, known, sizes))
    function = passes.run("sums apart", function, lambda f: part_sums(f, known))
    function = passes.run("sweeps", function, lambda f: join_sweeps(f, known, sizes))
    if not parted:
        function = passes.run("one pass", function, lambda f: join_parts(f, dict(known), dict(sizes)))
        function = passes.run("sums apart", function, lambda f: part_sums(f, known))
    function = passes.run("rebind", function, lambda f: rebind(f, known, sizes))
    function = passes.run("turns", function, lambda f: choose_turns(f, sizes))
    function = passes.run("from zero", function, count_from_zero)
    function = passes.run("workspaces", function, lambda f: keep_workspaces(f, known, sizes))
    function = passes.run("small products", function, expect_small_products)
    function = passes.run("final", function, lambda f: simplify(f, known))
    return passes.run("sums", function, write_order)
