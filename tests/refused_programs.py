"""Programs that are refused, with what the message says; « and » mark what its caret has to underline."""

import numpy as np

VECTOR, MATRIX = np.ones(3), np.ones((3, 2))
SYNTAX = {
    "try": ("«try:»\n    y = x\nexcept ValueError:\n    y = 0.0\nreturn y", "try/except is not supported"),
    "try finally": ("«try:»\n    y = x\nfinally:\n    x = 0.0\nreturn y", "try/except is not supported"),
    "with": ("«with open('a') as g:»\n    y = x\nreturn y", "with is not supported"),
    "with that raises": ("«with np.errstate(divide='raise'):»\n    y = 1.0 / x\nreturn y", "with is not supported"),
    "global": ("«global z»\nz = x\nreturn z", "global is not supported"),
    "nonlocal": (
        "z = x\ndef g():\n    «nonlocal z»\n    z = 2.0\n    return z\nreturn g() * z",
        "nonlocal is not supported",
    ),
    "class": ("«class A:»\n    pass\nreturn x", "a class definition is not supported"),
    "del of an element": ("y = (x, x)\ndel «y[0]»\nreturn x", "del of an item of what is no list"),
    "del of a field": ("«del PLAIN.size»\nreturn x", "del of a field"),
    "part of a list that is a number": ("y = [x, x]\n«y[0:1] = x»\nreturn x", "to a part of a list is no list"),
    "part in steps of a list that grows": (
        "y = [x * k for k in range(int(x))]\ny.append(x)\n«y[::2] = [x]»\nreturn x", "is assigned in steps"),
    "part in steps of another length": ("y = [x, x, x]\n«y[::2] = [x]»\nreturn x", "extended slice"),
    "list repeated in place": (
        "n = int(x)\ny = [x * k for k in range(n)]\n«y *= n»\nreturn x", "as often as is known only at run time"),
    "used after del": ("y = x\ndel y\nreturn «y»", "'y' is used after it was deleted"),
    "del on one path": ("y = x\nif x > 3.0:\n    del y\nreturn «y»", "'y' is used after it was deleted"),
    "import": ("«import json»\nreturn x", "an import inside the function"),
    "import from": ("«from json import loads»\nreturn x", "an import inside the function"),
    "import of nothing": ("«from math import sinus»\nreturn x", "math has no sinus"),
    "field of an object": ("«PLAIN.size» = x\nreturn x", "cannot assign to PLAIN.size"),
    "field that is updated": ("«PLAIN.size» += x\nreturn x", "cannot assign to PLAIN.size"),
    "callee without source": ("return «MADE(x)»", "the source of 'made' cannot be found"),
    "set comprehension as a value": ("y = «{k for k in (1, 2)}»\nreturn x", "a set comprehension"),
    "lambda returned": ("«return lambda t: t»", "this cannot be returned"),
    "exec": ("y = «exec('z = 1')»\nreturn x", "no rule for exec()"),
    "star of a run-time list": (
        "def g(*t):\n    return t[0]\nreturn g(«*[x * k for k in range(int(x))]»)", "only tuples known when the"),
    "np.vectorize with a signature": (
        "g = «np.vectorize(math.sin, signature='()->()')»\nreturn g(x)", "np.vectorize with other options than otypes"),
    "np.vectorize of a number": ("g = «np.vectorize(x)»\nreturn g(x)", "is not one of a function"),
    "defaultdict looked at as a whole": (
        "d = «collections.defaultdict(float)»\nfor k in range(int(x)):\n    d[k] += x\nreturn d[7] + len(d)",
        "a dict that makes its items on being asked"),
    "objects in no order": (
        "return «sorted([Thing(x), Thing(2.0 * x)])»[0].size", "objects are put in an order that no comparison of one"),
    "greatest of objects": ("return «max([Plain(2.0), Plain(x)])».size", "an order that no comparison of one key"),
    "step of zero": ("y = np.ones(3) * x\nreturn np.sum(y[«::0»])", "the step of a slice is zero"),
    "ellipsis twice": ("y = np.ones((2, 2)) * x\nreturn np.sum(y[«..., 0, ...»])", "an ellipsis stands twice"),
    "axis twice": ("y = np.ones((2, 2)) * x\nreturn np.sum(«y.transpose(0, 0)»)", "an axis stands twice in this"),
    "zip of other lengths": (
        "s = 0.0\nfor a, b in «zip((x, x), (x,), strict=True)»:\n    s += a * b\nreturn s", "differ in length"),
    "divisor of zero": ("return «x / 0.0»", "divides by what is zero whatever the arguments are"),
    "nothing to join": ("return np.sum(«np.concatenate([])») + x", "need at least one array to concatenate"),
    "choices": ("y = np.ones(2) * x\nreturn np.sum(«np.select([y > 0.0], [y, y])»)", "not as many choices as"),
    "global list written": ("«TABLE[0]» = x\nreturn x", "an item of this list cannot be assigned"),
    "global list grown": ("«TABLE.append(x)»\nreturn x", "TABLE cannot grow here"),
    "match on a class": ("match x:\n    case «float()»:\n        return x\nreturn x * x", "the pattern float() is not"),
    "match on a mapping": ("match x:\n    case «{'a': 1}»:\n        return x\nreturn x * x", "the pattern {'a': 1}"),
    "match on a sequence": ("match x:\n    case «[1, 2]»:\n        return x\nreturn x * x", "a sequence pattern needs"),
    "match with a star": ("match (x, x):\n    case «[a, *b]»:\n        return x\nreturn x * x", "the pattern [a, *b]"),
    "match on True": ("match x:\n    case «True»:\n        return x\nreturn x * x", "the pattern True"),
    "names in alternatives": (
        "match (x, x):\n    case «(1, a) | (a, 1)»:\n        return a\nreturn x", "names in alternatives"),
    "dict comprehension": (
        "y = «{k: x for k in np.ones(3)}»\nz = dict(y)\nreturn x + max(z)", "a dict comprehension over what is"),
    "set comprehension": ("y = «{x * k for k in range(3)}»\nreturn x", "a set comprehension"),
    "generator": ("y = «(x * k for k in range(3))»\nreturn x", "a generator expression"),
    "tuple of a run-time generator": (
        "n = int(x)\nt = «tuple(x * k for k in range(n))»\nreturn x", "a tuple of what is known only at run time"),
    "list as a number": ("y = []\nfor k in range(3):\n    y.append(x)\nreturn «y» * x", "a list stands where one"),
    "list returned": ("y = []\nfor k in range(3):\n    y.append(x)\n«return y»", "this cannot be returned"),
    "index of text": ("y = [x]\nreturn «y.index('a')» * x", ".index() of a list of other than numbers"),
    "index that is not there": ("y = ['a']\nreturn «y.index('b')» * x", "'b' is not in this list"),
    "index between places": ("y = [x, x]\nreturn «y.index(x, 1)» * x", ".index() between two places"),
    "next of a call": ("y = «next(zip((x,), (x,)))»\nreturn x", "next() of other than a generator"),
    "next or None": (
        "y = next((k for k in range(3) if k > x), «None»)\nreturn x", "what next() gives otherwise is no number"),
    "field of an unknown name": ("y = Thing(x)\nreturn getattr(y, «x»)", "getattr() of a field whose name is not"),
    "field of a number": ("return x if «hasattr(x, 'real')» else 0.0", "fields are looked for in what is no object"),
    "object without iter": ("s = 0.0\nfor v in «Plain(x)»:\n    s += v\nreturn s", "that has no __iter__"),
    "lists in a list of a run-time length": (
        "y = «[[] for _ in range(int(x))]»\ny[0].append(x)\nreturn x", "empty lists or tuples are the items"),
    "other list method": ("y = [x]\n«y.remove(x)»\nreturn y[0]", "method .remove() of a list"),
    "list bound anew and grown under both names": (
        "y = [x]\nfor k in range(3):\n    z = []\n    z.append(x)\n    «y = z»\n    z.append(x)\nreturn y[0]",
        "becomes another name of a list"),
    "list of a caller grows": (
        "def g(z):\n    «z.append(x)»\n    return z[-1]\ny = [x * k for k in range(int(x))]\nreturn g(y)",
        "a list that the caller made grows here"),
    "list bound anew while a function sees it": (
        "y = [x * k for k in range(int(x))]\ndef g():\n    return y\nfor k in range(2):\n    z = g()\n"
        "    «y = [v + x for v in y]»\n    y[0] += z[1]\nreturn y[0]", "starts anew while another name shows it"),
    "pop of nothing": ("y = [x]\ny.pop()\nz = «y.pop()»\nreturn x", "pop from a list that has no such item"),
    "growing while looped over": (
        "y = [x]\nfor k in range(3):\n    y.append(x)\nfor v in «y»:\n    y.append(v)\nreturn x", "while it is looped"),
    "growing under another name while looped over": (
        "y = []\nfor k in range(3):\n    y.append(x)\ndef g(v):\n    y.append(v)\nfor v in «y»:\n    g(v)\nreturn x",
        "a list grows or shrinks while it is looped over"),
    "known list written ahead of its loop": (
        "y = [x, x, x]\nfor i, v in enumerate(«y»):\n    y[(i + 1) % 3] = v\nreturn x", "a list is written while"),
    "known list growing in its loop": (
        "y = [x, x]\nfor v in «y»:\n    if len(y) < 4:\n        y.append(v)\nreturn x", "grows or shrinks while"),
    "known list run through backward": (
        "y = [x, x, x]\nfor v in reversed(«y»):\n    y[0] = v\nreturn x", "a list is written while"),
    "dict written ahead of its loop": (
        "y = {'a': x, 'b': x}\nfor k, v in «y.items()»:\n    if v > 0.0:\n        y['b'] = v\nreturn x",
        "a dict is written while it is looped over"),
    "view of a dict": (
        "y = {'a': x, 'b': x}\nv = «y.values()»\ny['a'] = 2.0 * x\nreturn sum(v)", "is kept, and the dict is written"),
    "array bound anew in what is added": (
        "a = x * np.ones(3)\n«a += (a := 2.0 * a)»\nreturn a[0]", "the array is bound anew in what is added to it"),
    "name bound in a condition of any": (
        "w = 0.0\nif any(v > 0.0 for v in (x, 2.0) if «(w := v) < 1.0»):\n    x = w\nreturn x",
        "in a condition of what any"),
    "whole number too large": ("return x * «123456789012345678901»", "a whole number of more than 64 bits"),
    "power too large": ("return x * («2 ** 64» / 10.0)", "a whole number of more than 64 bits"),
    "shift too large": ("return x * («1 << 63»)", "a whole number of more than 64 bits"),
    "truth values added": ("return x * («(x > 1.0) + (x < 3.0)»)", "truth values are added"),
    "~ of a truth value": ("return x * «~(x > 1.0)»", "~ of a truth value"),
    "no such character": ("return x if «'ab'[2]» == 'a' else 2.0 * x", "no item 2 in this text"),
    "array without axes written": (
        "a = x * np.ones(3)\ns = a[..., 0]\n«s += 1.0»\nreturn a[0]", "'s' is a part of an array, and is written"),
    "array written under a part without axes": (
        "a = np.array([x, 1.0])\ns = a[..., 0]\n«a[0] = 2.0»\nreturn s", "of which 's' is a part without axes"),
    "two names of an array without axes": (
        "s = np.array(x)\nt = s\n«t += 1.0»\nreturn s", "an array without axes that has two names"),
    "functions in a growing list": (
        "y = []\nfor k in range(3):\n    «y.append(math.sin)»\nreturn x", "neither a number nor an array"),
    "lists in a growing list": (
        "y = []\nz = [x, x]\nfor k in range(3):\n    «y.append(z)»\nz[0] = 2.0\nreturn x",
        "'z' is put into a list, and one of the two is written"),
    "slice of a list of arrays": (
        "y = [x * np.ones(2) for k in range(int(x))]\n«z = y[1:]»\nz[0][1] = 5.0\nreturn y[1][1]",
        "'y' is put into a list, and one of the two is written"),
    "slice of a list of arrays joined": (
        "y = [x * np.ones(2) for k in range(int(x))]\nz = «y[1:] + [np.ones(2)]»\nz[0][1] = 5.0\nreturn y[1][1]",
        "put into a list, and one of the two is written"),
    "slice of a list of tuples of arrays": (
        "y = [(x * np.ones(2), 1.0) for k in range(int(x))]\n«z = y[1:]»\nz[0][0][1] = 5.0\nreturn y[1][0][1]",
        "'y' is put into a list, and one of the two is written"),
    "columns of arrays": (
        "y = [(x * np.ones(2), 1.0) for k in range(int(x))]\nz, w = «zip(*y)»\nreturn z[0][1]",
        "zip(*rows) of other than tuples of numbers"),
    "rows in order": (
        "z = «sorted(np.ones((2, 3)))»\nreturn x * z[0]", "sorted() of tuples or rows"),
    "a list of arrays as long as a name says": (
        "n = int(x)\ny = «[np.ones(2)] * n»\nreturn x * y[0][0]", "a list of one thing other than a number"),
    "a key that is an array": (
        "y = np.ones((2, 3))\nz = «sorted(range(2), key=lambda i: y[i])»\nreturn x * z[0]", "a key that is neither"),
    "a text as it is not known": ("y = «str.split('a b')»\nreturn x", "there is no rule for"),
    "dict in a list that grows": (
        "y = []\nfor k in range(3):\n    «y.append({'a': x})»\nreturn x", "a dict, which could be written, is an item"),
    "tuples and numbers in a list": (
        "y = [x]\nfor k in range(3):\n    «y.append((x, x))»\nreturn y[0]", "not of one form"),
    "list of tuples of tuples as an array": (
        "y = []\nfor k in range(3):\n    y.append((x, (x, x)))\nz = «np.array(y)»\nreturn x",
        "a list of tuples of tuples"),
    "item of a list of tuples updated": (
        "y = []\nfor k in range(3):\n    y.append((x, x))\n«y[0]» += x\nreturn x", "an item of a list of tuples is"),
    "captured list grown by a callee": (
        "def g(t):\n    «t.append(x)»\n    return t[0]\nreturn g(TABLE)", "t cannot grow here"),
    "starting anew under two names": (
        "y = [x]\nfor k in range(3):\n    z = y\n    y.append(x)\n    «y = []»\nreturn x", "starts anew while"),
    "slice of a list assigned": (
        "y = []\nfor k in range(3):\n    y.append(x)\n«y[1:] = x»\nreturn x", "to a part of a list is no list"),
    "item of a tuple assigned": ("y = (x, x)\n«y[0]» = 2.0\nreturn x", "only elements of arrays can be assigned"),
    "missing item assigned": ("y = [x]\n«y[3]» = 2.0\nreturn x", "no item 3 in this list"),
    "text that is new in a dict": (
        "y = {'a': x}\nfor k in range(3):\n    «y['b']» = 'b'\nreturn x", "'b' is new in a"),
    "key on some paths": (
        "y = {'a': x}\nif x > 3.0:\n    y['b'] = x\nreturn x * len(«y»)", "has the key 'b' on some paths only"),
    "key of a list in a branch": (
        "y = {'a': [x]}\nz = y\nif x > 3.0:\n    «y['a']» = [1.0]\nreturn z['a'][0]", "becomes an item of a dict"),
    "memo handed on": (
        "def g(d, k):\n    d[«k»] = x\n    return x\nd = {}\nfor k in range(int(x)):\n    g(d, k)\n"
        "return d[0] + max(d.values())",
        "a key known only at run time is not supported"),
    "lists by keys": (
        "d = {}\nfor k in range(int(x)):\n    d[«k»] = []\n    d[k].append(x)\nreturn max(d.values())[0]",
        "a key known only at run time is not supported"),
    "asked for what makes its items": (
        "d = «collections.defaultdict(float)»\ny = 0.0\nfor k in range(int(x)):\n    y += d[k] * x\nreturn y * len(d)",
        "a dict that makes its items on being asked"),
    "dict method": ("y = {'a': x}\n«y.popitem()»\nreturn x", "method .popitem() of a dict"),
    "dict loses a key in a branch": (
        "y = {'a': x, 'b': x}\nif x > 3.0:\n    «y.pop('b')»\nreturn y['a']", "loses a key in a branch"),
    "key that a dict has not": ("y = {'a': x}\nreturn «y.pop('q')»", "no item 'q' in this dict"),
    "written list bound anew": (
        "y = [x]\nz = (y, 1)\nfor k in range(2):\n    y.append(x)\n    z[0].append(x)\n    «y = [x]»\nreturn sum(z[0])",
        "starts anew while another name shows it"),
    "field with a list bound anew": (
        "y = Thing([x])\nz = y.size\nfor k in range(2):\n    «y.size = [x * k]»\nreturn sum(z)",
        "is bound anew in a branch or loop, and what it was has another name"),
    "name of a list in a field that is bound anew": (
        "y = Thing([x])\nfor k in range(2):\n    y.size = [x * k]\n«z = y.size»\nreturn sum(z)",
        "another name of what a field is bound to anew"),
    "field that becomes another name": (
        "y = Thing([x])\nz = [1.0]\nfor k in range(2):\n    «y.size = z»\nz[0] = x\nreturn sum(y.size)",
        "becomes another name in a branch or loop of a list"),
    "list in a field put into a list": (
        "y = Thing([x])\nz = []\nfor k in range(2):\n    «z.append(y.size)»\n    y.size[0] = x * k\nreturn z[0][0]",
        "a list or dict with several names is an item"),
    "field that is no list in a loop": (
        "y = Thing(None)\nfor k in range(2):\n    «y.size» = []\n    y.size.append(x)\nreturn sum(y.size)",
        "the field 'size' changes its form"),
    "captured list in a field": (
        "y = Thing(TABLE)\nfor k in range(2):\n    «y.size.append(x)»\nreturn x", "y.size cannot grow here"),
    "rows of a field that have names": (
        "z = [x, x]\ny = Thing(1.0)\n«y.size = [z, z]»\nfor k in range(2):\n    y.size[k][0] = x * k\nreturn z[0]",
        "lists that have names are items"),
    "list in a field chosen": (
        "y, z = Thing({'a': x}), Thing({'a': 1.0})\nw = «y.size if x > 3.0 else z.size»\nw['a'] = 2.0\n"
        "return y.size['a']", "one list or dict of two"),
    "dict of two names bound anew": (
        "y = {'a': x}\nz = y\nw = {'a': 1.0}\nfor k in range(2):\n    z['a'] = 2.0 * x\n    «z = w»\nreturn y['a']",
        "becomes another"),
    "dict written while it is kept": (
        "y = {'a': x}\nz = y\nv = «y.values()»\nz['a'] = 2.0\nreturn sum(v)", "what y.values() gives is kept"),
    "object bound anew while it has another name": (
        "y = Thing(x)\nz = y\nfor k in range(int(x)):\n    «y = Thing(x * k)»\n    y.size += x\nreturn z.size",
        "becomes another object, and the one that it was has another name"),
    "name of an object that becomes others": (
        "y = Thing(x)\nfor k in range(int(x)):\n    y = Thing(y.size * k)\n    y.size += 1.0\n    if k > 1:\n"
        "        continue\n    «z = y»\nreturn y.size + z.size",
        "an object that becomes another one in a branch or loop gets another name"),
    "object that is still read": (
        "y = Thing(x)\nfor k in range(int(x)):\n    z = Thing(x * k)\n    if x > k:\n        «y = z»\n"
        "    z.size += 1.0\nreturn y.size", "becomes another name of an object inside"),
    "two names of one object in a loop": (
        "y, z = Thing(x), Thing(1.0)\nfor k in range(3):\n    «y, z = z, z»\n    y.size += x\nreturn z.size",
        "two names become one object"),
    "object with a field more": (
        "y = Thing(x)\nfor k in range(int(x)):\n    z = Thing(x)\n    z.other = 1.0\n    «y = z»\nreturn y.size",
        "an object with other fields takes the place"),
    "object of another class": (
        "y = Thing(x)\ny.size += 1.0\nfor k in range(3):\n    «y = Plain(x)»\n    y.size += 1.0\nreturn y.size",
        "the object 'y' changes its form"),
    "objects with tuples that change places": (
        "y, z = Thing((x, x)), Thing((x, 1.0))\nfor k in range(3):\n    «y, z = z, y»\n    y.size = (x, x * k)\n"
        "return y.size[0] + z.size[1]", "objects whose fields hold lists or tuples change places"),
    "None and an object that is written": (
        "y = None\nfor k in range(int(x)):\n    z = Thing(x)\n    z.size += x\n    «y = z»\nreturn x",
        "is None before it becomes an object that is written"),
    "None or an object that is written": (
        "y = None\nfor k in range(int(x)):\n    z = Thing(x)\n    z.cost = x\n    if y is None or «y».cost < x:\n"
        "        y = z\nreturn x", "is None, and an object that is written"),
    "object in a field that has another name": (
        "y, z = Thing(Plain(x)), Plain(2.0)\nfor k in range(3):\n    «y.size = z»\n    y.size.size += x\nreturn z.size",
        "becomes another object in a branch or loop, and one"),
    "endless items": (
        "import itertools\nfor a in «itertools.cycle((x, x))»:\n    break\nreturn x", "no rule for itertools.cycle()"),
    "islice": ("import itertools\nreturn sum(«itertools.islice((x, x))»)", "islice() takes 2 to 4 arguments"),
    "object with ways of its own": ("y = «Other(x)»\nreturn y.size", "Other() makes an object of a class"),
    "object that is returned": ("y = Thing(x)\n«return y»", "an object that is made here cannot be returned"),
    "new field of no number": (
        "y = Thing(x)\nif x > 0.0:\n    «y.name» = 'a'\nreturn y.size", "the field 'name' is new in a branch or loop"),
    "field that holds a dict and is updated": (
        "y = Thing({'a': x})\n«y.size» += 2.0\nreturn y.size['a']",
        "y.size is no number and no array, and is updated"),
    "field that changes its form": (
        "y = Thing((x, x))\nif x > 0.0:\n    «y.size» = 2.0\nreturn y.size", "the field 'size' changes its form"),
    "objects that are compared": (
        "y, z = Plain(x), Plain(x)\ny.size = 2.0\nreturn x if «y == z» else 0.0",
        "objects whose fields are written are compared"),
    "object updated by what binds it": (
        "y = Thing(np.ones(2) * x)\ndef g():\n    y.size = np.ones(2)\n    return 1.0\n«y.size += g()»\n"
        "return np.sum(y.size)", "the field is bound anew in what is added to it"),
    "missing field": ("y = «Plain()»\nreturn y.size", "missing fields size"),
    "replace of a number": ("y = «dataclasses.replace(x, size=1.0)»\nreturn y", "replace() of this is not supported"),
    "unknown field": ("y = «Plain(x).length»\nreturn y", "no field 'length'"),
    "method of a dataclass": ("y = «Plain(x).volume()»\nreturn y", "method .volume() of a dataclass"),
    "operator of a dataclass": ("y = «Plain(x) + Plain(x)»\nreturn y.size", "Plain has no method for this operator"),
    "tuple indexed by a name": ("y = (x, 2.0)\nreturn «y['a']»", "a tuple is indexed by 'a'"),
    "keys at run time": ("y = «dict(enumerate(np.ones(3)))»\nreturn x", "a dict of what is known only at run time"),
    "a dict of no pairs": ("y = «dict((x, 2.0))»\nreturn x", "a dict of other than pairs"),
    "starred array": ("y = (x, «*np.ones(3)»)\nreturn x", "only tuples known when the function is read"),
    "pow with a modulus": ("return «pow(x, 2, 3)»", "pow() with a modulus"),
    "round of an array": ("return np.sum(«round(np.ones(2) * x, 2)»)", "round() of an array"),
    "text that is no number": ("return «float('a')» * x", "could not convert string to float"),
    "function of statistics": (
        "return «statistics.harmonic_mean([x, 2.0])»", "there is no rule for statistics.harmonic_mean()"),
    "rows of a star": (
        "y = x * np.ones((2, 2))\n«a, *b = y»\nreturn a[0]", "items of an array that has not one axis"),
    "list of rows": ("y = x * np.ones((2, 2))\nz = «y.tolist()»\nreturn z[0][0]", "an array that has not one axis"),
    "option of max": ("return «max([x, 2.0], reverse=True)»", "option reverse of max"),
    "zip as a value": ("z = «zip((x,), (x,))»\nreturn x", "there is no rule for zip()"),
    "break out of combinations": (
        "from itertools import combinations\n«for i, j in combinations(range(3), 2):»\n    x += i\n"
        "    if x > 3.0:\n        break\nreturn x",
        "a loop over combinations that is left by break"),
    "combinations of a width that is not known": (
        "import itertools\nfor t in «itertools.combinations(np.ones(3), int(x))»:\n    x += t[0]\nreturn x",
        "itertools.combinations() of what is known only at run time"),
    "break out of permutations": (
        "from itertools import permutations\n«for a, b in permutations(np.ones(3), 2):»\n    x += a\n"
        "    if x > 2.0:\n        break\nreturn x",
        "a loop over permutations that is left by break"),
    "None before a number": (
        "y = None\n«for y in np.ones(3):»\n    pass\nreturn x", "'y' is None before it is bound to a number"),
    "tuples of other forms from trip to trip": (
        "a = (x,)\nwhile a[0] < 9.0:\n    x += a[0]\n    «for a in [(x,), (x, x)]:»\n        x += len(a)\nreturn x",
        "the tuple 'a' changes its form"),
    "part of another form": (
        "y = (x, (x, 2.0))\nfor k in range(3):\n    «y = (y[1], x)»\nreturn x", "a part in 'y' changes its form"),
    "list in a tuple bound anew": (
        "y, z = [], []\nfor k in range(3):\n    y.append(x)\n    z.append(k)\nt = (y, x)\n"
        "if x > 2.0:\n    «t = (z, x)»\nreturn t[0][0]", "a part in 't' changes its form"),
    "function in a dict bound anew": (
        "d = {'f': math.sin}\nif x > 2.0:\n    «d = {'f': math.cos}»\nreturn d['f'](x)", "a part in 'd' changes its"),
    "keys in another order": (
        "d = {'a': x, 'b': 2.0}\nif x > 2.0:\n    «d = {'b': 1.0, 'a': x}»\nreturn list(d.values())[0] * x",
        "the dict 'd' gets its keys in another order"),
    "recursion over a list from around": (
        "y = []\ndef g(t):\n    if t > 1.0:\n        y.append(t)\n        g(t - 1.0)\n«g(x)»\nreturn sum(y)",
        "g calls itself, and uses a list from around it"),
    "recursion inside": (
        "g = lambda t: t if t < 1.0 else «g(t - 1.0)»\nreturn g(x)", "g calls itself, and is defined inside"),
    "text chosen at run time": ("y = «'a' if x > 1.0 else 'b'»\nreturn x", "a text is chosen by a test"),
    "variable of a comprehension": (
        "fs = [lambda t: t * k for k in (1.0, 2.0)]\nreturn «fs[0](x)»", "variable of a comprehension that has"),
    "rows joined": (
        "t = [[x] * int(x) for k in range(3)]\ny = «t[0] + t[1]»\nreturn y[0]", "rows of a list of lists are joined"),
    "list joined with a tuple": (
        "y = []\nfor k in range(3):\n    y.append(x)\nz = «y + (x,)»\nreturn z[0]", "a list and a tuple are joined"),
    "slice in a tuple": (
        "t = (slice(0, 2),)\nif x > 3.0:\n    «t = (slice(1, 3),)»\nreturn x + np.ones(3)[t][0]", "a slice in 't'"),
    "max of nothing": ("return x * «max(())»", "max() of nothing"),
    "computed key": ("y = {«x»: x}\nz = dict(y)\nreturn x", "a key known only at run time"),
    "set display": ("y = «{x}»\nreturn x", "a set of other than constants"),
    "f-string": ("y = «f'a{x}'»\nreturn x", "text that is put together of what is known only at run time"),
    "f-string with a format": ("y = «f'a{2:03d}'»\nreturn x", "text that is put together of what is known only"),
    "starred call": ("def g(*a):\n    return a[0]\nz = x * np.ones(1)\nreturn g(«*z»)", "can be starred here"),
    "choice behind a call that may write": (
        "def g(a):\n    a[0] = 3.0\n    return a[1]\nz = x * np.ones(2)\n"
        "return np.sum(g(z) * («z if z[0] > 1.0 else 2.0»))",
        "1 and 0 axes"),
    "choice of tuples in a loop over them": (
        "s = 0.0\nfor v in «(x, 2.0) if x > 0.0 else (x,)»:\n    s += v\nreturn s", "have different forms"),
    "choice that is not always made": (
        "z = x * np.ones(2)\nreturn 1.0 if 3.0 < x < np.sum(«z if z[1] > 0.0 else x») else x", "1 and 0 axes"),
    "what a line with a problem binds": (
        "y = «np.packbits(x)»\nz = np.einsum('i,i->', y, y)\nreturn z + y[0]", "np.packbits()"),
    "starred callee": ("def g(**a):\n    return «a['u']»\nreturn g(t=x)", "no item 'u' in this dict"),
    "option of nobody": (
        "def g(t, **a):\n    return «h(t, **a)»\ndef h(t):\n    return t\nreturn g(x, u=x)", "unexpected argument 'u'"),
    "function or number": (
        "def g(t):\n    if t > 0.0:\n        return math.sin\n    «return t»\ng(x)\nreturn x",
        "the returns of this function have different forms",
    ),
    "too few names": ("«a, b = x, x, x»\nreturn a", "3 values for 2 names"),
    "attribute store": ("«x.scale» = 3.0\nreturn x", "cannot assign to x.scale"),
    "string result": ("return «'a'»", "text is used as a number"),
    "string arithmetic": ("return «x ** 'a'»", "string arithmetic"),
    "is": ("return x if «x is 2.0 * x» else 0.0", "`is` between values"),
    "in a number": ("return 1.0 * («x in x * 2.0»)", "`in` needs a tuple known"),
    "tuple in a list": (
        "y = []\nfor k in range(3):\n    y.append((k, x))\nreturn 1.0 * («(1, x) in y»)", "`in` needs a tuple known"),
    "text and number": ("return x if «x < 'a'» else 0.0", "text is compared with a number"),
    "dtype of a sum": (
        "z = x * np.ones(3)\nreturn x if «z.sum().dtype == np.float64» else 0.0", "the dtype of this is not known"),
    "type of a number": ("return x if «type(x)» is float else 0.0", "the type of this is not known"),
    "shape in arithmetic": ("return np.sum(np.ones(2) / «np.ones(2).shape») * x", "a whole shape is used as a value"),
    "dtype and number": ("return x if «np.ones(3).dtype == 3» else 0.0", "the dtype of this is not known"),
    "tuple and number": ("return x if «x == (1.0, 2.0)» else 0.0", "a number is compared with a tuple"),
    "forms of a choice": ("«y = (x, x) if x > 3.0 else x»\nreturn x", "'y' changes between"),
    "lost loop variable": (
        "for f in (math.sin, math.cos):\n    if x > 3.0:\n        break\nreturn «f»(x)", "depends on the path taken"),
    "function bound in a branch": (
        "f = math.sin\nif x > 3.0:\n    «f = math.cos»\nreturn f(x)", "inside a branch or loop"),
    "text bound in a branch": ("k = 'a'\nif x > 3.0:\n    «k = 'b'»\nreturn x", "'k' is bound anew to a text"),
    "shape bound in a branch": (
        "a = np.ones(3)\ns = a.shape\nif x > 3.0:\n    «s = np.ones(2).shape»\nreturn x * s[0]", "the shape 's'"),
    "form of a slice": (
        "s = slice(1, 3)\nif x > 3.0:\n    «s = slice(2, None)»\nreturn x * np.sum(np.ones(5)[s])", "the slice 's'"),
    "loop over a set": ("for v in «{1.0, 2.0}»:\n    x += v\nreturn x", "a loop over this"),
    "zip with an option": ("for v in «zip((1.0,), key=3)»:\n    x += v\nreturn x", "this loop over zip"),
    "range with a step of 0": (
        "s = 0.0\nfor k in «range(0, 3, 0)»:\n    s += x\nreturn s", "range() with a step of 0"),
    "length of a range with a step of 0": ("return x * len(«range(0, 3, 0)»)", "range() with a step of 0"),
    "range of floats": ("return sum(x * k for k in «range(3.0)»)", "a range of other than whole numbers"),
    "range of four": ("for k in «range(1, 2, 3, 4)»:\n    x += k\nreturn x", "range() takes 1 to 3 arguments"),
    "tuple index": (
        "t = ((x, (x, x)), (x, (x, x)))\nk = int(x)\nreturn «t[k]»[0]",
        "a tuple is indexed by a value known only at run time",
    ),
    "changing tuple": ("if x > 0.0:\n    y = (x, 2.0)\nelse:\n    «y = 1.0»\nreturn x", "between a tuple and a number"),
    "function on one path": (
        "if x > 0.0:\n    def g(t):\n        return t\nelse:\n    def g(t):\n        return 2.0 * t\nreturn «g»(x)",
        "'g' stands for different things on different paths",
    ),
    "function bound anew": (
        "g = math.sin\nif x > 0.0:\n    «g = math.cos»\nreturn g(x)", "'g' is bound anew to a function"
    ),
    "pairs in pairs": (
        "head = None\nfor k in range(3):\n    «head = (x, head)»\nreturn head[0]", "the tuple 'head' changes its form"),
    "pair and triple": (
        "t = None\nfor k in range(3):\n    if t is None:\n        t = (x, x)\n    else:\n        «t = (x, x, x)»\n"
        "return t[0]", "the tuple 't' changes its form"),
    "function as a number": (
        "import functools\nf = functools.partial(np.clip, a_min=0.0)\nreturn x + «f»",
        "'a partial' is used as a number"),
    "choice of tuples": ("«a, b = (x, 2.0) if x > 0.0 else (x, 2.0, 3.0)»\nreturn a", "3 values for 2"),
    "computed raise": ("if x > 3.0:\n    «raise math.e»\nreturn x", "raise"),
    "decorated inner": ("@njit\n«def g(t):»\n    return t\nreturn x", "a decorated inner function"),
    "async inner": ("«async def g(t):»\n    return t\nreturn x", "sync"),
    "yield value": ("y = «yield x»\nreturn y", "yield is not supported"),
    "expression statement": ("«x + 1.0»\nreturn x", "an expression alone does nothing"),
}  # fmt: skip
DRAWS = {
    "active parameter": (
        "return «np.random.normal(x, 1.0)»", "a parameter of np.random.normal() depends on a differentiated argument"),
    "active through": ("s = 2.0 * x\nz = «np.random.exponential(s, 3)»\nreturn np.sum(z)", "np.random.exponential()"),
    "active rate": ("return x * «np.random.poisson(x)»", "a parameter of np.random.poisson()"),
    "generator made inside": ("rng = «np.random.default_rng(0)»\nreturn x * rng.normal()", "cannot be made here"),
    "captured generator": ("return x * «RNG.normal()»", "the random generator 'RNG' is captured"),
    "generator as a number": ("return x + «RNG»", "used as a number"),
    "unknown method": ("return «x.normal()»", "method .normal() of float64 is not supported"),
    "option": ("return x * «np.random.normal(0.0, 1.0, dtype=float)»", "option 'dtype' of np.random.normal"),
    "missing parameter": ("return x * «np.random.gamma()»", "misses argument 'shape'"),
    "too many": ("return x * «np.random.normal(0.0, 1.0, 3, 4)»", "too many arguments"),
    "choice with p": ("return x * «np.random.choice(3, p=np.ones(3) / 3.0)»", "with p= is not supported"),
    "array parameters": (
        "return x * np.sum(«np.random.normal(np.zeros(3), 1.0)»)", "must be numbers, not arrays"),
    "in a checkpointed loop": (
        "«for k in sg.checkpoint(range(3)):»\n    x = x * np.random.normal()\nreturn x", "draw its random numbers"),
    "list in a checkpointed loop": (
        "y = [x]\n«for k in sg.checkpoint(range(3)):»\n    y.append(y[-1] * x)\nreturn y[-1]", "a list that grows"),
    "shuffled expression": ("«np.random.shuffle(np.arange(3) * 2)»\nreturn x", "only named arrays can be shuffled"),
    "no rule": ("return x * «np.random.dirichlet(np.ones(3))»[0]", "no rule for np.random.dirichlet()"),
}  # fmt: skip
HINTS = {
    "value of print_grad": ("«sg.print_grad(x, 'x')»\nreturn x * x", "the value of print_grad is not used"),
    "value of stop_gradient": ("«sg.stop_gradient(x)»\nreturn x * x", "the value of stop_gradient is not used"),
    "label": ("k = 2\nreturn «sg.print_grad(x, k)»", "the label of print_grad is not a constant text"),
    "a tuple": ("return «sg.print_grad((x, x))»", "a tuple stands where one number or array is needed"),
    "arguments": ("return «sg.stop_gradient(x, x)»", "sg.stop_gradient: too many positional arguments"),
    "keyword": ("return «sg.print_grad(x, text='x')»", "sg.print_grad: got an unexpected keyword argument 'text'"),
    "nondifferentiable": (
        "return x * «table(2.0 * x)»",
        "table() is nondifferentiable, and 't' in this call depends on a differentiated argument",
    ),
}
UNKNOWN = {
    "numpy function": ("return np.sum(«np.packbits(x)»)", VECTOR, "np.packbits()"),
    "linalg": ("return «np.linalg.eigvals(x)»", VECTOR, "np.linalg.eigvals()"),
    "builtin": ("return «eval('x')»", 2.0, "eval()"),
    "method": ("return «x.tobytes()»", VECTOR, ".tobytes()"),
    "attribute": ("return «x.nbytes»", 2.0, ".nbytes"),
    "missing attribute": ("return «np.frobnicate»(x)", 2.0, "np.frobnicate does not exist"),
    "undefined name": ("return «frobnicate»(x)", 2.0, "name 'frobnicate' is not defined"),
    "undefined value": ("return x * «scale»", 2.0, "name 'scale' is not defined"),
    "option": ("return «np.std(x, mean=2.0)»", VECTOR, "option mean of np.std is not supported"),
    "ufunc option": ("return «np.exp(x, dtype=float)»", 2.0, "option dtype of np.exp"),
    "method's option": ("return np.sum(«x.compress([True], mode='clip')»)", VECTOR, "option mode of x.compress"),
    "conversion that may be none": ("return np.sum(«x.astype(float, copy=False)»)", VECTOR, "may give the array"),
    "axes of a new array": ("return np.sum(«np.array(x, ndmin=2)»)", VECTOR, "option ndmin of np.array"),
    "option by its place": ("return np.median(x) + «np.median(x, 0, None, True)»", VECTOR, "overwrite_input"),
    "rows compared": ("return np.sum(«max(x)»)", MATRIX, "max() compares the rows of an array"),
    "argument count": ("return «math.sin(x, x)»", 2.0, "math.sin takes 1 arguments, 2 given"),
    "helper's argument": ("def g(t):\n    return t\nreturn «g(x, u=2.0)»", 2.0, "unexpected argument 'u'"),
    "helper's missing argument": ("def g(t, u):\n    return t\nreturn «g(x)»", 2.0, "misses argument 'u'"),
}
KINDS = {
    "size": ("return x[0] * np.sum(«np.zeros(3.0)»)", (VECTOR,), "a size must be an integer, not float64"),
    "size of a new shape": ("return np.sum(«x.reshape(len(x) / 1)»)", (VECTOR,), "a size must be an integer"),
    "size of a matrix": ("n = len(x) / 2\nreturn x[0] * np.sum(«np.eye(n)»)", (VECTOR,), "a size must be an integer"),
    "items of a number": ("«a, b = x[0]»\nreturn a * b", (VECTOR,), "a number is unpacked"),
    "pairs in a vector": ("s = 0.0\n«for a, b in x:»\n    s += a * b\nreturn s", (VECTOR,), "a number is unpacked"),
    "loop over a number": ("s = 0.0\nfor v in «x[0]»:\n    s += v\nreturn s", (VECTOR,), "a number is looped over"),
    "int of an array": ("return np.sum(x * «int(x)»)", (VECTOR,), "int() of an array, which Python does not have"),
    "float of an array": ("return np.sum(«float(x)»)", (VECTOR,), "float() of an array, which Python does not have"),
    "bool of an array": ("return np.sum(x * «bool(x > 0.0)»)", (VECTOR,), "bool() of an array, which Python does not"),
    "function of math of an array": ("return np.sum(«math.sin(x)»)", (VECTOR,), "sin() of an array, which Python does"),
    "arrays joined by and": ("m = «(x > 0.0) and (x < 1.0)»\nreturn np.sum(x * m)", (VECTOR,), "truth of an array"),
    "comparisons of an array in a chain": ("return np.sum(x[«0.0 < x < 1.0»])", (VECTOR,), "truth of an array"),
    "not of an array": ("return np.sum(x[«not (x > 0.0)»])", (VECTOR,), "the truth of an array is ambiguous"),
    "greatest of two arrays": ("return np.sum(«max(x, 0.0)»)", (VECTOR,), "max() compares arrays as a whole"),
    "negative power of integers": ("return np.sum(x * «np.arange(1, 4) ** -1»)", (VECTOR,), "to a negative power"),
    "truth as an index": ("return «x[x[0] > 0.0]»", (VECTOR,), "an index must be an integer, not bool"),
    "mask of too many axes": ("return np.sum(«x[y > 0.0]»)", (VECTOR, MATRIX), "too many indices: 2 for float64[:]"),
    "places of too many axes": ("return 1.0 * «np.nonzero(x)[1]»[0]", (VECTOR,), "an array with 1 axes has no item 1"),
    "float bound": ("return np.sum(«x[: y]»)", (VECTOR, 2.0), "an index must be an integer, not float64"),
    "diagonal": ("return np.sum(«np.diag(x[:, :, None])»)", (MATRIX,), "the diagonal of float64[:, :, :]"),
    "diagonal written": (
        "d = np.diag(x)[1:]\n«d[0] = 2.0»\nreturn np.sum(x)", (MATRIX,),
        "'d' shows a diagonal or repeated elements, and is read-only",
    ),
    "diagonal of one axis": ("«np.fill_diagonal(x, 1.0)»\nreturn x[0]", (VECTOR,), "with one axis"),
    "diagonal from itself": (
        "«np.fill_diagonal(x, x.diagonal()[::-1])»\nreturn x[0, 0]", (MATRIX,),
        "np.fill_diagonal reads the array while it writes it",
    ),
    "mask as places": ("«np.put(x, x > 0.0, 1.0)»\nreturn x[0]", (VECTOR,), "a mask is taken for the places 0 and 1"),
    "mask to take": ("return np.sum(«np.take(x, x > 0.0)»)", (VECTOR,), "a mask is taken for the places 0 and 1"),
    "array of nothing": ("return np.sum(«np.array(object=x)»)", (VECTOR,), "this array has no items"),
    "array in an element": ("«x[0] = y»\nreturn x[0]", (VECTOR, VECTOR), "an array is stored in one element"),
    "axes": ("return np.sum(«np.swapaxes(x, 0, 2)»)", (MATRIX,), "axes (0, 2) of an array with 2 axes"),
    "floats into integers": (
        "k = np.zeros(3, dtype=np.int64)\n«k += x»\nreturn np.sum(k * x)",
        (VECTOR,),
        "float64[:] is written into int64[:] in place",
    ),
    "float results into integers": (
        "k = np.zeros(3, dtype=np.int64)\n«np.add(x, 1.0, out=k)»\nreturn np.sum(k * x)",
        (VECTOR,),
        "float64[:] is written into int64[:] in place",
    ),
    "one of two arrays": (
        "if x[0] > 0.0:\n    «c = x»\nelse:\n    c = y\nc[0] = 2.0\nreturn np.sum(x)",
        (VECTOR, VECTOR),
        "'c' becomes another name of an array, and is written",
    ),
    "copy or view": ("v = «x[:, 1:].ravel()»\nv[0] = 2.0\nreturn np.sum(x)", (MATRIX,), "'v' may be another name"),
    "view bound anew in other sizes": (
        "«v = x[:, 0]»\nx[0] = 3.0\nfor k in range(2):\n    v = v[1:] * 2.0\nreturn np.sum(v)",
        (MATRIX,),
        "'v' becomes another name of an array, and is written",
    ),
    "view of a view": ("v = «x.T.ravel()»\nw = v[1:]\nw[0] = 2.0\nreturn np.sum(x)", (MATRIX,), "'v' may be another"),
    "shape bound anew": (
        "s = x.shape\nfor i in range(2):\n    «s = x[1:].shape»\nreturn x[0] * s[0]",
        (VECTOR,),
        "the shape 's' is bound anew",
    ),
    "float index": ("return «x[1.0]»", (VECTOR,), "an index must be an integer, not float64"),
    "too many indices": ("return «x[0, 1]»", (VECTOR,), "too many indices: 2 for float64[:]"),
    "index of a number": ("return «x[0]»", (2.0,), "too many indices"),
    "store into a number": ("«x[0] = 1.0»\nreturn x", (2.0,), "not an array"),
    "axis": ("return np.sum(«np.sum(x, axis=2)»)", (MATRIX,), "axis 2 of an array with 2 axes"),
    "negative axis": ("return np.sum(«np.max(x, axis=-3)»)", (MATRIX,), "axis -3 of an array with 2 axes"),
    "axis of shape": ("return np.sum(x) * «x.shape[2]»", (MATRIX,), "axis 2"),
    "range": ("y = 1.0\n«for k in range(x):»\n    y *= x\nreturn y", (2.0,), "range() needs integers"),
    "truth": ("«if x:»\n    return 1.0\nreturn np.sum(x)", (VECTOR,), "the truth of an array"),
    "rank": (
        "if x[0] > 0.0:\n    y = x\nelse:\n    «y = x[0]»\nreturn np.sum(y)",
        (VECTOR,),
        "'y' holds float64[:] and then float64",
    ),
    "constant shapes": ("«return np.sum(x * (np.ones(3) + np.ones(4)))»", (2.0,), "3 and 4"),
    "used before": ("«y = z + x»\nz = 2.0\nreturn y", (2.0,), "'z' is used before it is assigned"),
}
RESULTS = {
    "array": ("«return x»", (VECTOR,), "f returns float64[:], grad needs one number"),
    "tuple": ("«return x, x»", (2.0,), "f returns several values"),
    "integer": ("«return int(x)»", (2.0,), "f returns int64, not a float"),
    "integer constant": ("«return 3»", (2.0,), "f returns int64, not a float"),
    "bool": ("«return x > 1.0»", (2.0,), "f returns bool, not a float"),
    "place": ("«return np.argmax(x)»", (VECTOR,), "f returns int64"),
    "None": ("«return None»", (2.0,), "cannot be returned"),
    "bare": ("«return»", (2.0,), "cannot be returned"),
    "shape": ("«return x.shape»", (VECTOR,), "cannot be returned"),
    "different forms": ("if x > 1.0:\n    return x\n«return x, x»", (2.0,), "different forms"),
}
