"""Special functions from mpmath, to any number of digits: what the rows are compared with."""

from __future__ import annotations

import mpmath as mp


def _incomplete_gamma(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def _incomplete_beta(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def _student(v, t):
    tail = mp.betainc(v / 2, mp.mpf(1) / 2, 0, v / (v + t**2), regularized=True) / 2
    return 1 - tail if t > 0 else tail


def _log_normal(x):
    return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)


def _normal(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _entropy(x):
    return -x * mp.log(x)


def _huber(delta, r):
    return r**2 / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


def _box_cox(x, y):
    return mp.expm1(y * mp.log(x)) / y if y else mp.log(x)


def _inverse_box_cox(x, y):
    return mp.exp(mp.log1p(x * y) / y) if y else mp.exp(x)


def _owens_t(h, a):
    return mp.quad(lambda t: mp.exp(-(h**2) * (1 + t**2) / 2) / (1 + t**2), [0, a]) / (2 * mp.pi)


def _normal_quantile(p):
    return mp.sqrt(2) * mp.erfinv(2 * p - 1)


def _scaled(bessel, sign):
    """Return exp(-|x|) I_v(x), or exp(x) K_v(x)."""
    return lambda v, x: mp.exp(-abs(x) if sign < 0 else x) * bessel(v, x)


_scaled_i, _scaled_k = _scaled(mp.besseli, -1), _scaled(mp.besselk, 1)

REFERENCES = {
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfcx": lambda x: mp.exp(x**2) * mp.erfc(x),
    "erfi": mp.erfi,
    "erfinv": mp.erfinv,
    "erfcinv": lambda x: mp.erfinv(1 - x),
    "dawsn": lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-(x**2)) * mp.erfi(x),
    "ndtr": _normal,
    "ndtri": _normal_quantile,
    "log_ndtr": _log_normal,
    "ndtri_exp": lambda x: _normal_quantile(mp.exp(x)),
    "owens_t": _owens_t,
    "expit": lambda x: 1 / (1 + mp.exp(-x)),
    "logit": lambda x: mp.log(x / (1 - x)),
    "log_expit": lambda x: -mp.log1p(mp.exp(-x)),
    "xlogy": lambda x, y: x * mp.log(y),
    "xlog1py": lambda x, y: x * mp.log1p(y),
    "entr": _entropy,
    "rel_entr": lambda x, y: x * mp.log(x / y),
    "kl_div": lambda x, y: x * mp.log(x / y) - x + y,
    "huber": _huber,
    "pseudo_huber": lambda d, r: d**2 * (mp.sqrt(1 + (r / d) ** 2) - 1),
    "boxcox": _box_cox,
    "boxcox1p": lambda x, y: _box_cox(1 + x, y),
    "inv_boxcox": _inverse_box_cox,
    "inv_boxcox1p": lambda x, y: _inverse_box_cox(x, y) - 1,
    "exp10": lambda x: mp.mpf(10) ** x,
    "exprel": lambda x: mp.expm1(x) / x if x else mp.mpf(1),
    "cosm1": lambda x: -2 * mp.sin(x / 2) ** 2,
    "powm1": lambda x, y: mp.powm1(x, y),
    "sindg": lambda x: mp.sin(mp.radians(x)),
    "cosdg": lambda x: mp.cos(mp.radians(x)),
    "tandg": lambda x: mp.tan(mp.radians(x)),
    "cotdg": lambda x: mp.cot(mp.radians(x)),
    "wrightomega": lambda x: mp.lambertw(mp.exp(x)).real,
    "expi": mp.ei,
    "exp1": mp.e1,
    "expn": mp.expint,
    "spence": lambda x: mp.polylog(2, 1 - x).real,
    "sinc": mp.sincpi,
    "gamma": mp.gamma,
    "gammaln": lambda x: mp.log(abs(mp.gamma(x))),
    "loggamma": mp.loggamma,
    "rgamma": mp.rgamma,
    "digamma": mp.digamma,
    "polygamma": lambda n, x: mp.polygamma(int(n), x),
    "zeta": mp.zeta,
    "gammasgn": lambda x: mp.sign(mp.gamma(x)),
    "beta": mp.beta,
    "betaln": lambda x, y: mp.log(mp.beta(x, y)),
    "binom": mp.binomial,
    "poch": mp.rf,
    "gammainc": _incomplete_gamma,
    "gammaincc": lambda a, x: mp.gammainc(a, x, regularized=True),
    "chdtr": lambda v, x: _incomplete_gamma(v / 2, x / 2),
    "chdtrc": lambda v, x: mp.gammainc(v / 2, x / 2, regularized=True),
    "betainc": _incomplete_beta,
    "betaincc": lambda a, b, x: mp.betainc(a, b, x, 1, regularized=True),
    "pdtr": lambda k, m: mp.gammainc(mp.floor(k) + 1, m, regularized=True),
    "pdtrc": lambda k, m: _incomplete_gamma(mp.floor(k) + 1, m),
    "stdtr": _student,
    "j0": lambda x: mp.besselj(0, x),
    "j1": lambda x: mp.besselj(1, x),
    "jv": mp.besselj,
    "y0": lambda x: mp.bessely(0, x),
    "y1": lambda x: mp.bessely(1, x),
    "yv": mp.bessely,
    "yn": mp.bessely,
    "i0": lambda x: mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "iv": mp.besseli,
    "k0": lambda x: mp.besselk(0, x),
    "k1": lambda x: mp.besselk(1, x),
    "kv": mp.besselk,
    "kn": mp.besselk,
    "i0e": lambda x: _scaled_i(0, x),
    "i1e": lambda x: _scaled_i(1, x),
    "ive": _scaled_i,
    "k0e": lambda x: _scaled_k(0, x),
    "k1e": lambda x: _scaled_k(1, x),
    "kve": _scaled_k,
    "ber": lambda x: mp.ber(0, x),
    "bei": lambda x: mp.bei(0, x),
    "ker": lambda x: mp.ker(0, x),
    "kei": lambda x: mp.kei(0, x),
    "berp": lambda x: mp.diff(lambda t: mp.ber(0, t), x),
    "beip": lambda x: mp.diff(lambda t: mp.bei(0, t), x),
    "kerp": lambda x: mp.diff(lambda t: mp.ker(0, t), x),
    "keip": lambda x: mp.diff(lambda t: mp.kei(0, t), x),
    "struve": mp.struveh,
    "modstruve": mp.struvel,
    "eval_chebyt": mp.chebyt,
    "eval_chebyu": mp.chebyu,
    "eval_legendre": mp.legendre,
    "eval_hermite": mp.hermite,
    "eval_hermitenorm": lambda n, x: mp.hermite(n, x / mp.sqrt(2)) / mp.sqrt(2) ** n,
    "eval_laguerre": lambda n, x: mp.laguerre(n, 0, x),
    "eval_gegenbauer": mp.gegenbauer,
    "eval_genlaguerre": mp.laguerre,
    "eval_jacobi": mp.jacobi,
    "ellipk": mp.ellipk,
    "ellipkm1": lambda x: mp.ellipk(1 - x),
    "ellipe": mp.ellipe,
    "ellipkinc": mp.ellipf,
    "ellipeinc": mp.ellipe,
    "hyp0f1": mp.hyp0f1,
    "hyp1f1": mp.hyp1f1,
    "hyperu": mp.hyperu,
    "hyp2f1": mp.hyp2f1,
}

# the inverse of which function, by its last argument
INVERSES = {
    "gammaincinv": "gammainc",
    "gammainccinv": "gammaincc",
    "betaincinv": "betainc",
    "betainccinv": "betaincc",
    "stdtrit": "stdtr",
}


def slope(name: str, argument: int, point: tuple[float, ...], value: float) -> float:
    """Return a partial derivative at a point, to double precision; `value` is that of the function there."""
    with mp.workdps(50):
        exact = [mp.mpf(float(p)) for p in point]
        if name in INVERSES:
            exact[-1] = mp.mpf(float(value))
            return float(1 / _difference(REFERENCES[INVERSES[name]], len(exact) - 1, exact))
        return float(_difference(REFERENCES[name], argument, exact))


def _difference(function, argument: int, point: list):
    """Return a central difference, in so many digits that those of double precision are left."""
    h = mp.mpf(10) ** -8 * (abs(point[argument]) or 1)

    def at(t):
        return function(*point[:argument], t, *point[argument + 1 :])

    x = point[argument]
    return (8 * (at(x + h) - at(x - h)) - (at(x + 2 * h) - at(x - 2 * h))) / (12 * h)
