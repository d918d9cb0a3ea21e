"""Split each name into its def-use webs, so that one name holds one thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..analysis.dead_code import escaping_counters
from ..language import ir
from ..language.ir import Break, For, Grow, If, Let, Store, Unpack, While


def split_webs(function: ir.Function) -> ir.Function:
    """Return the function with definitions that no use connects under names of their own.

    Loop variables are separate definitions; a web that contains a parameter keeps the parameter's name.
    """
    return _Webs(hoist_buffers(function)).run()


def hoist_buffers(function: ir.Function) -> ir.Function:
    """Return the function with buffers that grow, and are made anew in every trip of a loop, made once before it.

    What such a buffer holds when it is made is nothing.
    """
    grown = {s.base for s in ir.statements(function.body) if isinstance(s, Grow)}
    bound = Counter(n for s in ir.statements(function.body) for n in ir.binds(s))
    nested = [s for top in function.body for b in ir.blocks_of(top) for s in ir.statements(b) if isinstance(s, Let)]
    fixed = set(function.params) - set(bound)
    moved = [
        s for s in nested
        if s.target in grown and bound[s.target] == 1 and isinstance(s.value, ir.Op)
        and s.value.fn in ("stack", "np.empty") and ir.names_in(s.value) <= fixed
    ]  # fmt: skip
    gone = {id(s) for s in moved}

    def block(stmts):
        return tuple(ir.with_blocks(s, block) for s in stmts if id(s) not in gone)

    return replace(function, body=(*moved, *block(function.body))) if moved else function


class _Webs:
    def __init__(self, function: ir.Function):
        self.function = function
        self.parent: dict[int, int] = {}
        self.name_of: dict[int, str] = {}
        self.at: dict[tuple, int] = {}
        self.count = 0

    def run(self) -> ir.Function:
        self.function = f = replace(self.function, body=_without_unset(self.function.body))
        env = {}
        for p in (*f.params, *(n for n, _ in f.captured)):
            env[p] = frozenset([self.define(("param", p), p)])
        self.ids: dict[int, int] = {}
        self.block(f.body, env, [])
        names = self.choose()
        return replace(f, body=self.rewrite(f.body, names))

    # -- union-find over definitions
    def define(self, key, name) -> int:
        if key not in self.at:
            self.at[key] = self.count
            self.parent[self.count] = self.count
            self.name_of[self.count] = name
            self.count += 1
        return self.at[key]

    def find(self, k: int) -> int:
        while self.parent[k] != k:
            k = self.parent[k]
        return k

    def join(self, definitions):
        first, *others = sorted(definitions)
        for other in others:
            a, b = self.find(first), self.find(other)
            if a != b:
                self.parent[max(a, b)] = min(a, b)

    # -- reaching definitions over structured code
    def use(self, name: str, env, site):
        reaching = env.get(name)
        if not reaching:
            reaching = frozenset([self.define(("unbound", name), name)])
        self.join(reaching)
        self.at[("use", site, name)] = min(reaching)

    def uses(self, stmt, env):
        names = ir.names_in(*ir.exprs_of(stmt))
        if isinstance(stmt, Store | Grow):
            names.add(stmt.base)
        for name in names:
            self.use(name, env, id(stmt))

    def block(self, block, env, breaks) -> dict | None:
        """Return the definitions that reach the end, None where the end is not reached."""
        for stmt in block:
            self.uses(stmt, env)
            if isinstance(stmt, Let):
                own = self.define(("let", id(stmt)), stmt.target)
                if isinstance(stmt.value, ir.Op) and stmt.value.option("inplace") and env.get(stmt.target):
                    self.join({own, *env[stmt.target]})  # an array written in place stays the same array
                env = {**env, stmt.target: frozenset([own])}
            elif isinstance(stmt, Unpack):
                for t in stmt.targets:
                    env = {**env, t: frozenset([self.define(("let", id(stmt), t), t)])}
            elif isinstance(stmt, If):
                ends = [self.block(b, env, breaks) for b in (stmt.then, stmt.other)]
                env = _merge(ends)
            elif isinstance(stmt, For | While):
                env = self.loop(stmt, env)
            elif isinstance(stmt, Break):
                breaks.append(env)
                env = None
            elif isinstance(stmt, ir.Raise):
                env = None
            if env is None:
                return None
        return env

    def loop(self, stmt, env):
        entry = env
        while True:
            inner: list = []
            start = entry
            if isinstance(stmt, For):
                start = {**entry, stmt.var: frozenset([self.define(("for", id(stmt)), stmt.var)])}
            else:
                self.uses(stmt, entry)
            end = self.block(stmt.body, start, inner)
            merged = _merge([entry, end])
            if merged == entry:
                exits = [entry, *inner]
                if isinstance(stmt, For):
                    exits.append(start)
                return _merge(exits)
            entry = merged

    # -- new names
    def choose(self) -> dict[int, str]:
        fresh = ir.Fresh(ir.all_names(self.function))
        names: dict[int, str] = {}
        used: set[str] = set()
        params = set(self.function.params) | {n for n, _ in self.function.captured}
        counters = _pure_counters(self.function)
        # what seemed unbound in the first trip of a loop may turn out to come from the trip before
        met = {self.find(k) for key, k in self.at.items() if key[0] != "unbound"}
        for k in range(self.count):
            root = self.find(k)
            if root in names or root not in met:
                continue
            base = self.name_of[root]
            if base in counters:
                names[root] = base
                continue
            first = base not in used and (base not in params or self.at.get(("param", base)) == root)
            names[root] = base if first else fresh(base)
            used.add(base)
        return names

    def rewrite(self, block, names):
        out = []
        for stmt in block:
            site = id(stmt)
            read = ir.names_in(*ir.exprs_of(stmt)) | ({stmt.base} if isinstance(stmt, Store | Grow) else set())
            table = {n: names[self.find(self.at[("use", site, n)])] for n in read if ("use", site, n) in self.at}
            new = ir.with_exprs(stmt, lambda e, t=table: ir.rename_expr(e, t))
            if isinstance(stmt, Store | Grow):
                new = replace(new, base=table.get(stmt.base, stmt.base))
            elif isinstance(stmt, Let):
                new = replace(new, target=self.renamed(("let", site), names, stmt.target))
            elif isinstance(stmt, Unpack):
                targets = tuple(self.renamed(("let", site, t), names, t) for t in stmt.targets)
                new = replace(new, targets=targets)
            elif isinstance(stmt, For):
                new = replace(new, var=self.renamed(("for", site), names, stmt.var))
            out.append(ir.with_blocks(new, lambda b: self.rewrite(b, names)))
        return tuple(out)

    def renamed(self, key, names, default):
        return names[self.find(self.at[key])] if key in self.at else default


def _without_unset(block):
    """Return the block without the statements that only give a name a type: this pass gives names afresh."""
    return tuple(
        ir.with_blocks(s, _without_unset)
        for s in block
        if not (isinstance(s, Let) and isinstance(s.value, ir.Op) and s.value.fn == "unset")
    )


def _pure_counters(function: ir.Function) -> set[str]:
    """Return the loop variables that no other statement binds and no loop inside their own binds again."""
    loops = {s.var for s in ir.statements(function.body) if isinstance(s, For)}
    others = {s.target for s in ir.statements(function.body) if isinstance(s, Let)} | set(function.params)
    nested = {s.var for s in ir.statements(function.body) if isinstance(s, For) and s.var in ir.bound_in(s.body)}
    return loops - others - nested - escaping_counters(function.body)


def _merge(envs) -> dict | None:
    envs = [e for e in envs if e is not None]
    if not envs:
        return None
    names = {n for e in envs for n in e}
    return {n: frozenset().union(*(e.get(n, frozenset()) for e in envs)) for n in names}
