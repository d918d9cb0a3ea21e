"""Index arithmetic on element accesses: where a view's element lies, whether two accesses can meet."""

from __future__ import annotations

from ..language import ir
from ..language.affine import Affine, affine, not_negative, simplify_index
from ..language.ir import Block, Const, Expr, For, Name, Op, Slice, Store, Sub


def root_of(expr: Expr) -> Name:
    """Return the array that an array expression (name, transpose, basic slice) shows."""
    while not isinstance(expr, Name):
        assert isinstance(expr, Op | Sub), expr
        expr = expr.args[0] if isinstance(expr, Op) else expr.base
    return expr


def transposed(expr: Expr) -> Expr:
    """Return the transpose of an array expression, without a double one."""
    if isinstance(expr, Op) and expr.fn == "np.transpose":
        return expr.args[0]
    return Op("np.transpose", (expr,))


def rank_of(expr: Expr, ranks) -> int:
    """Return the number of axes of an array expression."""
    if isinstance(expr, Name):
        return ranks(expr.id)
    if isinstance(expr, Op):
        return rank_of(expr.args[0], ranks)
    assert isinstance(expr, Sub), expr
    fixed = sum(not isinstance(i, Slice | ir.NewAxis) for i in expr.index)
    new = sum(isinstance(i, ir.NewAxis) for i in expr.index)
    return rank_of(expr.base, ranks) - fixed + new


def element_of(expr: Expr, idx: tuple[Expr, ...], ranks) -> Sub:
    """Return the element of the root array that `expr[idx]` is; slices start at constants or expressions, step 1.

    >>> element_of(Op("np.transpose", (Name("A"),)), (Name("i"), Name("j")), lambda n: 2)
    Sub(base=Name(id='A'), index=(Name(id='j'), Name(id='i')))
    """
    if isinstance(expr, Name):
        return Sub(expr, tuple(idx))
    if isinstance(expr, Op):
        return element_of(expr.args[0], tuple(reversed(idx)), ranks)
    assert isinstance(expr, Sub), expr
    rank = rank_of(expr.base, ranks)
    items = list(expr.index) + [Slice()] * (rank - sum(not isinstance(i, ir.NewAxis) for i in expr.index))
    own = iter(idx)
    inner: list[Expr] = []
    for d, item in enumerate(items):
        if isinstance(item, ir.NewAxis):
            next(own)
        elif isinstance(item, Slice):
            inner.append(_slice_place(item, next(own), Op("shape", (expr.base,), (("axis", d),))))
        else:
            inner.append(item)
    return element_of(expr.base, tuple(inner), ranks)


def sizes_of(expr: Expr, ranks) -> list[Expr | None]:
    """Return for every axis of an array expression the size of the root's axis that it is the whole of, else None.

    >>> from srcgrad.language.emit import expr_text
    >>> row = Sub(Op("np.transpose", (Name("A"),)), (Name("i"),))
    >>> [expr_text(n) for n in sizes_of(row, lambda n: 2)]
    ['A.shape[0]']
    """
    if isinstance(expr, Name):
        return [Op("shape", (expr,), (("axis", d),)) for d in range(ranks(expr.id))]
    if isinstance(expr, Op):
        return sizes_of(expr.args[0], ranks)[::-1]
    assert isinstance(expr, Sub), expr
    own = sizes_of(expr.base, ranks)
    found: list[Expr | None] = []
    for item in (*expr.index, *[Slice()] * len(own)):
        if isinstance(item, ir.NewAxis):
            found.append(Const(1))
        elif own:
            size = own.pop(0)
            found += [size if item == Slice() else None] if isinstance(item, Slice) else []
    return found


def _slice_place(item: Slice, i: Expr, n: Expr) -> Expr:
    assert item.step is None or isinstance(item.step, Const), item
    step = 1 if item.step is None else item.step.value
    if item.lo is None:
        start: Expr = Const(0) if step > 0 else Op("sub", (n, Const(1)))
    elif isinstance(item.lo, Const) and item.lo.value >= 0:
        start = item.lo if step > 0 else Op("min", (item.lo, Op("sub", (n, Const(1)))))
    else:
        wrapped = Op("max", (Op("add", (item.lo, n)), Const(0)))
        start = ir.Select(Op("lt", (item.lo, Const(0))), wrapped, item.lo)
    return simplify_index(Op("add", (start, Op("mul", (Const(step), i)))))


def iteration_offset(
    write: tuple[Expr, ...], other: tuple[Expr, ...], loop: For, varying: set[str], around: Block = ()
) -> int | None:
    """Return by how many iterations later `other` meets the element `write` touches; None if that is not known.

    Only axes whose index moves with the counter and with nothing else that varies in the loop can tell, and only where
    no index counts from the end of the axis while another, or the same one in a later trip, does not: `a[i - 1]` is
    the last element in the first trip. `around` are the loops around this one. Of an index that begins at a number of
    the user's that is not seen: `believed` names those, which are checked before the loop.
    """
    found = _told(write, other, loop, varying, around)
    return None if found is None else found[0]


def _told(
    write: tuple[Expr, ...], other: tuple[Expr, ...], loop: For, varying: set[str], around: Block
) -> tuple[int, int | None] | None:
    """Return (the offset of iterations, the axis that tells it if it is believed not to turn); None if not known."""
    var, believed = loop.var, None
    for axis, (w, o) in enumerate(zip(write, other, strict=False)):
        a, b = affine(w), affine(o)
        c = a.coefficient(var)
        if not c or any(t != Name(var) and var in ir.names_in(t) for t in (*a.terms, *b.terms)):
            continue
        difference = a - b
        if not difference.is_const:
            continue
        if _names(a, var) & varying or _has_load(w) or _has_load(o):
            continue
        if _from_start(a, loop, around) and _from_start(b, loop, around):
            return difference.const // c if difference.const % c == 0 else 10**9, None
        if not difference.const and not _turns(a, loop) and believed is None:
            believed = axis
    return None if believed is None else (0, believed)


def believed(loop: For, around: Block = ()) -> list[tuple[Store, int, Affine, Affine]]:
    """Return what `iteration_offset` believes of a loop: that the index of a store does not turn on an axis.

    It is (store, axis, least index, greatest index): where the least is negative, and there are more than the axis has
    elements between them, an element is met from the end of the axis and again from its start.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(a, k, n):\\n    for i in range(k, n):\\n        a[i] = 0.0\\n    return a")
    >>> [(axis, least.expr(), most.expr()) for _, axis, least, most in believed(f.body[0])]
    [(0, Name(id='k'), Op(fn='sub', args=(Name(id='n'), Const(value=1)), static=()))]
    """
    found: dict[tuple[str, int, Affine], tuple[Store, int, Affine, Affine]] = {}
    varying = ir.bound_in(loop.body)
    for array in sorted(ir.stored_in(loop.body) - varying):
        writes, reads, plain = accesses(loop.body, array)
        stores = [s for s in ir.statements(loop.body) if isinstance(s, Store) and s.base == array]
        told = [(s, _told(s.index, o, loop, varying, around)) for s in stores for o in (*writes, *reads)]
        if not plain or any(t is None for _, t in told):
            continue
        for store, (_, axis) in ((s, t) for s, t in told if t is not None):
            index = None if axis is None else affine(store.index[axis])
            least, most = (None, None) if index is None else (_least(index, loop), _least(index * -1, loop))
            if axis is not None and index is not None and least is not None and most is not None:
                found.setdefault((array, axis, index), (store, axis, least, most * -1))
    return list(found.values())


def _from_start(index: Affine, loop: For, around: Block) -> bool:
    """Return whether an index is known to count from the start of its axis in all trips of a loop."""
    least = _least(index, loop)
    return least is not None and not_negative(least, around)


def _turns(index: Affine, loop: For) -> bool:
    """Return whether an index is seen to count from the end in one trip of a loop and from the start in another."""
    least, most = _least(index, loop), _least(index * -1, loop)
    if least is None or most is None:
        return False
    return all(c < 0 for c in least.terms.values()) and not not_negative(most - Affine(const=1), ())


def _least(index: Affine, loop: For) -> Affine | None:
    """Return what an index is no less than in the trips of a loop; None where its step is not known."""
    if not isinstance(loop.step, Const) or not loop.step.value:
        return None
    c, up = index.coefficient(loop.var), loop.step.value > 0
    first, last = affine(loop.lo), affine(loop.hi) - Affine(const=1 if up else -1)
    return index - Affine({Name(loop.var): c}) + (first if up == (c > 0) else last) * c


def _names(a, var) -> set[str]:
    return {n for atom in a.terms for n in ir.names_in(atom)} - {var}


def _has_load(e: Expr) -> bool:
    return any(isinstance(x, Sub) for x in ir.walk(e))


# what these tell of an array does not depend on its elements
SIZES_ONLY = ("shape", "len", "size", "in_order", "overlap", "np.zeros_like", "np.empty_like", "np.ones_like")


def reads_elements(e: Expr, array: str) -> bool:
    """Return whether an expression reads more of an array than its sizes.

    >>> like = Op("np.zeros_like", (Name("a"),))
    >>> reads_elements(like, "a"), reads_elements(Op("add", (like, Name("a"))), "a")
    (False, True)
    """
    if isinstance(e, Op) and e.fn in SIZES_ONLY and e.args[0] == Name(array):
        return False
    return e == Name(array) or any(reads_elements(c, array) for c in ir.children(e))


def accesses(block, array: str) -> tuple[list[tuple[Expr, ...]], list[tuple[Expr, ...]], bool]:
    """Return (indices written, indices read, whether all of them are plain elements) of an array in a block."""
    writes, reads, plain = [], [], True

    def visit(e: Expr):
        nonlocal plain
        if isinstance(e, Sub) and e.base == Name(array):
            reads.append(e.index)
            if any(isinstance(i, Slice | ir.NewAxis | ir.Dots) for i in e.index):
                plain = False
            for i in e.index:
                visit(i)
        elif isinstance(e, Op) and e.fn in SIZES_ONLY:
            return
        elif e == Name(array):
            plain = False
        else:
            for c in ir.children(e):
                visit(c)

    for stmt in ir.statements(block):
        for e in ir.exprs_of(stmt):
            visit(e)
        if isinstance(stmt, Store) and stmt.base == array:
            writes.append(stmt.index)
            if stmt.op != "=":
                reads.append(stmt.index)
    return writes, reads, plain


def never_rereads(loop: For, array: str, around: Block = ()) -> bool:
    """Return whether no iteration overwrites an element of `array` that an earlier iteration touched."""
    writes, reads, plain = accesses(loop.body, array)
    if not plain or not isinstance(loop.step, Const) or not loop.step.value:
        return False
    varying = ir.bound_in(loop.body)
    for w in writes:
        for other in writes + reads:
            offset = iteration_offset(w, other, loop, varying, around)
            if offset is None or (offset != 10**9 and offset * (1 if loop.step.value > 0 else -1) < 0):
                return False
    return True


def repeats(loop: For, array: str, around: Block = ()) -> bool:
    """Return whether a trip of a loop that runs again, what it has written left as it is, finds and writes the same.

    Nothing that a trip reads of `array` is written by a later trip, or later in the same one.

    >>> from srcgrad.parsing.function import parse_text
    >>> text = "def f(a, b, n):\\n    for i in range(n):\\n        a[i] = b[i]\\n        b[i] = a[i]\\n    return a"
    >>> [repeats(parse_text(text).body[0], array) for array in "ab"]
    [True, False]
    """
    if not never_rereads(loop, array, around):
        return False
    writes, _, _ = accesses(loop.body, array)
    varying, done = ir.bound_in(loop.body), set[tuple[Expr, ...]]()
    for stmt in loop.body:
        _, reads, _ = accesses((stmt,), array)
        pairs = ((w, r) for r in reads if r not in done for w in writes)
        if any(iteration_offset(w, r, loop, varying, around) == 0 for w, r in pairs):
            return False
        if isinstance(stmt, Store) and stmt.base == array and not ir.names_in(*stmt.index) & varying:
            done.add(stmt.index)
    return True
