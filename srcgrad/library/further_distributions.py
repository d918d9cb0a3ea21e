"""Further distributions of `scipy.stats`, and the tails and inverses of those that `distributions` has densities of.

As there, results have 64 bits and a scale that is not positive gives nan.
"""

from __future__ import annotations

import math

import numpy as np

from ..runtime import special
from .distributions import LOG_ROOT_2PI, positive, standardised
from .pages import page


def share(q):
    """The number, nan where it is not from 0 to 1."""
    x = np.asarray(q, dtype=np.float64)
    return np.where((x >= 0.0) & (x <= 1.0), x, np.nan)


def placed(z, loc, scale):
    """Where something of a distribution without loc and scale is in one with them."""
    return loc + positive(scale) * z


# --- tails and inverses ---------------------------------------------------------------------------------------------


@page("scipy.stats.expon.ppf", cases=("0.3, S(), 1.2",))
def expon_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed(-np.log1p(-share(q)), loc, scale)


@page("scipy.stats.uniform.sf", cases=("A(3), -1.0, 2.0 + P(3)",))
def uniform_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return 1.0 - np.clip(standardised(x, loc, scale), 0.0, 1.0)


@page("scipy.stats.uniform.ppf", cases=("0.3, S(), 1.2",))
def uniform_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed(share(q), loc, scale)


@page("scipy.stats.laplace.cdf", cases=("A(3), S(), P(3)",))
def laplace_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    z = standardised(x, loc, scale)
    tail = 0.5 * np.exp(-np.abs(z))
    return np.where(z > 0.0, 1.0 - tail, tail)


@page("scipy.stats.laplace.sf", cases=("A(3), S(), P(3)",))
def laplace_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return laplace_cdf(-standardised(x, loc, scale))


@page("scipy.stats.laplace.ppf", cases=("0.8, S(), 1.2",))
def laplace_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    p = share(q)
    return placed(np.where(p > 0.5, -np.log(2.0 * (1.0 - p)), np.log(2.0 * p)), loc, scale)


@page("scipy.stats.logistic.sf", cases=("A(3), S(), P(3)",))
def logistic_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return special.expit(-standardised(x, loc, scale))


@page("scipy.stats.logistic.logcdf", cases=("A(3), S(), P(3)",))
def logistic_logcdf(x, loc=0.0, scale=1.0):
    """The logarithm of the distribution function."""
    return special.log_expit(standardised(x, loc, scale))


@page("scipy.stats.logistic.logsf", cases=("A(3), S(), P(3)",))
def logistic_logsf(x, loc=0.0, scale=1.0):
    """The logarithm of what the distribution function lacks of 1."""
    return special.log_expit(-standardised(x, loc, scale))


@page("scipy.stats.logistic.ppf", cases=("0.3, S(), 1.2",))
def logistic_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed(special.logit(share(q)), loc, scale)


@page("scipy.stats.cauchy.cdf", cases=("A(3), S(), P(3)",))
def cauchy_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    return 0.5 + np.arctan(standardised(x, loc, scale)) / math.pi


@page("scipy.stats.cauchy.sf", cases=("A(3), S(), P(3)",))
def cauchy_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return 0.5 - np.arctan(standardised(x, loc, scale)) / math.pi


@page("scipy.stats.cauchy.ppf", cases=("0.3, S(), 1.2",))
def cauchy_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed(np.tan(math.pi * (share(q) - 0.5)), loc, scale)


@page("scipy.stats.lognorm.sf", cases=("P(3), P(3), 0.1, 1.2", "-1.0, 0.7"))
def lognorm_sf(x, s, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, special.ndtr(-np.log(np.where(z > 0.0, z, 1.0)) / positive(s)), 1.0)


@page("scipy.stats.lognorm.logsf", cases=("P(3), P(3), 0.1, 1.2", "-1.0, 0.7"))
def lognorm_logsf(x, s, loc=0.0, scale=1.0):
    """The logarithm of what the distribution function lacks of 1."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, special.log_ndtr(-np.log(np.where(z > 0.0, z, 1.0)) / positive(s)), 0.0)


@page("scipy.stats.lognorm.ppf", cases=("0.3, P(3), S(), 1.2",))
def lognorm_ppf(q, s, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed(np.exp(positive(s) * special.ndtri(share(q))), loc, scale)


@page("scipy.stats.gamma.sf", cases=("P(3), 1.7, 0.1, P(3)", "-0.5, 1.7"))
def gamma_sf(x, a, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1; its derivative by the shape is not known."""
    return special.gammaincc(a, np.maximum(standardised(x, loc, scale), 0.0))


@page("scipy.stats.gamma.ppf", cases=("0.3, 1.7, S(), 1.2",))
def gamma_ppf(q, a, loc=0.0, scale=1.0):
    """Where the distribution function has the value q; its derivative by the shape is not known."""
    return placed(special.gammaincinv(a, share(q)), loc, scale)


@page("scipy.stats.chi2.sf", cases=("P(3), 3, 0.1, 1.2",))
def chi2_sf(x, df, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1; its derivative by the shape is not known."""
    return gamma_sf(x, 0.5 * df, loc, 2.0 * scale)


@page("scipy.stats.chi2.ppf", cases=("0.3 * P(3), 3",))
def chi2_ppf(q, df, loc=0.0, scale=1.0):
    """Where the distribution function has the value q; its derivative by the shape is not known."""
    return gamma_ppf(q, 0.5 * df, loc, 2.0 * scale)


@page("scipy.stats.beta.sf", cases=("2.0, 1.7, 2.1",))
def beta_sf(x, a, b, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1; its derivatives by the shapes are not known."""
    return special.betaincc(a, b, np.clip(standardised(x, loc, scale), 0.0, 1.0))


@page("scipy.stats.beta.ppf", cases=("0.3 * P(3), 1.7, 2.1",))
def beta_ppf(q, a, b, loc=0.0, scale=1.0):
    """Where the distribution function has the value q; its derivatives by the shapes are not known."""
    return placed(special.betaincinv(a, b, share(q)), loc, scale)


@page("scipy.stats.t.cdf", cases=("A(3), 2.5, 0.2, P(3)",))
def t_cdf(x, df, loc=0.0, scale=1.0):
    """The distribution function; its derivative by the shape is not known."""
    return special.stdtr(df, standardised(x, loc, scale))


@page("scipy.stats.t.sf", cases=("A(3), 2.5, 0.2, P(3)",))
def t_sf(x, df, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1; its derivative by the shape is not known."""
    return special.stdtr(df, -standardised(x, loc, scale))


@page("scipy.stats.t.ppf", cases=("0.3, 2.5, S(), 1.2",))
def t_ppf(q, df, loc=0.0, scale=1.0):
    """Where the distribution function has the value q; its derivative by the shape is not known."""
    return placed(special.stdtrit(df, share(q)), loc, scale)


@page("scipy.stats.weibull_min.logsf", cases=("P(3), P(3), -0.1, P(3)", "-0.5, 1.7"))
def weibull_min_logsf(x, c, loc=0.0, scale=1.0):
    """The logarithm of what the distribution function lacks of 1."""
    return -(np.maximum(standardised(x, loc, scale), 0.0) ** positive(c))


@page("scipy.stats.weibull_min.sf", cases=("P(3), P(3), -0.1, P(3)", "-0.5, 1.7"))
def weibull_min_sf(x, c, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return np.exp(weibull_min_logsf(x, c, loc, scale))


@page("scipy.stats.weibull_min.ppf", cases=("0.3, P(3), S(), 1.2",))
def weibull_min_ppf(q, c, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed((-np.log1p(-share(q))) ** (1.0 / positive(c)), loc, scale)


# --- extremes and heavy tails ---------------------------------------------------------------------------------------


@page("scipy.stats.gumbel_r.logpdf", cases=("A(3), S(), P(3)",))
def gumbel_r_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return -z - np.exp(-z) - np.log(scale)


@page("scipy.stats.gumbel_r.pdf", cases=("A(3), S(), P(3)",))
def gumbel_r_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(gumbel_r_logpdf(x, loc, scale))


@page("scipy.stats.gumbel_r.logcdf", cases=("A(3), S(), P(3)",))
def gumbel_r_logcdf(x, loc=0.0, scale=1.0):
    """The logarithm of the distribution function."""
    return -np.exp(-standardised(x, loc, scale))


@page("scipy.stats.gumbel_r.cdf", cases=("A(3), S(), P(3)",))
def gumbel_r_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    return np.exp(gumbel_r_logcdf(x, loc, scale))


@page("scipy.stats.gumbel_r.sf", cases=("A(3), S(), P(3)",))
def gumbel_r_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return -np.expm1(gumbel_r_logcdf(x, loc, scale))


@page("scipy.stats.gumbel_r.ppf", cases=("0.3, S(), 1.2",))
def gumbel_r_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed(-np.log(-np.log(share(q))), loc, scale)


@page("scipy.stats.pareto.logsf", cases=("2.0 + P(3), P(3), 0.1, 1.5", "0.5, 1.7"))
def pareto_logsf(x, b, loc=0.0, scale=1.0):
    """The logarithm of what the distribution function lacks of 1."""
    return -positive(b) * np.log(np.maximum(standardised(x, loc, scale), 1.0))


@page("scipy.stats.pareto.sf", cases=("2.0 + P(3), P(3), 0.1, 1.5", "0.5, 1.7"))
def pareto_sf(x, b, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return np.exp(pareto_logsf(x, b, loc, scale))


@page("scipy.stats.pareto.cdf", cases=("2.0 + P(3), P(3), 0.1, 1.5", "0.5, 1.7"))
def pareto_cdf(x, b, loc=0.0, scale=1.0):
    """The distribution function."""
    return -np.expm1(pareto_logsf(x, b, loc, scale))


@page("scipy.stats.pareto.logpdf", cases=("2.0 + P(3), P(3), 0.1, 1.5", "0.5, 1.7"))
def pareto_logpdf(x, b, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    inside = np.log(positive(b)) - (b + 1.0) * np.log(np.where(z >= 1.0, z, 1.0)) - np.log(scale)
    return np.where(z >= 1.0, inside, -np.inf)


@page("scipy.stats.pareto.pdf", cases=("2.0 + P(3), P(3), 0.1, 1.5", "0.5, 1.7"))
def pareto_pdf(x, b, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(pareto_logpdf(x, b, loc, scale))


@page("scipy.stats.pareto.ppf", cases=("0.3, P(3), S(), 1.2",))
def pareto_ppf(q, b, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return placed((1.0 - share(q)) ** (-1.0 / positive(b)), loc, scale)


@page("scipy.stats.invgamma.logpdf", cases=("P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def invgamma_logpdf(x, a, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    y = np.where(z > 0.0, z, 1.0)
    inside = -(a + 1.0) * np.log(y) - special.gammaln(positive(a)) - 1.0 / y - np.log(scale)
    return np.where(z > 0.0, inside, -np.inf)


@page("scipy.stats.invgamma.pdf", cases=("P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def invgamma_pdf(x, a, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(invgamma_logpdf(x, a, loc, scale))


# --- of one side, skewed, cut off, on the circle --------------------------------------------------------------------


@page("scipy.stats.halfnorm.logpdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def halfnorm_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return np.where(z >= 0.0, math.log(2.0) - LOG_ROOT_2PI - 0.5 * z * z, -np.inf) - np.log(scale)


@page("scipy.stats.halfnorm.pdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def halfnorm_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(halfnorm_logpdf(x, loc, scale))


@page("scipy.stats.halfcauchy.logpdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def halfcauchy_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return np.where(z >= 0.0, math.log(2.0 / math.pi) - np.log1p(z * z), -np.inf) - np.log(scale)


@page("scipy.stats.halfcauchy.pdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def halfcauchy_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(halfcauchy_logpdf(x, loc, scale))


@page("scipy.stats.rayleigh.logpdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def rayleigh_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, np.log(np.where(z > 0.0, z, 1.0)) - 0.5 * z * z, -np.inf) - np.log(scale)


@page("scipy.stats.rayleigh.pdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def rayleigh_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(rayleigh_logpdf(x, loc, scale))


@page("scipy.stats.rayleigh.cdf", cases=("P(3), 0.1, P(3)", "-0.5"))
def rayleigh_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    z = np.maximum(standardised(x, loc, scale), 0.0)
    return -np.expm1(-0.5 * z * z)


@page("scipy.stats.skewnorm.logpdf", cases=("A(3), A(3), S(), P(3)",))
def skewnorm_logpdf(x, a, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return math.log(2.0) - LOG_ROOT_2PI - 0.5 * z * z + special.log_ndtr(a * z) - np.log(scale)


@page("scipy.stats.skewnorm.pdf", cases=("A(3), A(3), S(), P(3)",))
def skewnorm_pdf(x, a, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(skewnorm_logpdf(x, a, loc, scale))


@page("scipy.stats.truncnorm.logpdf", cases=("P(3), -P(3), 3.0, 0.1, 1.2", "5.0, -1.0, 2.0", "1.2, 0.5, S() * 0 + 2.0"))
def truncnorm_logpdf(x, a, b, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    inside = np.where(a > 0.0, special.ndtr(-a) - special.ndtr(-b), special.ndtr(b) - special.ndtr(a))
    return np.where((z >= a) & (z <= b), -0.5 * z * z - LOG_ROOT_2PI - np.log(inside) - np.log(scale), -np.inf)


@page("scipy.stats.truncnorm.pdf", cases=("P(3), -P(3), 3.0, 0.1, 1.2", "5.0, -1.0, 2.0", "1.2, 0.5, S() * 0 + 2.0"))
def truncnorm_pdf(x, a, b, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(truncnorm_logpdf(x, a, b, loc, scale))


@page("scipy.stats.vonmises.logpdf", cases=("A(3), P(3), 0.1",))
def vonmises_logpdf(x, kappa, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return kappa * special.cosm1(z) - np.log(2.0 * math.pi * special.i0e(kappa)) - np.log(scale)


@page("scipy.stats.vonmises.pdf", cases=("A(3), P(3), 0.1",))
def vonmises_pdf(x, kappa, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(vonmises_logpdf(x, kappa, loc, scale))


# --- of whole numbers, and of shares ----------------------------------------------------------------------------------


@page("scipy.stats.nbinom.logpmf", cases=("C(3), P(3), 0.3", "np.array([-1, 3]), 2, 0.3"))
def nbinom_logpmf(k, n, p, loc=0):
    """The logarithm of the probability of k failures before n successes."""
    x = np.asarray(k, dtype=np.float64) - loc
    whole = (x >= 0.0) & (x == np.floor(x))
    j = np.where(whole, x, 0.0)
    ways = special.gammaln(n + j) - special.gammaln(j + 1.0) - special.gammaln(n)
    return np.where(whole, ways + n * np.log(p) + special.xlog1py(j, -p), -np.inf)


@page("scipy.stats.nbinom.pmf", cases=("C(3), P(3), 0.3", "np.array([-1, 3]), 2, 0.3"))
def nbinom_pmf(k, n, p, loc=0):
    """The probability of k failures before n successes."""
    return np.exp(nbinom_logpmf(k, n, p, loc))


@page("scipy.stats.geom.logpmf", cases=("np.array([0, 3]), 0.3",))
def geom_logpmf(k, p, loc=0):
    """The logarithm of the probability that the k-th trial is the first success."""
    x = np.asarray(k, dtype=np.float64) - loc
    whole = (x >= 1.0) & (x == np.floor(x))
    return np.where(whole, special.xlog1py(np.where(whole, x, 1.0) - 1.0, -p) + np.log(p), -np.inf)


@page("scipy.stats.geom.pmf", cases=("np.array([0, 3]), 0.3",))
def geom_pmf(k, p, loc=0):
    """The probability that the k-th trial is the first success."""
    return np.exp(geom_logpmf(k, p, loc))


@page("scipy.stats.poisson.cdf", cases=("2, 1.3", "np.array([-1, 3]), 1.3"))
def poisson_cdf(k, mu, loc=0):
    """The probability of k or less."""
    x = np.floor(np.asarray(k, dtype=np.float64) - loc)
    return np.where(x >= 0.0, special.pdtr(np.where(x >= 0.0, x, 0.0), mu), 0.0)


@page("scipy.stats.poisson.sf", cases=("2, 1.3", "np.array([-1, 3]), 1.3"))
def poisson_sf(k, mu, loc=0):
    """The probability of more than k."""
    x = np.floor(np.asarray(k, dtype=np.float64) - loc)
    return np.where(x >= 0.0, special.pdtrc(np.where(x >= 0.0, x, 0.0), mu), 1.0)


@page("scipy.stats.dirichlet.logpdf", cases=("[0.4, 0.6], P(2)",))
def dirichlet_logpdf(x, alpha):
    """The logarithm of the density at shares of 1."""
    shares, a = np.asarray(x, dtype=np.float64), np.asarray(alpha)
    if shares.ndim != 1 or shares.shape[0] != a.shape[0]:
        raise ValueError("dirichlet: one vector with a share for each alpha is needed")
    if np.any(a <= 0.0) or np.any(shares < 0.0) or np.abs(np.sum(shares) - 1.0) > 1e-9:
        raise ValueError("dirichlet: alpha must be positive, and the shares must add up to 1")
    return special.gammaln(np.sum(a)) - np.sum(special.gammaln(a)) + np.sum(special.xlogy(a - 1.0, shares))
