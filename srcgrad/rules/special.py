"""Rows of the special functions, by the names they have in `scipy.special`.

A partial is a formula that keeps its digits: where the closed form cancels (at 0, or far out) the same function stands
in another form, a hypergeometric function or the first terms of its expansion. Formulas are those of the Digital
Library of Mathematical Functions, by section.
"""

from __future__ import annotations

from .rows import ROWS, row

_POSITIVE, _UNIT, _WIDE = (0.2, 3.0), (-0.9, 0.9), (-3.0, 3.0)
_SHARE, _SIZE, _ORDER = (0.05, 0.95), (0.5, 4.0), (0, 3)

# error functions (7.2, 7.10) and the normal distribution
row("erf", "math.erf special.erf", "2.0 / ROOT_PI * exp(-(x**2))")
row("erfc", "math.erfc special.erfc", "-2.0 / ROOT_PI * exp(-(x**2))")
row("erfcx", "special.erfcx",
    "2.0 * x * out - 2.0 / ROOT_PI if x < 200.0 else ((1.5 - 3.75 / x**2) / x**2 - 1.0) / (ROOT_PI * x**2)")
row("erfi", "special.erfi", "2.0 / ROOT_PI * exp(x**2)")
row("erfinv", "special.erfinv", "0.5 * ROOT_PI * exp(out**2)", domain=_UNIT)
row("erfcinv", "special.erfcinv", "-0.5 * ROOT_PI * exp(out**2)", domain=(0.1, 1.9))
row("dawsn", "special.dawsn",
    "1.0 - 2.0 * x * out if abs(x) < 200.0 else -(0.5 + (0.75 + 1.875 / x**2) / x**2) / x**2")
row("ndtr", "special.ndtr", "exp(-0.5 * x**2) / ROOT_2PI")
row("ndtri", "special.ndtri", "ROOT_2PI * exp(0.5 * out**2)", domain=_SHARE)
row("log_ndtr", "special.log_ndtr",
    "2.0 / ROOT_2PI / erfcx(-ROOT_HALF * x) if x < 0.0 else exp(-0.5 * x**2) / ROOT_2PI / ndtr(x)")
row("ndtri_exp", "special.ndtri_exp", "0.5 * ROOT_2PI * erfcx(-ROOT_HALF * out)", domain=(-3.0, -0.05))
row("owens_t", "special.owens_t", "-exp(-0.5 * x**2) * erf(ROOT_HALF * x * y) / (2.0 * ROOT_2PI)",
    "exp(-0.5 * x**2 * (1.0 + y**2)) / (2.0 * PI * (1.0 + y**2))", more=((-2.0, 2.0),))

# logistic
row("expit", "special.expit", "out * (1.0 - out)", domain=_WIDE)
row("logit", "special.logit", "1.0 / (x * (1.0 - x))", domain=_SHARE)
row("log_expit", "special.log_expit", "expit(-x)", domain=_WIDE)

# entropies, losses, power transforms
row("xlogy", "special.xlogy", "log(y) if y != 0.0 else -STEEP", "x / y if x != 0.0 else 0.0", more=(_POSITIVE,))
row("xlog1py", "special.xlog1py", "log1p(y) if y != -1.0 else -STEEP", "x / (1.0 + y) if x != 0.0 else 0.0",
    more=((-0.5, 2.0),))
row("entr", "special.entr", "-log(x) - 1.0 if x > 0.0 else STEEP", domain=_POSITIVE)
row("rel_entr", "special.rel_entr", "log(x / y) + 1.0 if x > 0.0 else -STEEP", "-x / y if x != 0.0 else 0.0",
    domain=_POSITIVE, more=(_POSITIVE,))
row("kl_div", "special.kl_div", "log(x / y) if x > 0.0 else -STEEP", "(y - x) / y if x != 0.0 else 1.0",
    domain=_POSITIVE, more=(_POSITIVE,))
row("huber", "special.huber", "abs(y) - x if abs(y) > x else 0.0", "y if abs(y) <= x else x * sign(y)",
    domain=_POSITIVE, more=(_WIDE,))
row("pseudo_huber", "special.pseudo_huber",
    "y**4 / ((hypot(x, y) + x)**2 * hypot(x, y)) if out > 0.0 else 0.0",
    "x * y / hypot(x, y) if x > 0.0 else 0.0", domain=_POSITIVE, more=(_WIDE,))
row("boxcox", "special.boxcox", "power(x, y - 1.0) if x != 0.0 or y >= 1.0 else STEEP",
    "0.5 * log(x)**2 * hyp1f1(2.0, 3.0, y * log(x)) if abs(y * log(x)) < 1.0 else (xlogy(power(x, y), x) - out) / y",
    domain=_POSITIVE, more=(_WIDE,))
row("boxcox1p", "special.boxcox1p", "exp(xlog1py(y - 1.0, x)) if x != -1.0 or y >= 1.0 else STEEP",
    "0.5 * log1p(x)**2 * hyp1f1(2.0, 3.0, y * log1p(x)) if abs(y * log1p(x)) < 1.0"
    " else (xlog1py(exp(xlog1py(y, x)), x) - out) / y", domain=(-0.5, 2.0), more=(_WIDE,))
for _name, _power in (("inv_boxcox", "out"), ("inv_boxcox1p", "(out + 1.0)")):
    _SLOPE = f"({_power} / (1.0 + x * y) if {_power} != 0.0 else 0.0 if y < 1.0 else 1.0 if y == 1.0 else STEEP)"
    row(_name, f"special.{_name}", _SLOPE,
        f"-0.5 * x**2 * {_power} * hyp2f1(2.0, 2.0, 3.0, -x * y) if abs(x * y) < 0.5"
        f" else (x * {_SLOPE} - xlogy({_power}, {_power})) / y", domain=(-0.9, 1.0), more=(_UNIT,))

# exponentials
row("exp10", "special.exp10", "out * log(10.0)")
row("exprel", "special.exprel", "(exp(x) - out) / x if abs(x) > 0.5 else 0.5 * hyp1f1(2.0, 3.0, x)")
row("cosm1", "special.cosm1", "-sin(x)")
row("powm1", "special.powm1",
    "y * power(x, y - 1.0) if x != 0.0 or y >= 1.0 or y < 0.0 else STEEP if y > 0.0 else 0.0",
    "power(x, y) * log(x) if x > 0.0 else 0.0", domain=_POSITIVE, more=((-2.0, 2.0),))
row("sindg", "special.sindg", "PI / 180.0 * cosdg(x)", domain=(-170.0, 170.0))
row("cosdg", "special.cosdg", "-PI / 180.0 * sindg(x)", domain=(-170.0, 170.0))
row("tandg", "special.tandg", "PI / 180.0 * (1.0 + out**2)", domain=(-70.0, 70.0))
row("cotdg", "special.cotdg", "-PI / 180.0 * (1.0 + out**2)", domain=(20.0, 160.0))
row("wrightomega", "special.wrightomega", "out / (1.0 + out)", domain=_WIDE)

# exponential integrals (6.2, 8.19), Spence's function (25.12)
row("expi", "special.expi", "exp(x) / x", domain=_POSITIVE)
row("exp1", "special.exp1", "-exp(-x) / x", domain=_POSITIVE)
row("expn", "special.expn", None,
    "-(1.0 + 1.0 / y) * out if x < 1.0 else -expn(x - 1.0, y) if y > 0.0 or x > 2.0 else -STEEP",
    domain=(0, 4), more=(_POSITIVE,))
row("spence", "special.spence",
    "-hyp2f1(1.0, 1.0, 2.0, 1.0 - x) if abs(x - 1.0) < 0.5 else log(x) / (1.0 - x) if x != 0.0 else -STEEP",
    domain=_POSITIVE)

# gamma functions (5.2, 5.5, 5.15); 1 / gamma by reflection, since its own zeros are poles of digamma
row("gamma", "special.gamma math.gamma", "digamma(x) * out", domain=_POSITIVE)
row("gammaln", "special.gammaln math.lgamma", "digamma(x)", domain=_POSITIVE)
row("loggamma", "special.loggamma", "digamma(x)", domain=_POSITIVE)
row("rgamma", "special.rgamma",
    "gamma(1.0 - x) * cos(PI * x) - digamma(1.0 - x) * out if x < 0.5 else -digamma(x) * out if out > 0.0 else 0.0",
    domain=_WIDE)
row("digamma", "special.digamma", "polygamma(1.0, x)", domain=_POSITIVE, alias="special.psi")
row("polygamma", "special.polygamma", None, "polygamma(x + 1.0, y)", domain=_ORDER, more=(_POSITIVE,))
row("zeta", "special.zeta", None, "-x * zeta(x + 1.0, y)", domain=(1.5, 5.0), more=(_POSITIVE,))
row("gammasgn", "special.gammasgn", "0.0", domain=_POSITIVE)
row("beta", "special.beta", "out * (digamma(x) - digamma(x + y))", "out * (digamma(y) - digamma(x + y))",
    domain=_POSITIVE, more=(_POSITIVE,))
row("betaln", "special.betaln", "digamma(x) - digamma(x + y)", "digamma(y) - digamma(x + y)",
    domain=_POSITIVE, more=(_POSITIVE,))
row("binom", "special.binom", None, None, domain=(3.0, 6.0), more=(_POSITIVE,))
row("poch", "special.poch", None, None, domain=_POSITIVE, more=(_POSITIVE,))

# incomplete gamma and beta functions (8.2, 8.17), their inverses, the distributions made of them
_GAMMA = "exp(xlogy(x - 1.0, y) - y - gammaln(x))"
_BETA = "exp(xlogy(x - 1.0, z) + xlog1py(y - 1.0, -z) - betaln(x, y))"
_BETA_ENDS = "z == 0.0 and x < 1.0 or z == 1.0 and y < 1.0"
row("gammainc", "special.gammainc", None, f"{_GAMMA} if y > 0.0 or x >= 1.0 else STEEP",
    domain=_SIZE, more=(_POSITIVE,))
row("gammaincc", "special.gammaincc", None, f"-{_GAMMA} if y > 0.0 or x >= 1.0 else -STEEP",
    domain=_SIZE, more=(_POSITIVE,))
row("gammaincinv", "special.gammaincinv", None,
    "exp(gammaln(x) + out - xlogy(x - 1.0, out)) if y > 0.0 or x <= 1.0 else STEEP", domain=_SIZE, more=(_SHARE,))
row("gammainccinv", "special.gammainccinv", None,
    "-exp(gammaln(x) + out - xlogy(x - 1.0, out)) if y < 1.0 or x <= 1.0 else -STEEP", domain=_SIZE, more=(_SHARE,))
row("betainc", "special.betainc", None, None, f"STEEP if {_BETA_ENDS} else {_BETA}",
    domain=_SIZE, more=(_SIZE, _SHARE))
row("betaincc", "special.betaincc", None, None, f"-STEEP if {_BETA_ENDS} else -{_BETA}",
    domain=_SIZE, more=(_SIZE, _SHARE))
_INVERSE_BETA = "exp(betaln(x, y) - xlogy(x - 1.0, out) - xlog1py(y - 1.0, -out))"
_INVERSE_ENDS = "out == 0.0 and x > 1.0 or out == 1.0 and y > 1.0"
row("betaincinv", "special.betaincinv", None, None, f"STEEP if {_INVERSE_ENDS} else {_INVERSE_BETA}",
    domain=_SIZE, more=(_SIZE, _SHARE))
row("betainccinv", "special.betainccinv", None, None, f"-STEEP if {_INVERSE_ENDS} else -{_INVERSE_BETA}",
    domain=_SIZE, more=(_SIZE, _SHARE))
_CHI2 = "0.5 * exp(xlogy(0.5 * x - 1.0, 0.5 * y) - 0.5 * y - gammaln(0.5 * x))"
row("chdtr", "special.chdtr", None, f"{_CHI2} if y > 0.0 or x >= 2.0 else STEEP", domain=_SIZE, more=(_POSITIVE,))
row("chdtrc", "special.chdtrc", None, f"-{_CHI2} if y > 0.0 or x >= 2.0 else -STEEP", domain=_SIZE, more=(_POSITIVE,))
_POISSON = "exp(xlogy(floor(x), y) - y - gammaln(floor(x) + 1.0))"
row("pdtr", "special.pdtr", "0.0", f"-{_POISSON}", domain=(0, 5), more=(_POSITIVE,))
row("pdtrc", "special.pdtrc", "0.0", _POISSON, domain=(0, 5), more=(_POSITIVE,))
row("stdtr", "special.stdtr", None,
    "exp(-0.5 * (x + 1.0) * log1p(y**2 / x) - betaln(0.5, 0.5 * x)) / sqrt(x)", domain=(1.0, 9.0), more=(_WIDE,))
row("stdtrit", "special.stdtrit", None,
    "sqrt(x) * exp(0.5 * (x + 1.0) * log1p(out**2 / x) + betaln(0.5, 0.5 * x))", domain=(1.0, 9.0), more=(_SHARE,))

# Bessel functions (10.6, 10.29); the scaled ones are times exp(-x), exp(x), exp(-|x|)
row("j0", "special.j0", "-j1(x)", domain=_WIDE)
row("j1", "special.j1", "0.5 * (j0(x) - jv(2.0, x))", domain=_WIDE)
row("jv", "special.jv", None, "0.5 * (jv(x - 1.0, y) - jv(x + 1.0, y))", domain=_ORDER, more=(_POSITIVE,))
row("y0", "special.y0", "-y1(x)", domain=_POSITIVE)
row("y1", "special.y1", "y0(x) - out / x", domain=_POSITIVE)
row("yv", "special.yv", None, "0.5 * (yv(x - 1.0, y) - yv(x + 1.0, y))", domain=_ORDER, more=(_POSITIVE,))
row("yn", "special.yn", None, "0.5 * (yn(trunc(x) - 1.0, y) - yn(trunc(x) + 1.0, y))", domain=_ORDER, more=(_POSITIVE,))
row("i0", "special.i0", "i1(x)", domain=_WIDE, alias="np.i0")
row("i1", "special.i1", "0.5 * (i0(x) + iv(2.0, x))", domain=_WIDE)
row("iv", "special.iv", None, "0.5 * (iv(x - 1.0, y) + iv(x + 1.0, y))", domain=_ORDER, more=(_POSITIVE,))
row("k0", "special.k0", "-k1(x)", domain=_POSITIVE)
row("k1", "special.k1", "-k0(x) - out / x", domain=_POSITIVE)
row("kv", "special.kv", None, "-0.5 * (kv(x - 1.0, y) + kv(x + 1.0, y))", domain=_ORDER, more=(_POSITIVE,))
row("kn", "special.kn", None, "-0.5 * (kn(trunc(x) - 1.0, y) + kn(trunc(x) + 1.0, y))",
    domain=_ORDER, more=(_POSITIVE,))
row("i0e", "special.i0e", "i1e(x) - sign(x) * out", domain=_WIDE)
row("i1e", "special.i1e",
    "0.5 * (i0e(x) + ive(2.0, x)) - sign(x) * out if abs(x) < 2.0 else i0e(x) - out / x - sign(x) * out", domain=_WIDE)
row("ive", "special.ive", None, "0.5 * (ive(x - 1.0, y) + ive(x + 1.0, y)) - sign(y) * out",
    domain=_ORDER, more=(_POSITIVE,))
row("k0e", "special.k0e", "out - k1e(x)", domain=_POSITIVE)
row("k1e", "special.k1e", "out - k0e(x) - out / x", domain=_POSITIVE)
row("kve", "special.kve", None, "out - 0.5 * (kve(x - 1.0, y) + kve(x + 1.0, y))", domain=_ORDER, more=(_POSITIVE,))
row("ber", "special.ber", "berp(x)", domain=_WIDE)
row("bei", "special.bei", "beip(x)", domain=_WIDE)
row("ker", "special.ker", "kerp(x)", domain=_POSITIVE)
row("kei", "special.kei", "keip(x)", domain=_POSITIVE)
row("berp", "special.berp", "-bei(x) - out / x if x != 0.0 else 0.0", domain=_POSITIVE)
row("beip", "special.beip", "ber(x) - out / x if x != 0.0 else 0.5", domain=_POSITIVE)
row("kerp", "special.kerp", "-kei(x) - out / x", domain=_POSITIVE)
row("keip", "special.keip", "ker(x) - out / x if x != 0.0 else STEEP", domain=_POSITIVE)
row("struve", "special.struve", None,
    "0.5 * (struve(x - 1.0, y) - struve(x + 1.0, y) + power(0.5 * y, x) * rgamma(x + 1.5) / ROOT_PI)",
    domain=_ORDER, more=(_POSITIVE,))
row("modstruve", "special.modstruve", None,
    "0.5 * (modstruve(x - 1.0, y) + modstruve(x + 1.0, y) + power(0.5 * y, x) * rgamma(x + 1.5) / ROOT_PI)",
    domain=_ORDER, more=(_POSITIVE,))

# orthogonal polynomials (18.9): the derivative is one of a lower degree; of a negative whole degree U and P are
# those of another one, of which that has to be the derivative
for _name, _slope in (
    ("chebyt", "x * eval_chebyu(x - 1.0, y) if x != 0.0 else 0.0"),
    ("chebyu", "2.0 * eval_gegenbauer(x - 1.0, 2.0, y) if x > 0.0 or x != floor(x)"
               " else -2.0 * eval_gegenbauer(-x - 3.0, 2.0, y) if x < -2.0 else 0.0"),
    ("legendre", "eval_gegenbauer(x - 1.0, 1.5, y) if x > 0.0 or x != floor(x)"
                 " else eval_gegenbauer(-x - 2.0, 1.5, y) if x < -1.0 else 0.0"),
    ("hermite", "2.0 * x * eval_hermite(x - 1.0, y) if x > 0.0 else 0.0"),
    ("hermitenorm", "x * eval_hermitenorm(x - 1.0, y) if x > 0.0 else 0.0"),
    ("laguerre", "-eval_genlaguerre(x - 1.0, 1.0, y) if x != 0.0 else 0.0"),
):  # fmt: skip
    row(f"eval_{_name}", f"special.eval_{_name}", None, _slope, domain=(0, 5), more=(_UNIT,))
row("eval_gegenbauer", "special.eval_gegenbauer", None, None,
    "2.0 * y * eval_gegenbauer(x - 1.0, y + 1.0, z) if x != 0.0 else 0.0", domain=(0, 5), more=(_SIZE, _UNIT))
row("eval_genlaguerre", "special.eval_genlaguerre", None, None,
    "-eval_genlaguerre(x - 1.0, y + 1.0, z) if x != 0.0 else 0.0", domain=(0, 5), more=(_SIZE, _UNIT))
row("eval_jacobi", "special.eval_jacobi", None, None, None,
    "0.5 * (x + y + z + 1.0) * eval_jacobi(x - 1.0, y + 1.0, z + 1.0, w) if x != 0.0 else 0.0",
    domain=(0, 5), more=(_SIZE, _SIZE, _UNIT))

# elliptic integrals (19.4) and hypergeometric functions (13.3, 15.5, 16.3)
row("ellipk", "special.ellipk",
    "PI / 8.0 * hyp2f1(1.5, 1.5, 2.0, x) if abs(x) < 0.5 else (ellipe(x) / (1.0 - x) - out) / (2.0 * x)", domain=_UNIT)
row("ellipkm1", "special.ellipkm1",
    "-PI / 8.0 * hyp2f1(1.5, 1.5, 2.0, 1.0 - x) if abs(1.0 - x) < 0.5"
    " else (out - ellipe(1.0 - x) / x) / (2.0 * (1.0 - x))", domain=(0.1, 1.9))
row("ellipe", "special.ellipe",
    "-PI / 8.0 * hyp2f1(0.5, 1.5, 2.0, x) if abs(x) < 0.5"
    " else (out - ellipk(x)) / (2.0 * x) if x != 1.0 else -STEEP", domain=_UNIT)
row("ellipkinc", "special.ellipkinc", "1.0 / sqrt(1.0 - y * sin(x)**2)", None, domain=_UNIT, more=(_SHARE,))
row("ellipeinc", "special.ellipeinc", "sqrt(1.0 - y * sin(x)**2)", None, domain=_UNIT, more=(_SHARE,))
row("hyp0f1", "special.hyp0f1", None, "hyp0f1(x + 1.0, y) / x", domain=_SIZE, more=(_WIDE,))
row("hyp1f1", "special.hyp1f1", None, None, "x / y * hyp1f1(x + 1.0, y + 1.0, z)", domain=_SIZE, more=(_SIZE, _WIDE))
row("hyperu", "special.hyperu", None, None, "-x * hyperu(x + 1.0, y + 1.0, z)",
    domain=_SIZE, more=(_SIZE, _POSITIVE))
row("hyp2f1", "special.hyp2f1", None, None, None, "x * y / z * hyp2f1(x + 1.0, y + 1.0, z + 1.0, w)",
    domain=_SIZE, more=(_SIZE, _SIZE, (-0.8, 0.8)))

# what code calls `special.name`, with its number of arguments
ARITIES = {
    spelling.removeprefix("special."): entry.arity
    for entry in ROWS.values()
    for spelling in entry.spellings
    if spelling.startswith("special.")
}
