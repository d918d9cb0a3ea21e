"""Know what a function and all that is read into it have in common: names, problems, lists, objects."""

from __future__ import annotations

import ast
import itertools
from typing import Any

import numpy as np

from ..errors import Problem
from ..language import ir
from ..language.places import Spoken
from .expressions import RESERVED, List, Struct
from .ranks import Ranks
from .routines import Routines
from .source import Source, assigned_names


class Shared:
    """What a function and the callees read into it have in common."""

    def __init__(self, source: Source):
        given = {n.arg for n in ast.walk(source.node) if isinstance(n, ast.arg)}
        taken = {n.id for n in ast.walk(source.node) if isinstance(n, ast.Name)} | given
        self.free_names = taken - assigned_names(source.node) - given
        self.fresh = ir.Fresh(taken | RESERVED)
        self.spoken = Spoken(set())
        self.problems: list[Problem] = []
        self.captured: dict[str, np.ndarray] = {}
        self.captured_ids: dict[int, str] = {}
        self.tables: dict[str, np.ndarray] = {}
        self.heads: list[ir.Stmt] = []
        self.lifted: list[Struct] = []
        self.buffers: list[tuple[Struct, List]] = []
        self.joined: dict[object, object] = {}  # tokens of lists that may be one
        self.rebound: set[tuple] = set()  # lists that have to be buffers, and forms of items
        self.made_at: dict[str, tuple] = {}  # where the text makes the list of a buffer
        self.read_before = set[str]()  # buffers with items that were read before one was put into them
        self.columns: dict[str, Any] = {}  # of the buffer of a list: itself, or those of the parts of its items
        self.list_sizes: dict[str, ir.Expr] = {}  # of lists that keep their length, by their buffers
        self.row_shapes: dict[str, tuple[int, ...]] = {}  # of lists of lists of known lengths, by their buffers
        self.keyed = False  # whether dicts with integer keys are read as lists
        self.objects: list[Any] = []  # the fields of all objects that were made
        self.fields = set[str]()  # variables of objects that are written
        self.cells: dict[object, Any] = {}  # lists and dicts that objects hold and that are written, by their tokens
        self.holders: dict[object, tuple] = {}  # where objects hold lists and dicts, by their tokens or buffers
        self.given_lists = set[object]()  # tokens of those that are arguments
        self.held_lists = set[str]()  # buffers of lists that objects hold
        self.restarted: set[Any] = set()  # those of fields that are bound anew in branches and loops
        self.born: dict[object, tuple] = {}  # how deep in branches and loops lists and dicts are made, and where
        self.reading: list[Any] = []  # the readers of the functions around, each called by the one before
        self.held = set[str]()  # names of items of lists that became buffers
        self.with_rows = set[str]()  # buffers of lists whose items are written as lists, or of several lengths
        self.of_known_lists = set[str]()  # buffers of lists with items that are lists of known lengths
        self.lists_of_lists, self.rows = set[str](), set[str]()  # buffers, and the names of their rows
        self.callees = [source]
        self.stack: list[object] = [source.function.__code__]
        self.paths: tuple[int, ...] = ()  # the blocks, and negative the jumps, that decide whether what is read runs
        self.base = 0  # where the function that is read on its own stands in the stack
        self.size = 0
        self.calls, self.places = itertools.count(), itertools.count(1)
        self.sources: dict[object, Source] = {}
        self.routines: Routines | None = None
        self.ranks = Ranks()
        self.counters, self.counting = set[str](), set[str]()
        self.whole: dict[str, int] = {}  # what names stand for that are bound once, to an integer known here
        self.stretch = False
        self.looped: list = []  # what the loops around run through
        self.ruled: dict[tuple, Any] = {}  # functions with rules of their own
        self.complex_parts: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # of captured arrays
        self.complex = False  # whether a complex number was met
        self.pitfalls: list[Problem] = []  # of the derivatives that are called

    def enter(self, sign=1):
        """Take notice that what follows stands in a block, or with a sign of -1 behind a jump."""
        self.paths = (*self.paths, sign * next(self.places))
