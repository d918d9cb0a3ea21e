"""Distributions of `scipy.stats`: densities, distribution functions and their inverses, with `loc` and `scale`.

As there, results have 64 bits and a scale that is not positive gives nan. Outside of the support a density is 0 and so
is its derivative. Densities are written as their logarithms where these keep their digits.
"""

from __future__ import annotations

import math

import numpy as np

from ..runtime import special
from .axes import refuse
from .pages import page

ROOT_2PI = math.sqrt(2.0 * math.pi)
LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)


def standardised(x, loc, scale):
    """How many scales x is from loc."""
    return (np.asarray(x, dtype=np.float64) - loc) / positive(scale)


def positive(number):
    """The number, nan where it is not positive."""
    return np.where(number > 0.0, number, np.nan)


# --- normal -------------------------------------------------------------------------------------------------------


@page("scipy.stats.norm.pdf", cases=("A(3)", "S(), 0.3, 1.2", "A(2, 3), loc=A(3), scale=P(3)"))
def norm_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    z = standardised(x, loc, scale)
    return np.exp(-0.5 * z * z) / (ROOT_2PI * scale)


@page("scipy.stats.norm.logpdf", cases=("A(3)", "S(), 0.3, 1.2", "A(2, 3), loc=A(3), scale=P(3)"))
def norm_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return -0.5 * z * z - LOG_ROOT_2PI - np.log(scale)


@page("scipy.stats.norm.cdf", cases=("A(3)", "S(), 0.3, 1.2", "A(2, 3), loc=A(3), scale=P(3)"))
def norm_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    return special.ndtr(standardised(x, loc, scale))


@page("scipy.stats.norm.logcdf", cases=("A(3)", "S(), scale=1.2"))
def norm_logcdf(x, loc=0.0, scale=1.0):
    """Its logarithm."""
    return special.log_ndtr(standardised(x, loc, scale))


@page("scipy.stats.norm.sf", cases=("A(3)", "S(), 0.3, 1.2"))
def norm_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    return special.ndtr(-standardised(x, loc, scale))


@page("scipy.stats.norm.logsf", cases=("A(3)", "S(), 0.3, 1.2"))
def norm_logsf(x, loc=0.0, scale=1.0):
    """Its logarithm."""
    return special.log_ndtr(-standardised(x, loc, scale))


@page("scipy.stats.norm.ppf", cases=("0.3 * P(3)", "0.3, S(), 1.2"))
def norm_ppf(q, loc=0.0, scale=1.0):
    """Where the distribution function has the value q."""
    return loc + positive(scale) * special.ndtri(np.asarray(q, dtype=np.float64))


@page("scipy.stats.norm.isf", cases=("0.3 * P(3)", "0.3, S(), 1.2"))
def norm_isf(q, loc=0.0, scale=1.0):
    """Where the distribution function lacks q of 1."""
    return loc - positive(scale) * special.ndtri(np.asarray(q, dtype=np.float64))


@page("scipy.stats.lognorm.logpdf", cases=("P(3), 0.7", "P(3), P(3), 0.1, 1.2", "-1.0, 0.7"))
def lognorm_logpdf(x, s, loc=0.0, scale=1.0):
    """The logarithm of the density; s is the deviation of the logarithm."""
    z = standardised(x, loc, scale)
    y = np.where(z > 0.0, z, 1.0)
    inside = -0.5 * (np.log(y) / s) ** 2 - LOG_ROOT_2PI - np.log(positive(s) * y * scale)
    return np.where(z > 0.0, inside, -np.inf)


@page("scipy.stats.lognorm.pdf", cases=("P(3), 0.7", "P(3), P(3), 0.1, 1.2", "-1.0, 0.7"))
def lognorm_pdf(x, s, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(lognorm_logpdf(x, s, loc, scale))


@page("scipy.stats.lognorm.cdf", cases=("P(3), 0.7", "P(3), P(3), 0.1, 1.2", "-1.0, 0.7"))
def lognorm_cdf(x, s, loc=0.0, scale=1.0):
    """The distribution function."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, special.ndtr(np.log(np.where(z > 0.0, z, 1.0)) / positive(s)), 0.0)


# --- others with a scale --------------------------------------------------------------------------------------------


@page("scipy.stats.expon.pdf", cases=("A(4)", "A(3), 0.1, P(3)"))
def expon_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    z = standardised(x, loc, scale)
    return np.where(z >= 0.0, np.exp(-np.abs(z)), 0.0) / scale


@page("scipy.stats.expon.logpdf", cases=("P(4)", "P(3), 0.1, P(3)"))
def expon_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return np.where(z >= 0.0, -z, -np.inf) - np.log(scale)


@page("scipy.stats.expon.cdf", cases=("A(4)", "A(3), 0.1, P(3)"))
def expon_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, -np.expm1(-np.abs(z)), 0.0)


@page("scipy.stats.expon.sf", cases=("A(4)", "A(3), 0.1, P(3)"))
def expon_sf(x, loc=0.0, scale=1.0):
    """What the distribution function lacks of 1."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, np.exp(-np.abs(z)), 1.0)


@page("scipy.stats.expon.logsf", cases=("A(4)", "A(3), 0.1, P(3)"))
def expon_logsf(x, loc=0.0, scale=1.0):
    """Its logarithm."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, -z, 0.0)


@page("scipy.stats.uniform.pdf", cases=("A(4)", "A(3), -1.0, 2.0 + P(3)"))
def uniform_pdf(x, loc=0.0, scale=1.0):
    """The density, from loc to loc + scale."""
    z = standardised(x, loc, scale)
    return np.where((z >= 0.0) & (z <= 1.0), 1.0, 0.0) / scale


@page("scipy.stats.uniform.logpdf", cases=("0.4 * P(4)", "0.3 * P(3), -1.0, 2.0 + P(3)"))
def uniform_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return np.where((z >= 0.0) & (z <= 1.0), 0.0, -np.inf) - np.log(scale)


@page("scipy.stats.uniform.cdf", cases=("A(4)", "A(3), -1.0, 2.0 + P(3)"))
def uniform_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    return np.clip(standardised(x, loc, scale), 0.0, 1.0)


@page("scipy.stats.laplace.pdf", cases=("A(4)", "A(3), S(), P(3)"))
def laplace_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return 0.5 * np.exp(-np.abs(standardised(x, loc, scale))) / scale


@page("scipy.stats.laplace.logpdf", cases=("A(4)", "A(3), S(), P(3)"))
def laplace_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    return -np.abs(standardised(x, loc, scale)) - np.log(2.0 * scale)


@page("scipy.stats.logistic.pdf", cases=("A(4)", "A(3), S(), P(3)"))
def logistic_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(logistic_logpdf(x, loc, scale))


@page("scipy.stats.logistic.logpdf", cases=("A(4)", "A(3), S(), P(3)"))
def logistic_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    return special.log_expit(z) + special.log_expit(-z) - np.log(scale)


@page("scipy.stats.logistic.cdf", cases=("A(4)", "A(3), S(), P(3)"))
def logistic_cdf(x, loc=0.0, scale=1.0):
    """The distribution function."""
    return special.expit(standardised(x, loc, scale))


@page("scipy.stats.cauchy.pdf", cases=("A(4)", "A(3), S(), P(3)"))
def cauchy_pdf(x, loc=0.0, scale=1.0):
    """The density."""
    return 1.0 / (math.pi * scale * (1.0 + standardised(x, loc, scale) ** 2))


@page("scipy.stats.cauchy.logpdf", cases=("A(4)", "A(3), S(), P(3)"))
def cauchy_logpdf(x, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    return -np.log1p(standardised(x, loc, scale) ** 2) - np.log(math.pi * scale)


# --- with shapes ----------------------------------------------------------------------------------------------------


@page("scipy.stats.gamma.logpdf", cases=("P(3), 1.7", "P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def gamma_logpdf(x, a, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    inside = special.xlogy(a - 1.0, np.where(z >= 0.0, z, 1.0)) - z - special.gammaln(positive(a)) - np.log(scale)
    return np.where(z >= 0.0, inside, -np.inf)


@page("scipy.stats.gamma.pdf", cases=("P(3), 1.7", "P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def gamma_pdf(x, a, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(gamma_logpdf(x, a, loc, scale))


@page("scipy.stats.gamma.cdf", cases=("P(3), 1.7", "P(3), 1.7, 0.1, P(3)", "-0.5, 1.7"))
def gamma_cdf(x, a, loc=0.0, scale=1.0):
    """The distribution function; its derivative by the shape is not known."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, special.gammainc(a, np.where(z > 0.0, z, 1.0)), 0.0)


@page("scipy.stats.chi2.logpdf", cases=("P(3), 3", "P(3), 1.0 + P(3)", "P(3), 3, 0.1, 1.2"))
def chi2_logpdf(x, df, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    return gamma_logpdf(x, 0.5 * df, loc, 2.0 * scale)


@page("scipy.stats.chi2.pdf", cases=("P(3), 3", "P(3), 1.0 + P(3)"))
def chi2_pdf(x, df, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(gamma_logpdf(x, 0.5 * df, loc, 2.0 * scale))


@page("scipy.stats.chi2.cdf", cases=("P(3), 3", "P(3), 3, 0.1, 1.2"))
def chi2_cdf(x, df, loc=0.0, scale=1.0):
    """The distribution function; its derivative by the degrees of freedom is not known."""
    return gamma_cdf(x, 0.5 * df, loc, 2.0 * scale)


@page("scipy.stats.beta.logpdf", cases=("0.3 * P(3), 1.7, 2.1", "0.3 * P(3), P(3), P(3)", "2.0, 1.7, 2.1"))
def beta_logpdf(x, a, b, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    y = np.where((z >= 0.0) & (z <= 1.0), z, 0.5)
    inside = special.xlogy(a - 1.0, y) + special.xlog1py(b - 1.0, -y) - special.betaln(positive(a), positive(b))
    return np.where((z >= 0.0) & (z <= 1.0), inside - np.log(scale), -np.inf)


@page("scipy.stats.beta.pdf", cases=("0.3 * P(3), 1.7, 2.1", "0.3 * P(3), P(3), P(3)", "2.0, 1.7, 2.1"))
def beta_pdf(x, a, b, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(beta_logpdf(x, a, b, loc, scale))


@page("scipy.stats.beta.cdf", cases=("0.3 * P(3), 1.7, 2.1", "2.0, 1.7, 2.1"))
def beta_cdf(x, a, b, loc=0.0, scale=1.0):
    """The distribution function; its derivatives by the shapes are not known."""
    return special.betainc(a, b, np.clip(standardised(x, loc, scale), 0.0, 1.0))


@page("scipy.stats.t.logpdf", cases=("A(3), 3", "A(3), 1.0 + P(3), 0.2, P(3)"))
def t_logpdf(x, df, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    norm = special.gammaln(0.5 * (df + 1.0)) - special.gammaln(0.5 * positive(df)) - 0.5 * np.log(math.pi * df)
    return norm - 0.5 * (df + 1.0) * np.log1p(z * z / df) - np.log(scale)


@page("scipy.stats.t.pdf", cases=("A(3), 3", "A(3), 1.0 + P(3), 0.2, P(3)"))
def t_pdf(x, df, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(t_logpdf(x, df, loc, scale))


@page("scipy.stats.weibull_min.logpdf", cases=("P(3), 1.7", "P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def weibull_min_logpdf(x, c, loc=0.0, scale=1.0):
    """The logarithm of the density."""
    z = standardised(x, loc, scale)
    y = np.where(z >= 0.0, z, 1.0)
    inside = np.log(positive(c)) + special.xlogy(c - 1.0, y) - y**c - np.log(scale)
    return np.where(z >= 0.0, inside, -np.inf)


@page("scipy.stats.weibull_min.pdf", cases=("P(3), 1.7", "P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def weibull_min_pdf(x, c, loc=0.0, scale=1.0):
    """The density."""
    return np.exp(weibull_min_logpdf(x, c, loc, scale))


@page("scipy.stats.weibull_min.cdf", cases=("P(3), 1.7", "P(3), P(3), 0.1, P(3)", "-0.5, 1.7"))
def weibull_min_cdf(x, c, loc=0.0, scale=1.0):
    """The distribution function."""
    z = standardised(x, loc, scale)
    return np.where(z > 0.0, -np.expm1(-(np.where(z > 0.0, z, 1.0) ** positive(c))), 0.0)


# --- counts ---------------------------------------------------------------------------------------------------------


@page("scipy.stats.poisson.logpmf", cases=("C(4), P(4)", "2, 1.3", "np.array([-1, 3]), 1.3"))
def poisson_logpmf(k, mu, loc=0):
    """The logarithm of the probability of k."""
    n = np.asarray(k, dtype=np.float64) - loc
    whole = (n >= 0.0) & (n == np.floor(n))
    m = np.where(whole, n, 0.0)
    return np.where(whole, special.xlogy(m, mu) - special.gammaln(m + 1.0) - mu, -np.inf)


@page("scipy.stats.poisson.pmf", cases=("C(4), P(4)", "2, 1.3", "np.array([-1, 3]), 1.3"))
def poisson_pmf(k, mu, loc=0):
    """The probability of k."""
    return np.exp(poisson_logpmf(k, mu, loc))


@page("scipy.stats.binom.logpmf", cases=("C(4), 5, 0.3 * P(4)", "2, 4, 0.3", "np.array([-1, 3]), 2, 0.3"))
def binom_logpmf(k, n, p, loc=0):
    """The logarithm of the probability of k among n."""
    m = np.asarray(k, dtype=np.float64) - loc
    whole = (m >= 0.0) & (m <= n) & (m == np.floor(m))
    j = np.where(whole, m, 0.0)
    ways = special.gammaln(n + 1.0) - special.gammaln(j + 1.0) - special.gammaln(n - j + 1.0)
    return np.where(whole, ways + special.xlogy(j, p) + special.xlog1py(n - j, -p), -np.inf)


@page("scipy.stats.binom.pmf", cases=("C(4), 5, 0.3 * P(4)", "2, 4, 0.3", "np.array([-1, 3]), 2, 0.3"))
def binom_pmf(k, n, p, loc=0):
    """The probability of k among n."""
    return np.exp(binom_logpmf(k, n, p, loc))


@page("scipy.stats.bernoulli.logpmf", cases=("J(4), 0.3 * P(4)", "1, 0.3"))
def bernoulli_logpmf(k, p, loc=0):
    """The logarithm of the probability of k, 0 or 1."""
    return binom_logpmf(k, 1, p, loc)


@page("scipy.stats.bernoulli.pmf", cases=("J(4), 0.3 * P(4)", "1, 0.3"))
def bernoulli_pmf(k, p, loc=0):
    """The probability of k, 0 or 1."""
    return np.exp(binom_logpmf(k, 1, p, loc))


# --- of vectors -----------------------------------------------------------------------------------------------------


@page("scipy.stats.multivariate_normal.logpdf", cases=(
    "A(3), A(3), D(3, 3)", "A(4, 3), A(3), D(3, 3)", "A(3), mean=np.zeros(3), cov=D(3, 3)",
))  # fmt: skip
def multivariate_normal_logpdf(x, mean, cov):
    """The logarithm of the density at a vector, or at each row."""
    if np.ndim(cov) != 2 or np.ndim(mean) != 1:
        refuse("scipy.stats.multivariate_normal of other than a vector and a matrix is not supported",
               "give mean and cov in full")  # fmt: skip
    lower = np.linalg.cholesky(cov)
    off = np.linalg.solve(lower, np.transpose(np.asarray(x, dtype=np.float64) - mean))
    volume = np.sum(np.log(np.diag(lower)))
    return -0.5 * np.sum(off * off, axis=0) - volume - LOG_ROOT_2PI * len(mean)


@page("scipy.stats.multivariate_normal.pdf", cases=("A(3), A(3), D(3, 3)", "A(4, 3), A(3), D(3, 3)"))
def multivariate_normal_pdf(x, mean, cov):
    """The density at a vector, or at each row."""
    return np.exp(multivariate_normal_logpdf(x, mean, cov))
