"""Which sums and products `np.einsum` takes, two operands at a time: known from its subscripts."""

from __future__ import annotations

from .pages import known

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@known
def contraction_plan(subscripts, ndims):
    """Return (how the first operand is read, for each further one how it is read and joined to those before it).

    An operand is read by (pairs of axes whose diagonal is taken, axes summed over, order of the others). Two are joined
    as (batch, rows, summed) and (batch, summed, columns): whether the further operand is the first of these, which it
    is where its axes come first in the result, the numbers of such axes, the orders that bring the two to this form,
    and where each axis of the result stands in (batch, rows, columns).

    >>> contraction_plan("ij,jk->ik", (2, 2))
    (((), (), (0, 1)), ((((), (), (0, 1)), False, (0, 1, 1, 1), (0, 1), (0, 1), (0, 1)),))
    >>> contraction_plan("kij,nkj->nki", (3, 3))[1]
    ((((), (), (0, 1, 2)), True, (1, 1, 1, 1), (1, 0, 2), (0, 2, 1), (1, 0, 2)),)
    """
    terms, result = _terms(subscripts, ndims)
    wanted = [set(result).union(*terms[k + 1 :]) for k in range(len(terms))]
    firsts = [_single(term, set(result).union(*terms[:k], *terms[k + 1 :])) for k, term in enumerate(terms)]
    have, steps = firsts[0][1], []
    for k in range(1, len(terms)):
        read, own = firsts[k]
        batch = [i for i in have if i in own and i in wanted[k]]
        summed = [i for i in have if i in own and i not in wanted[k]]
        last = k == len(terms) - 1
        ahead = next((i not in have for i in result if i not in batch), False) if last else False
        left, right = (own, have) if ahead else (have, own)
        rows = [i for i in left if i not in right]
        columns = [i for i in right if i not in left]
        made = [*batch, *rows, *columns]
        orders = tuple(map(left.index, (*batch, *rows, *summed))), tuple(map(right.index, (*batch, *summed, *columns)))
        have = list(result) if last else made
        counts = (len(batch), len(rows), len(columns), len(summed))
        steps.append((read, ahead, counts, *orders, tuple(map(made.index, have))))
    if len(terms) == 1:
        (pairs, summed, order), have = firsts[0]
        rank = tuple(have.index(i) for i in result)
        return (pairs, summed, tuple(order[k] for k in rank)), ()
    return firsts[0][0], tuple(steps)


def _terms(subscripts: str, ndims) -> tuple[list[list[str]], list[str]]:
    """Return the indices of every operand and of the result, an ellipsis as indices of its own."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ndims):
        raise ValueError(f"einsum: {len(parts)} terms for {len(ndims)} arrays")
    spare = [c for c in _LETTERS if c not in text]
    longest = max((n - len(p.replace("...", "")) for p, n in zip(parts, ndims, strict=True) if "..." in p), default=0)
    dots = spare[:longest]
    terms = []
    for part, n in zip(parts, ndims, strict=True):
        own = part.replace("...", "")
        missing = n - len(own)
        if missing < 0 or missing and "..." not in part:
            raise ValueError(f"einsum: {part!r} for an array with {n} axes")
        before, has_dots, after = part.partition("...")
        terms.append([*before, *(dots[longest - missing :] if has_dots else []), *after])
    if any(c not in _LETTERS for term in terms for c in term):
        raise ValueError(f"einsum: {subscripts!r} has other than letters, commas, an ellipsis and an arrow")
    letters = [c for p in parts for c in p if c != "."]
    if arrow:
        before, has_dots, after = right.partition("...")
        result = [*before, *(dots if has_dots else []), *after]
    else:
        result = dots + sorted(c for c in set(letters) if letters.count(c) == 1)
    unknown = [c for c in result if c not in set().union(*terms)]
    if unknown or len(set(result)) < len(result):
        raise ValueError(f"einsum: the result {right!r} names an index twice, or one that no array has")
    return terms, result


def _single(term: list[str], others: set[str]):
    """Return (how an operand is read by itself, the indices it then has)."""
    have, pairs = list(term), []
    while len(set(have)) < len(have):
        index = next(c for c in have if have.count(c) > 1)
        first = have.index(index)
        second = have.index(index, first + 1)
        pairs.append((first, second))
        # the diagonal of two axes is the last axis
        have = [c for k, c in enumerate(have) if k not in (first, second)] + [index]
    summed = tuple(k for k, c in enumerate(have) if c not in others)
    have = [c for c in have if c in others]
    return (tuple(pairs), summed, tuple(range(len(have)))), have


@known
def summed_last(batch, summed, columns):
    """Return the order that brings (batch, summed, columns) to (batch, columns, summed)."""
    first, second = batch + summed, batch + summed + columns
    return (*range(batch), *range(first, second), *range(batch, first))


@known
def within(order, batch):
    """Return the order of the axes behind so many first ones, counted from those.

    >>> within((1, 0, 3, 2), 1)
    (0, 2, 1)
    """
    return tuple(k - batch for k in order if k >= batch)
