"""Images, flows, bodies and transforms of NPBench in their NumPy form; each returns the sum of its outputs."""

import numpy as np


def deriche(alpha, imgIn):
    k = (1.0 - np.exp(-alpha)) * (1.0 - np.exp(-alpha)) / (1.0 + alpha * np.exp(-alpha) - np.exp(2.0 * alpha))
    a1 = a5 = k
    a2 = a6 = k * np.exp(-alpha) * (alpha - 1.0)
    a3 = a7 = k * np.exp(-alpha) * (alpha + 1.0)
    a4 = a8 = -k * np.exp(-2.0 * alpha)
    b1 = 2.0 ** (-alpha)
    b2 = -np.exp(-2.0 * alpha)
    c1 = c2 = 1
    y1 = np.empty_like(imgIn)
    y1[:, 0] = a1 * imgIn[:, 0]
    y1[:, 1] = a1 * imgIn[:, 1] + a2 * imgIn[:, 0] + b1 * y1[:, 0]
    for j in range(2, imgIn.shape[1]):
        y1[:, j] = a1 * imgIn[:, j] + a2 * imgIn[:, j - 1] + b1 * y1[:, j - 1] + b2 * y1[:, j - 2]
    y2 = np.empty_like(imgIn)
    y2[:, -1] = 0.0
    y2[:, -2] = a3 * imgIn[:, -1]
    for j in range(imgIn.shape[1] - 3, -1, -1):
        y2[:, j] = a3 * imgIn[:, j + 1] + a4 * imgIn[:, j + 2] + b1 * y2[:, j + 1] + b2 * y2[:, j + 2]
    imgOut = c1 * (y1 + y2)
    y1[0, :] = a5 * imgOut[0, :]
    y1[1, :] = a5 * imgOut[1, :] + a6 * imgOut[0, :] + b1 * y1[0, :]
    for i in range(2, imgIn.shape[0]):
        y1[i, :] = a5 * imgOut[i, :] + a6 * imgOut[i - 1, :] + b1 * y1[i - 1, :] + b2 * y1[i - 2, :]
    y2[-1, :] = 0.0
    y2[-2, :] = a7 * imgOut[-1, :]
    for i in range(imgIn.shape[0] - 3, -1, -1):
        y2[i, :] = a7 * imgOut[i + 1, :] + a8 * imgOut[i + 2, :] + b1 * y2[i + 1, :] + b2 * y2[i + 2, :]
    imgOut[:] = c2 * (y1 + y2)
    return np.sum(imgOut)


def build_up_b(b, rho, dt, u, v, dx, dy):
    b[1:-1, 1:-1] = rho * (
        1 / dt * ((u[1:-1, 2:] - u[1:-1, 0:-2]) / (2 * dx) + (v[2:, 1:-1] - v[0:-2, 1:-1]) / (2 * dy))
        - ((u[1:-1, 2:] - u[1:-1, 0:-2]) / (2 * dx)) ** 2
        - 2 * ((u[2:, 1:-1] - u[0:-2, 1:-1]) / (2 * dy) * (v[1:-1, 2:] - v[1:-1, 0:-2]) / (2 * dx))
        - ((v[2:, 1:-1] - v[0:-2, 1:-1]) / (2 * dy)) ** 2
    )


def pressure_poisson(nit, p, dx, dy, b):
    pn = np.empty_like(p)
    pn = p.copy()
    for q in range(nit):
        pn = p.copy()
        p[1:-1, 1:-1] = ((pn[1:-1, 2:] + pn[1:-1, 0:-2]) * dy**2 + (pn[2:, 1:-1] + pn[0:-2, 1:-1]) * dx**2) / (
            2 * (dx**2 + dy**2)
        ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, 1:-1]
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0


def cavity_flow(nx, ny, nt, nit, u, v, dt, dx, dy, p, rho, nu):
    un = np.empty_like(u)
    vn = np.empty_like(v)
    b = np.zeros((ny, nx))
    for n in range(nt):
        un = u.copy()
        vn = v.copy()
        build_up_b(b, rho, dt, u, v, dx, dy)
        pressure_poisson(nit, p, dx, dy, b)
        u[1:-1, 1:-1] = (
            un[1:-1, 1:-1]
            - un[1:-1, 1:-1] * dt / dx * (un[1:-1, 1:-1] - un[1:-1, 0:-2])
            - vn[1:-1, 1:-1] * dt / dy * (un[1:-1, 1:-1] - un[0:-2, 1:-1])
            - dt / (2 * rho * dx) * (p[1:-1, 2:] - p[1:-1, 0:-2])
            + nu
            * (
                dt / dx**2 * (un[1:-1, 2:] - 2 * un[1:-1, 1:-1] + un[1:-1, 0:-2])
                + dt / dy**2 * (un[2:, 1:-1] - 2 * un[1:-1, 1:-1] + un[0:-2, 1:-1])
            )
        )
        v[1:-1, 1:-1] = (
            vn[1:-1, 1:-1]
            - un[1:-1, 1:-1] * dt / dx * (vn[1:-1, 1:-1] - vn[1:-1, 0:-2])
            - vn[1:-1, 1:-1] * dt / dy * (vn[1:-1, 1:-1] - vn[0:-2, 1:-1])
            - dt / (2 * rho * dy) * (p[2:, 1:-1] - p[0:-2, 1:-1])
            + nu
            * (
                dt / dx**2 * (vn[1:-1, 2:] - 2 * vn[1:-1, 1:-1] + vn[1:-1, 0:-2])
                + dt / dy**2 * (vn[2:, 1:-1] - 2 * vn[1:-1, 1:-1] + vn[0:-2, 1:-1])
            )
        )
        u[0, :] = 0
        u[:, 0] = 0
        u[:, -1] = 0
        u[-1, :] = 1
        v[0, :] = 0
        v[-1, :] = 0
        v[:, 0] = 0
        v[:, -1] = 0
    return np.sum(u) + np.sum(v) + np.sum(p)


def sources(rho, dt, dx, dy, right, left, below, above, v_right, v_left, v_below, v_above):
    """The right-hand side of the pressure equation from the neighbours of u and v."""
    return rho * (
        1 / dt * ((right - left) / (2 * dx) + (v_below - v_above) / (2 * dy))
        - ((right - left) / (2 * dx)) ** 2
        - 2 * ((below - above) / (2 * dy) * (v_right - v_left) / (2 * dx))
        - ((v_below - v_above) / (2 * dy)) ** 2
    )


def build_up_b_periodic(rho, dt, dx, dy, u, v):
    b = np.zeros_like(u)
    b[1:-1, 1:-1] = sources(
        rho, dt, dx, dy, u[1:-1, 2:], u[1:-1, 0:-2], u[2:, 1:-1], u[0:-2, 1:-1],
        v[1:-1, 2:], v[1:-1, 0:-2], v[2:, 1:-1], v[0:-2, 1:-1],
    )  # fmt: skip
    b[1:-1, -1] = sources(
        rho, dt, dx, dy, u[1:-1, 0], u[1:-1, -2], u[2:, -1], u[0:-2, -1],
        v[1:-1, 0], v[1:-1, -2], v[2:, -1], v[0:-2, -1],
    )  # fmt: skip
    b[1:-1, 0] = sources(
        rho, dt, dx, dy, u[1:-1, 1], u[1:-1, -1], u[2:, 0], u[0:-2, 0],
        v[1:-1, 1], v[1:-1, -1], v[2:, 0], v[0:-2, 0],
    )  # fmt: skip
    return b


def pressure_poisson_periodic(nit, p, dx, dy, b):
    pn = np.empty_like(p)
    for q in range(nit):
        pn = p.copy()
        p[1:-1, 1:-1] = ((pn[1:-1, 2:] + pn[1:-1, 0:-2]) * dy**2 + (pn[2:, 1:-1] + pn[0:-2, 1:-1]) * dx**2) / (
            2 * (dx**2 + dy**2)
        ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, 1:-1]
        p[1:-1, -1] = ((pn[1:-1, 0] + pn[1:-1, -2]) * dy**2 + (pn[2:, -1] + pn[0:-2, -1]) * dx**2) / (
            2 * (dx**2 + dy**2)
        ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, -1]
        p[1:-1, 0] = ((pn[1:-1, 1] + pn[1:-1, -1]) * dy**2 + (pn[2:, 0] + pn[0:-2, 0]) * dx**2) / (
            2 * (dx**2 + dy**2)
        ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, 0]
        p[-1, :] = p[-2, :]
        p[0, :] = p[1, :]


def advected(w, u, v, right, left, below, above, dt, dx, dy, nu):
    """Velocity w moved by u and v, and spread; the arguments are its neighbours."""
    return (
        w
        - u * dt / dx * (w - left)
        - v * dt / dy * (w - above)
        + nu * (dt / dx**2 * (right - 2 * w + left) + dt / dy**2 * (below - 2 * w + above))
    )


def channel_flow(nit, u, v, dt, dx, dy, p, rho, nu, F):
    udiff = 1.0
    stepcount = 0
    while udiff > 0.001:
        un = u.copy()
        vn = v.copy()
        b = build_up_b_periodic(rho, dt, dx, dy, u, v)
        pressure_poisson_periodic(nit, p, dx, dy, b)
        u[1:-1, 1:-1] = (
            advected(un[1:-1, 1:-1], un[1:-1, 1:-1], vn[1:-1, 1:-1], un[1:-1, 2:], un[1:-1, 0:-2],
                     un[2:, 1:-1], un[0:-2, 1:-1], dt, dx, dy, nu)
            - dt / (2 * rho * dx) * (p[1:-1, 2:] - p[1:-1, 0:-2]) + F * dt
        )  # fmt: skip
        v[1:-1, 1:-1] = (
            advected(vn[1:-1, 1:-1], un[1:-1, 1:-1], vn[1:-1, 1:-1], vn[1:-1, 2:], vn[1:-1, 0:-2],
                     vn[2:, 1:-1], vn[0:-2, 1:-1], dt, dx, dy, nu)
            - dt / (2 * rho * dy) * (p[2:, 1:-1] - p[0:-2, 1:-1])
        )  # fmt: skip
        u[1:-1, -1] = (
            advected(un[1:-1, -1], un[1:-1, -1], vn[1:-1, -1], un[1:-1, 0], un[1:-1, -2],
                     un[2:, -1], un[0:-2, -1], dt, dx, dy, nu)
            - dt / (2 * rho * dx) * (p[1:-1, 0] - p[1:-1, -2]) + F * dt
        )  # fmt: skip
        u[1:-1, 0] = (
            advected(un[1:-1, 0], un[1:-1, 0], vn[1:-1, 0], un[1:-1, 1], un[1:-1, -1],
                     un[2:, 0], un[0:-2, 0], dt, dx, dy, nu)
            - dt / (2 * rho * dx) * (p[1:-1, 1] - p[1:-1, -1]) + F * dt
        )  # fmt: skip
        v[1:-1, -1] = (
            advected(vn[1:-1, -1], un[1:-1, -1], vn[1:-1, -1], vn[1:-1, 0], vn[1:-1, -2],
                     vn[2:, -1], vn[0:-2, -1], dt, dx, dy, nu)
            - dt / (2 * rho * dy) * (p[2:, -1] - p[0:-2, -1])
        )  # fmt: skip
        v[1:-1, 0] = (
            advected(vn[1:-1, 0], un[1:-1, 0], vn[1:-1, 0], vn[1:-1, 1], vn[1:-1, -1],
                     vn[2:, 0], vn[0:-2, 0], dt, dx, dy, nu)
            - dt / (2 * rho * dy) * (p[2:, 0] - p[0:-2, 0])
        )  # fmt: skip
        u[0, :] = 0
        u[-1, :] = 0
        v[0, :] = 0
        v[-1, :] = 0
        udiff = (np.sum(u) - np.sum(un)) / np.sum(u)
        stepcount += 1
    return np.sum(u) + np.sum(v) + np.sum(p)


def get_acc(pos, mass, G, softening):
    x = pos[:, 0:1]
    y = pos[:, 1:2]
    z = pos[:, 2:3]
    dx = x.T - x
    dy = y.T - y
    dz = z.T - z
    inv_r3 = dx**2 + dy**2 + dz**2 + softening**2
    I = inv_r3 > 0
    inv_r3[I] = inv_r3[I] ** (-1.5)
    ax = G * (dx * inv_r3) @ mass
    ay = G * (dy * inv_r3) @ mass
    az = G * (dz * inv_r3) @ mass
    return np.hstack((ax, ay, az))


def get_energy(pos, vel, mass, G):
    KE = 0.5 * np.sum(mass * vel**2)
    x = pos[:, 0:1]
    y = pos[:, 1:2]
    z = pos[:, 2:3]
    dx = x.T - x
    dy = y.T - y
    dz = z.T - z
    inv_r = np.sqrt(dx**2 + dy**2 + dz**2)
    I = inv_r > 0
    inv_r[I] = 1.0 / inv_r[I]
    PE = G * np.sum(np.triu(-(mass * mass.T) * inv_r, 1))
    return KE, PE


def nbody(mass, pos, vel, Nt, dt, G, softening):
    vel -= np.mean(mass * vel, axis=0) / np.mean(mass)
    acc = get_acc(pos, mass, G, softening)
    KE = np.ndarray(Nt + 1, dtype=np.float64)
    PE = np.ndarray(Nt + 1, dtype=np.float64)
    KE[0], PE[0] = get_energy(pos, vel, mass, G)
    t = 0.0
    for i in range(Nt):
        vel += acc * dt / 2.0
        pos += vel * dt
        acc = get_acc(pos, mass, G, softening)
        vel += acc * dt / 2.0
        t += dt
        KE[i + 1], PE[i + 1] = get_energy(pos, vel, mass, G)
    return np.sum(KE) + np.sum(PE)


def go_fast(a):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += np.tanh(a[i, i])
    return np.sum(a + trace)


def arc_distance(theta_1, phi_1, theta_2, phi_2):
    temp = (
        np.sin((theta_2 - theta_1) / 2) ** 2 + np.cos(theta_1) * np.cos(theta_2) * np.sin((phi_2 - phi_1) / 2) ** 2
    )
    distance_matrix = 2 * (np.arctan2(np.sqrt(temp), np.sqrt(1 - temp)))
    return np.sum(distance_matrix)


def azimint_naive(data, radius, npt):
    rmax = radius.max()
    res = np.zeros(npt, dtype=np.float64)
    for i in range(npt):
        r1 = rmax * i / npt
        r2 = rmax * (i + 1) / npt
        mask_r12 = np.logical_and((r1 <= radius), (radius < r2))
        values_r12 = data[mask_r12]
        res[i] = values_r12.mean()
    return np.sum(res)


def azimint_hist(data, radius, npt):
    histu = np.histogram(radius, npt)[0]
    histw = np.histogram(radius, npt, weights=data)[0]
    return np.sum(histw / histu)


def scattering_self_energies(neigh_idx, dH, G, D, Sigma):
    for k in range(G.shape[0]):
        for E in range(G.shape[1]):
            for q in range(D.shape[0]):
                for w in range(D.shape[1]):
                    for i in range(D.shape[-2]):
                        for j in range(D.shape[-1]):
                            for a in range(neigh_idx.shape[0]):
                                for b in range(neigh_idx.shape[1]):
                                    if E - w >= 0:
                                        dHG = G[k, E - w, neigh_idx[a, b]] @ dH[a, b, i]
                                        dHD = dH[a, b, j] * D[q, w, a, b, i, j]
                                        Sigma[k, E, a] += dHG @ dHD
    return np.sum(Sigma)


def stockham_fft_complex(N, R, K, x, y):
    i_coord, j_coord = np.mgrid[0:R, 0:R]
    dft_mat = np.exp(-2.0j * np.pi * i_coord * j_coord / R)
    y[:] = x[:]
    ii_coord, jj_coord = np.mgrid[0:R, 0 : R**K]
    for i in range(K):
        yv = np.reshape(y, (R**i, R, R ** (K - i - 1)))
        tmp_perm = np.transpose(yv, axes=(1, 0, 2))
        tmp = np.exp(-2.0j * np.pi * ii_coord[:, : R**i] * jj_coord[:, : R**i] / R ** (i + 1))
        D = np.repeat(np.reshape(tmp, (R, R**i, 1)), R ** (K - i - 1), axis=2)
        tmp_twid = np.reshape(tmp_perm, (N,)) * np.reshape(D, (N,))
        y[:] = np.reshape(dft_mat @ np.reshape(tmp_twid, (R, R ** (K - 1))), (N,))
    return np.sum(np.abs(y))


def stockham_fft(N, R, K, x_re, x_im):
    """With real and imaginary parts as arrays of their own, twiddles broadcast; the sum of the magnitudes."""
    i_coord, j_coord = np.mgrid[0:R, 0:R]
    angle = -2.0 * np.pi * i_coord * j_coord / R
    dft_re = np.cos(angle)
    dft_im = np.sin(angle)
    y_re = x_re.copy()
    y_im = x_im.copy()
    ii_coord, jj_coord = np.mgrid[0:R, 0 : R**K]
    for i in range(K):
        perm_re = np.transpose(np.reshape(y_re, (R**i, R, R ** (K - i - 1))), axes=(1, 0, 2))
        perm_im = np.transpose(np.reshape(y_im, (R**i, R, R ** (K - i - 1))), axes=(1, 0, 2))
        turn = -2.0 * np.pi * ii_coord[:, : R**i] * jj_coord[:, : R**i] / R ** (i + 1)
        D_re = np.reshape(np.cos(turn), (R, R**i, 1))
        D_im = np.reshape(np.sin(turn), (R, R**i, 1))
        twid_re = np.reshape(perm_re * D_re - perm_im * D_im, (R, R ** (K - 1)))
        twid_im = np.reshape(perm_re * D_im + perm_im * D_re, (R, R ** (K - 1)))
        y_re = np.reshape(dft_re @ twid_re - dft_im @ twid_im, (N,))
        y_im = np.reshape(dft_re @ twid_im + dft_im @ twid_re, (N,))
    return np.sum(np.sqrt(y_re**2 + y_im**2))


def contour_integral(NR, NM, slab_per_bc, Ham, int_pts, Y):
    P0 = np.zeros((NR, NM), dtype=Ham.dtype)
    P1 = np.zeros((NR, NM), dtype=Ham.dtype)
    for z in int_pts:
        Tz = np.zeros((NR, NR), dtype=Ham.dtype)
        for n in range(slab_per_bc + 1):
            zz = np.power(z, slab_per_bc / 2 - n)
            Tz += zz * Ham[n]
        if NR == NM:
            X = np.linalg.inv(Tz)
        else:
            X = np.linalg.solve(Tz, Y)
        if abs(z) < 1.0:
            X[:] = -X
        P0 += X
        P1 += z * X
    return np.sum(np.abs(P0)) + np.sum(np.abs(P1))
