"""Read random numbers: each draw is a statement of its own, where it stands."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..rules import draws
from .expressions import ExpressionReader, Obj, ShapeOf, Struct


class RandomReader(ExpressionReader):
    """Reads draws from `np.random`, `random` and Generators that are arguments."""

    def random_call(self, node, f):
        """Return the value of a call of `np.random` or `random`; None where `f` is no such function."""
        try:
            spelling, by_sizes, seed = draws.BY_OBJECT.get(f), draws.BY_SIZES.get(f), draws.SEEDS.get(f)
        except TypeError:
            return None
        loc = self.source.loc(node)
        if by_sizes:
            return self.drawn(node, by_sizes, (), self.positional(node) or None)
        if spelling:
            return self.choice(node) if f is np.random.choice else self.draw(node, spelling, None)
        if seed:
            self.emit(ir.Do(Op(seed, tuple(self.scalar(a) for a in node.args), (), loc), loc))
            return Obj(None)
        if f is np.random.shuffle:
            return self.shuffle(node, "np.random.permutation", None)
        owner = getattr(f, "__self__", None)
        if isinstance(owner, np.random.Generator | np.random.RandomState) and f.__name__ in draws.METHODS:
            if isinstance(owner, np.random.RandomState) and getattr(np.random, f.__name__, None) == f:
                return None
            name = ast.unparse(node.func).rpartition(".")[0]
            self.fail(node, f"the random generator {name!r} is captured", "pass it as an argument")
        if f in (np.random.default_rng, np.random.Generator, np.random.RandomState):
            self.fail(node, "a random generator cannot be made here", "make it outside and pass it as an argument")
        return None

    def random_method(self, node, base, name):
        """Return the value of a method of a Generator, None where no Generator has that method."""
        if name == "shuffle":
            return self.shuffle(node, ".permutation", base)
        return self.draw(node, draws.METHODS[name], base) if name in draws.METHODS else None

    def draw(self, node, spelling, generator):
        row = draws.DRAWS[spelling]
        given = dict(zip((*row.params, "size"), self.positional(node), strict=False))
        for key, value in self.keywords(node).items():
            if key not in (*row.params, "size") or key in given:
                self.fail(node, f"option {key!r} of {ast.unparse(node.func)} is not supported", "leave it out")
            given[key] = value
        if len(node.args) > len(row.params) + (not spelling.startswith("random.")):
            self.fail(node, f"too many arguments for {ast.unparse(node.func)}", "correct the call")
        if row.name in ("randint", "integers") and spelling[0] != "r" and "high" not in given and "low" in given:
            given = {**given, "low": Const(0), "high": given["low"]}
        size = given.pop("size", None)
        values = []
        for name, default in zip(row.params, row.defaults, strict=True):
            if name not in given and default is None:
                self.fail(node, f"{ast.unparse(node.func)} misses argument {name!r}", "give it")
            values.append(self.leaf(given[name], node) if name in given else Const(default))
        if generator is not None:
            values.insert(0, generator)
        sizes = None if size is None or isinstance(size, Obj) and size.value is None else [size]
        return self.drawn(node, spelling, tuple(values), sizes)

    def drawn(self, node, spelling, values, sizes):
        """Emit a draw and return its name; `sizes` as an allocation takes them, None for one number."""
        static: tuple = ()
        if sizes is not None:
            shape = self.shape_operands(node, sizes)
            static = (("size", "like" if isinstance(shape, ShapeOf) else "shape"),)
            values = (*values, shape.array) if isinstance(shape, ShapeOf) else (*values, *shape)
        loc = self.source.loc(node)
        name = self.fresh("draw")
        self.temporary.add(name)
        self.emit(Let(name, Op(spelling, values, static, loc), loc))
        return Name(name)

    def shuffle(self, node, spelling, generator):
        """Read a shuffle in place: the array takes its own elements in the order of a permutation."""
        array = self.scalar(node.args[0]) if len(node.args) == 1 and not node.keywords else None
        if not isinstance(array, Name):
            self.fail(node, "only named arrays can be shuffled, along their first axis", "give the array a name")
        loc = self.source.loc(node)
        values = (Op("len", (array,), (), loc),)
        order = self.drawn(node, spelling, values if generator is None else (generator, *values), None)
        self.emit(ir.Store(array.id, (ir.Dots(),), ir.Sub(array, (order,), loc), "=", loc))
        return Obj(None)

    def choice(self, node):
        """Read `np.random.choice`: with or without replacement is known when the function is read."""
        given = dict(zip(("a", "size", "replace", "p"), self.positional(node), strict=False)) | self.keywords(node)
        if "p" in given or "a" not in given:
            self.fail(node, "np.random.choice with p= is not supported", "search np.cumsum(p) for np.random.random()")
        replaced = given.get("replace", Const(True))
        if not isinstance(replaced, Const):
            self.fail(node, "this option must be known when the function is read", "write a constant")
        if isinstance(given["a"], Struct):
            self.fail(node, "np.random.choice of a tuple is not supported", "make it an array: np.array(...)")
        size = given.get("size")
        sizes = None if size is None or isinstance(size, Obj) and size.value is None else [size]
        name = self.drawn(node, "np.random.choice", (self.leaf(given["a"], node),), sizes)
        if not replaced.value and sizes is not None:
            drawn = self.out[-1]
            assert isinstance(drawn, Let)
            assert isinstance(drawn.value, Op)
            static = (("replace", False), *drawn.value.static)
            self.out[-1] = replace(drawn, value=replace(drawn.value, static=static))
        return name
