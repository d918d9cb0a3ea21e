"""Read calls of functions that compiled code calls as they are (`rules.externals`)."""

from __future__ import annotations

import ast

from ..language import ir
from ..language.ir import Const, Name, Op
from ..library import page_of
from ..rules import externals
from .expressions import NOT_HERE, ExpressionReader, Obj, Struct


class ExternalReader(ExpressionReader):
    """Reads them; where a call does not fit, for its axes or options, the function's page in the library is read."""

    def external_call(self, node, f):
        """Return the value of such a call; `NOT_HERE` where the function is none."""
        row = externals.found(f)
        if row is None:
            return NOT_HERE
        positional, keywords = self.values_of(node)
        operands = dict(zip(row.operands, positional, strict=False))
        operands |= {k: v for k, v in keywords.items() if k in row.operands}
        operands = {k: v for k, v in operands.items() if not (isinstance(v, Obj) and v.value is None)}
        options = {k: v.value if isinstance(v, Const) else v for k, v in keywords.items() if k not in row.operands}
        complete = len(positional) <= len(row.operands) and set(operands) == set(row.operands)
        chosen = row.chosen(options) if complete and self.fits(row, operands) else None
        if chosen is None:
            if page_of(f) is None:
                self.fail(node, f"{ast.unparse(node.func)} takes {', '.join(row.operands)} here", "correct the call")
            return self.user_call(node, f, (positional, keywords))
        loc = self.source.loc(node)
        made = Op(row.spelling, tuple(self.as_array(operands[p], node) for p in row.operands), chosen, loc)
        if len(row.results) == 1:
            return made
        targets = tuple(self.fresh(name) for name in row.results)
        self.emit(ir.Unpack(targets, made, loc))
        return Struct(tuple(map(Name, targets)), row.fields, "namedtuple")

    def fits(self, row: externals.External, operands: dict) -> bool:
        """Return whether the function takes operands of these axes, as far as the text read so far tells."""
        ranks = [self.shared.ranks.rank(v) if isinstance(v, ir.Expr) else None for v in operands.values()]
        return None in ranks or any(tuple(map(len, sizes)) == tuple(ranks) for sizes, _ in row.signatures)
