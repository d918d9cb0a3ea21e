"""Points in space: distances, rotations, chains of matrices, rays."""

import math

import numpy as np

from tests.corpus.case import Case


def bezier_length(P, n):
    total = 0.0
    prev = P[0].copy()
    for k in range(1, n + 1):
        t = k / n
        Q = P.copy()
        for r in range(1, P.shape[0]):
            for i in range(P.shape[0] - r):
                Q[i] = (1 - t) * Q[i] + t * Q[i + 1]
        total += np.sqrt(np.sum((Q[0] - prev) ** 2))
        prev = Q[0].copy()
    return total


def quaternion_rotate(q, v):
    w, x, y, z = q / np.sqrt(np.sum(q * q))
    R = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    r = R @ v
    return r[0] + 2 * r[1] + 3 * r[2]


def ray_sphere(o, d, center, radius):
    oc = o - center
    b = 2 * np.dot(oc, d)
    c = np.dot(oc, oc) - radius**2
    a = np.dot(d, d)
    disc = b * b - 4 * a * c
    if disc < 0:
        return 0.0
    return (-b - np.sqrt(disc)) / (2 * a)


def point_segment_distance(p, a, b):
    ab = b - a
    t = np.dot(p - a, ab) / np.dot(ab, ab)
    t = np.clip(t, 0.0, 1.0)
    closest = a + t * ab
    return np.sqrt(np.sum((p - closest) ** 2))


def mesh_volume(verts, faces):
    vol = 0.0
    for f in faces:
        a, b, c = verts[f[0]], verts[f[1]], verts[f[2]]
        vol += a @ cross(b, c)
    return vol / 6.0


def icp_error(src, dst, angle, tx, ty):
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[c, -s], [s, c]])
    moved = src @ R.T + np.array([tx, ty])
    err = 0.0
    for p in moved:
        best = 1e30
        for q in dst:
            best = min(best, (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2)
        err += best
    return err


def raymarch(ox, oy, dx, dy, r):
    t = 0.0
    steps = 0
    while steps < 40:
        px, py = ox + t * dx, oy + t * dy
        d = math.hypot(px, py) - r
        if d < 1e-9:
            return t
        t += d
        steps += 1
    return t


def dh_arm(theta, a, d):
    T = identity(4)
    for i in range(len(theta)):
        c, s = np.cos(theta[i]), np.sin(theta[i])
        A = np.array([[c, -s, 0, a[i] * c], [s, c, 0, a[i] * s], [0, 0, 1, d[i]], [0, 0, 0, 1.0]])
        T = T @ A
    return T[0, 3] ** 2 + T[1, 3] + T[2, 3]


def convex_hull_like(pts):
    n = pts.shape[0]
    best = -1e9
    for i in range(n):
        for j in range(i + 1, n):
            d = (pts[i] - pts[j]) @ (pts[i] - pts[j])
            if d > best:
                best = d
                bi, bj = i, j
    mid = 0.5 * (pts[bi] + pts[bj])
    r = 0.0
    for p in pts:
        r = max(r, np.sum((p - mid) ** 2))
    return np.sqrt(r) + np.sqrt(best)


def bundle_residual(cams, pts, obs, ci, pi):
    e = 0.0
    for k in range(len(ci)):
        c = cams[ci[k]]
        X = pts[pi[k]]
        th = np.sqrt(c[0] ** 2 + c[1] ** 2 + c[2] ** 2)
        if th > 1e-8:
            ax, ay, az = c[0] / th, c[1] / th, c[2] / th
            ct, st = np.cos(th), np.sin(th)
            dot = ax * X[0] + ay * X[1] + az * X[2]
            px = X[0] * ct + (ay * X[2] - az * X[1]) * st + ax * dot * (1 - ct)
            py = X[1] * ct + (az * X[0] - ax * X[2]) * st + ay * dot * (1 - ct)
            pz = X[2] * ct + (ax * X[1] - ay * X[0]) * st + az * dot * (1 - ct)
        else:
            px, py, pz = X
        px += c[3]
        py += c[4]
        pz += c[5] + 5.0
        u, v = c[6] * px / pz, c[6] * py / pz
        e += (u - obs[k, 0]) ** 2 + (v - obs[k, 1]) ** 2
    return e


def cross(b, c):
    return np.array([b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]])


def identity(n):
    I = np.zeros((n, n))
    for i in range(n):
        I[i, i] = 1
    return I


CASES = [
    Case(bezier_length, (np.array([[1.23, -0.27], [-0.71, -0.73], [-0.31, 0.75], [-0.81, 1.16]]), 5)),
    Case(quaternion_rotate, (np.array([0.29, -0.23, -1.33, 0.24]), np.array([0.69, -1.77, 1.19]))),
    Case(
        ray_sphere,
        (np.array([0.0, 0.0, -5.0]), np.array([0.1, 0.05, 1.0]), np.array([0.16, 0.03, 0.05]), 1.5),
    ),
    Case(
        point_segment_distance,
        (np.array([2.41, 1.23, -0.9]), np.array([-0.02, -0.16, -0.15]), np.array([-2.36, 0.76, -0.64])),
    ),
    Case(
        mesh_volume,
        (
            np.array(
                [
                    [0.16, -0.14, 0.87],
                    [-0.3, -0.8, 0.53],
                    [1.4, -0.32, 1.37],
                    [0.26, -0.53, 1.53],
                    [-0.82, 1.01, -0.5],
                ]
            ),
            np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4]]),
        ),
    ),
    Case(
        icp_error,
        (
            np.array([[0.45, -1.23], [-0.84, 1.07], [0.19, 0.04], [-0.44, 0.45], [-1.4, -1.12]]),
            np.array(
                [[-0.16, -0.83], [-0.7, -0.07], [-0.14, -0.22], [1.67, 1.01], [1.23, -0.03], [-0.5, -1.45]]
            ),
            0.3,
            0.1,
            -0.2,
        ),
    ),
    Case(raymarch, (-3.0, 0.3, 1.0, 0.05, 1.0)),
    Case(dh_arm, (np.array([-0.98, -0.57, 0.04]), np.array([0.75, 0.65, 0.47]), np.array([0.69, 1.12, 0.4]))),
    Case(
        convex_hull_like,
        (np.array([[0.25, -1.56], [-0.89, 1.48], [0.82, 0.51], [0.64, -0.54], [0.34, -0.9], [0.39, -0.71]]),),
    ),
    Case(
        bundle_residual,
        (
            np.array(
                [[-0.48, 0.18, 0.28, 0.6, 0.23, 0.25, 0.72], [-0.26, 0.23, 0.2, -0.32, -0.27, -0.03, 0.81]]
            ),
            np.array([[0.07, 0.23, -0.18], [0.27, 0.46, -1.01], [0.42, -0.25, -0.95], [0.21, 1.49, -1.46]]),
            np.array([[-1.65, -1.65], [1.98, -0.25], [-0.06, -0.79], [-0.94, -2.03], [0.17, 0.26]]),
            np.array([0, 0, 1, 1, 0]),
            np.array([0, 1, 2, 3, 3]),
        ),
    ),
]
