"""Prove integer inequalities between indices and sizes from what is known at a place in the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from ..language import ir
from ..language.affine import Affine, affine, factors, times
from ..language.blocks import resized_in
from ..language.ir import Const, Expr, Kind, Let, Name, Op, Select, Sub

SIZES = ("shape", "len", "size")
DEPTH = 4


class Facts:
    """Affine expressions known to be at least zero, at one place of a program."""

    def __init__(self, known: tuple[Affine, ...] = (), fewer: Facts | None = None):
        self.known = known
        self.fewer = fewer  # those that facts were added to
        self.more: dict[tuple[Affine, ...], Facts] = {}
        self.tried: dict[Affine, tuple[bool, int]] = {}  # goals: whether they follow, looked for how deep
        self.own: dict[tuple[Expr, int], list[Affine]] = {}

    def plus(self, *facts: Affine) -> Facts:
        """Return these facts and more; what says nothing is left out."""
        if facts not in self.more:
            implied = [f for fact in facts for t in fact.terms for f in own_facts(t, self, 1)]
            known = tuple(dict.fromkeys((*self.known, *(f for f in (*facts, *implied) if f.terms))))
            self.more[facts] = Facts(known, self) if len(known) > len(self.known) else self
        return self.more[facts]

    def without(self, names: set[str]) -> Facts:
        """Return the facts that do not mention any of the names."""
        return self.only(lambda f: f.names.isdisjoint(names))

    def only(self, holds: Callable[[Affine], bool]) -> Facts:
        """Return the facts of which something holds; themselves, with what is known of them, if it does of all."""
        kept = tuple(filter(holds, self.known))
        return self if len(kept) == len(self.known) else Facts(kept)

    @cached_property
    def equal(self) -> dict[Expr, Affine]:
        """What stands for an atom: facts that hold both ways solved for one atom each, sizes of arrays last."""
        known, equal = set(self.known), dict(self.fewer.equal) if self.fewer else {}
        for fact in self.known[len(self.fewer.known) if self.fewer else 0 :]:
            if fact * -1 not in known:
                continue
            rest = substitute(fact, equal)
            single = sorted((is_size(a), k) for k, (a, c) in enumerate(rest.terms.items()) if abs(c) == 1)
            if single:
                atom = list(rest.terms)[single[0][1]]
                value = (Affine({atom: rest.terms[atom]}) - rest) * rest.terms[atom]
                put = {atom: value}
                equal = {a: substitute(v, put) if atom in v.terms else v for a, v in equal.items()} | put
        return equal

    @cached_property
    def by_atom(self) -> dict[Expr, list[Affine]]:
        """The facts in which an atom stands, with equal atoms put in."""
        found: dict[Expr, list[Affine]] = {}
        for fact in dict.fromkeys(substitute(f, self.equal) for f in self.known):
            for atom in fact.terms:
                found.setdefault(atom, []).append(fact)
        return found

    def prove(self, goal: Affine, depth: int = DEPTH) -> bool:
        """Return whether `goal >= 0` follows; False where that is not found.

        >>> i, n = affine(ir.Name("i")), affine(ir.Name("n"))
        >>> Facts((i, n - i - affine(Const(1)))).prove(n - affine(Const(1)))
        True
        """
        goal = substitute(goal, self.equal)
        return any(self.follows(goal, d) for d in range(depth + 1))

    def follows(self, goal: Affine, depth: int) -> bool:
        """Return whether a goal, equal atoms put in, follows from at most `depth` facts."""
        if sums_sizes(goal):
            return True
        found, tried = self.tried.get(goal, (False, 0))
        if not found and depth > tried:
            found = self.search(goal, depth)
            self.tried[goal] = found, depth
        return found

    def search(self, goal: Affine, depth: int) -> bool:
        """Return whether a goal follows from one fact and a goal that follows."""
        quotient = _by_common_size(goal)
        if quotient is not None and self.follows(quotient, depth - 1):
            return True
        for atom, c in goal.terms.items():
            if isinstance(atom, Select):
                return self.prove_both(goal, atom, c, depth)
            for fact in (*self.by_atom.get(atom, ()), *self.of_atom(atom, depth - 1)):
                f = fact.coefficient_of(atom)
                # a whole number is not negative where f times it is greater than -f
                spare = Affine(const=abs(f) - 1)
                if f * c > 0 and self.follows(goal * abs(f) - fact * abs(c) + spare, depth - 1):
                    return True
            if isinstance(atom, Op) and atom.fn == ("min" if c > 0 else "max"):
                sides = (goal + (affine(side) - Affine({atom: 1})) * c for side in atom.args)  # it is one of these
                if all(self.follows(substitute(side, self.equal), depth - 1) for side in sides):
                    return True
        return False

    def of_atom(self, atom: Expr, depth: int) -> list[Affine]:
        """Return what holds of an atom by itself, equal atoms put in."""
        if (atom, depth) not in self.own:
            self.own[atom, depth] = [substitute(f, self.equal) for f in own_facts(atom, self, depth)]
        return self.own[atom, depth]

    def prove_both(self, goal: Affine, atom: Select, c: int, depth: int) -> bool:
        """Return whether `goal >= 0` follows whichever side a conditional index takes."""
        rest = goal - Affine({atom: c})
        for side, holds in ((atom.then, True), (atom.other, False)):
            facts = self.plus(*facts_of_test(atom.test, lambda e: True, holds))
            if not facts.prove(rest + affine(side) * c, depth - 1):
                return False
        return True


def substitute(e: Affine, equal: dict[Expr, Affine]) -> Affine:
    """Return an affine expression with what stands for its atoms put in."""
    for atom, c in e.terms.items():
        if atom in equal:
            e = e - Affine({atom: c}) + equal[atom] * c
    return e


def is_size(atom: Expr) -> bool:
    """Return whether an atom cannot be negative whatever the program does."""
    if isinstance(atom, Op) and atom.fn == "mul":
        return all(map(is_size, factors(atom)))
    return isinstance(atom, Op) and (atom.fn in SIZES or (atom.fn == "max" and atom.args[1] == Const(0)))


def sums_sizes(a: Affine) -> bool:
    """Return whether an affine expression is a sum of sizes: it is not negative whatever the program does."""
    return a.const >= 0 and all(c > 0 and is_size(t) for t, c in a.terms.items())


def _by_common_size(goal: Affine) -> Affine | None:
    """Return what a sum is besides a size that all its terms are multiples of; a positive constant is left out.

    >>> from srcgrad.language.emit import expr_text
    >>> k, r, n = ir.Name("k"), ir.Name("r"), Op("len", (ir.Name("a"),))
    >>> rest = Op("sub", (Op("mul", (r, n)), Op("mul", (Op("add", (k, Const(1))), n))))
    >>> expr_text(_by_common_size(affine(rest)).expr())
    'r - k - 1'
    """
    atoms = list(goal.terms)
    if not atoms or goal.const < 0:
        return None
    for size in filter(is_size, dict.fromkeys(factors(atoms[0]))):
        if all(size in factors(t) for t in atoms):
            found = Affine()
            for t, c in goal.terms.items():
                rest = list(factors(t))
                rest.remove(size)
                whole = affine(Const(1))
                for f in rest:
                    whole = times(whole, affine(f))
                found = found + whole * c
            return found
    return None


def own_facts(atom: Expr, facts: Facts, depth: int = DEPTH) -> list[Affine]:
    """Return what holds of a minimum, maximum, quotient or remainder by itself.

    >>> from srcgrad.language.emit import expr_text
    >>> [expr_text(f.expr()) for f in own_facts(Op("min", (ir.Name("i"), Const(3))), Facts())]
    ['i - min(i, 3)', '3 - min(i, 3)']
    """
    if not isinstance(atom, Op):
        return []
    whole = Affine({atom: 1})
    if atom.fn in ("min", "max"):
        sign = 1 if atom.fn == "min" else -1
        found = [(affine(a) - whole) * sign for a in atom.args]
        both = [facts.prove(affine(a) * sign, depth - 1) for a in atom.args]
        return [*found, whole * sign] if all(both) else found
    if atom.fn == "floordiv" and isinstance(atom.args[1], Const) and atom.args[1].value > 0:
        k = atom.args[1].value
        rest = affine(atom.args[0]) - whole * k
        return [rest, affine(Const(k - 1)) - rest]
    if atom.fn == "mod":
        modulus = affine(atom.args[1])
        if facts.prove(modulus - affine(Const(1)), depth - 1):
            return [whole, modulus - whole - affine(Const(1))]
    return []


def facts_of_test(test: Expr, integer: Callable[[Expr], bool], holds: bool = True) -> list[Affine]:
    """Return the inequalities between integers that a test establishes where it holds (or does not)."""
    if not isinstance(test, Op):
        return []
    if test.fn == "not":
        return facts_of_test(test.args[0], integer, not holds)
    if test.fn == ("and" if holds else "or"):
        return [f for a in test.args for f in facts_of_test(a, integer, holds)]
    if test.fn not in _ORDER or not all(integer(a) for a in test.args):
        return []
    a, b = map(affine, test.args)
    one = affine(Const(1))
    fn = test.fn if holds else _ORDER[test.fn]
    # a size that is not zero is positive
    apart = [d - one for d in (a - b, b - a) if sums_sizes(d)]
    return {"lt": [b - a - one], "le": [b - a], "gt": [a - b - one], "ge": [a - b], "eq": [a - b, b - a],
            "ne": apart}[fn]  # fmt: skip


_ORDER = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


def has_load(e: Affine | Iterable[Expr]) -> bool:
    """Return whether an element of an array is read in an expression."""
    atoms = e.terms if isinstance(e, Affine) else e
    return any(isinstance(x, Sub) for t in atoms for x in ir.walk(t))


def forget(facts: Facts, block: ir.Block) -> Facts:
    """Return the facts that the statements of a block do not touch."""
    bound, stored = resized_in(block), ir.stored_in(block)
    return facts.without(bound).only(lambda f: f.names.isdisjoint(stored) or not loaded(f.terms) & stored)


def loaded(atoms) -> set[str]:
    """Return the arrays of which elements are read in expressions."""
    subs = [x for t in atoms for x in ir.walk(t) if isinstance(x, Sub)]
    return {n for s in subs for n in ir.names_in(s.base)}


def lengths_named(function: ir.Function, kinds: dict[str, Kind]) -> dict[Affine, Affine]:
    """Return, for names of the lengths of arguments, those lengths as another field of the array tells them.

    With `n < 1` told of the number that a loop counts down from, LLVM makes the loop slower (measured: 12 %); `a.size`
    and `a.shape[0]` are two numbers to it.
    """
    names = [n for s in ir.statements(function.body) for n in ir.binds(s)]
    found = {}
    for s in function.body:
        value = s.value if isinstance(s, Let) and names.count(s.target) == 1 else None
        array = value.args[0] if isinstance(value, Op) and value.fn in SIZES else None
        if isinstance(s, Let) and isinstance(array, Name) and kinds[array.id].rank == 1 and array.id not in names:
            assert isinstance(value, Op)
            other = Op("shape", (array,), (("axis", 0),)) if value.fn == "size" else Op("size", (array,))
            found[affine(Name(s.target))] = affine(other)
    return found
