"""Bundle adjustment: cameras and points are found from where the points appear in the pictures.

Each observation has a residual of two numbers, a function of the 11 parameters of its camera (rotation as a Rodrigues
vector, centre, focal length, principal point, two coefficients of radial distortion), the 3 coordinates of its point
and a weight. Its Jacobian is three small blocks, two rows of 15 by reverse mode, for all observations in one loop.
"""
import argparse

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import spsolve

import srcgrad as sg


def rotated(r, x, y, z):
    """Return the point (x, y, z), turned about the axis r by the angle |r| (Rodrigues' formula)."""
    theta2 = r[0] ** 2 + r[1] ** 2 + r[2] ** 2
    if theta2 > 0.0:
        theta = np.sqrt(theta2)
        c, s = np.cos(theta), np.sin(theta)
        a, b, d = r[0] / theta, r[1] / theta, r[2] / theta
        along = (a * x + b * y + d * z) * (1.0 - c)
        turned_x = x * c + (b * z - d * y) * s + a * along
        turned_y = y * c + (d * x - a * z) * s + b * along
        turned_z = z * c + (a * y - b * x) * s + d * along
        return turned_x, turned_y, turned_z
    return x + r[1] * z - r[2] * y, y + r[2] * x - r[0] * z, z + r[0] * y - r[1] * x


@sg.differentiable
def residual(camera, point, weight, seen):
    """Return the weighted distance of a point's image from where it was seen, in pixels."""
    px, py, pz = rotated(camera[:3], point[0] - camera[3], point[1] - camera[4], point[2] - camera[5])
    x, y = px / pz, py / pz
    r2 = x * x + y * y
    distortion = 1.0 + camera[9] * r2 + camera[10] * r2 * r2
    out = np.empty(2)
    out[0] = weight * (camera[6] * distortion * x + camera[7] - seen[0])
    out[1] = weight * (camera[6] * distortion * y + camera[8] - seen[1])
    return out


residuals = sg.vmap(residual)
residual_blocks = sg.vmap(sg.jacobian(residual, argnums=("camera", "point", "weight")))


def blocks(cameras, points, weights, seen, camera_of, point_of):
    """Return residuals, and the blocks of the Jacobian for each observation: 2 x 11, 2 x 3 and 2 numbers."""
    given = cameras[camera_of], points[point_of], weights, seen
    return residuals(*given), *residual_blocks(*given)


def jacobian(cameras, points, camera_of, point_of, by_camera, by_point):
    """Return the sparse Jacobian by all camera and point parameters: 14 entries in each row."""
    n = len(camera_of)
    first = 11 * len(cameras)
    columns = np.hstack([11 * camera_of[:, None] + np.arange(11), first + 3 * point_of[:, None] + np.arange(3)])
    values = np.concatenate([by_camera, by_point], axis=2)
    starts = 14 * np.arange(2 * n + 1)
    return csr_array((values.ravel(), np.repeat(columns, 2, axis=0).ravel(), starts), (2 * n, first + points.size))


def scene(count, size, rng):
    """Return cameras around a cloud of points, the points, and which camera sees which point."""
    points = rng.normal(size=(size, 3))
    cameras = np.zeros((count, 11))
    for k, angle in enumerate(np.linspace(0.0, 2.0, count)):
        cameras[k, 1] = angle
        cameras[k, 3:6] = -6.0 * np.array([-np.sin(angle), 0.0, np.cos(angle)])
        cameras[k, 6:9] = 500.0, 320.0, 240.0
        cameras[k, 9:] = -0.05, 0.01
    camera_of, point_of = (index.ravel() for index in np.indices((count, size)))
    return cameras, points, camera_of, point_of


def adjusted(cameras, points, weights, seen, camera_of, point_of, steps):
    """Return cameras and points after steps of Levenberg and Marquardt."""
    damping = 1e-3
    for step in range(steps):
        errors, by_camera, by_point, _ = blocks(cameras, points, weights, seen, camera_of, point_of)
        cost = np.sqrt(np.mean(errors**2))
        print(f"step {step}: root mean square {cost:.6f} pixels")
        J = jacobian(cameras, points, camera_of, point_of, by_camera, by_point)
        normal = (J.T @ J).tocsc()
        while damping < 1e9:
            change = spsolve(normal + diags_array(damping * (normal.diagonal() + 1e-9)).tocsc(), J.T @ errors.ravel())
            new_cameras = cameras - change[: cameras.size].reshape(cameras.shape)
            new_points = points - change[cameras.size :].reshape(points.shape)
            errors_now = blocks(new_cameras, new_points, weights, seen, camera_of, point_of)[0]
            if np.sqrt(np.mean(errors_now**2)) < cost:
                cameras, points, damping = new_cameras, new_points, damping / 10.0
                break
            damping *= 10.0
    return cameras, points


def main():
    """Disturb a scene, and find it again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=6, help="number of cameras (default 6)")
    parser.add_argument("--points", type=int, default=60, help="number of points (default 60)")
    parser.add_argument("--steps", type=int, default=8, help="steps of Levenberg and Marquardt (default 8)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the scene (default 0)")
    parser.add_argument("--show-source", action="store_true", help="print the Jacobians of the residuals")
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    cameras, points, camera_of, point_of = scene(options.cameras, options.points, rng)
    weights = rng.uniform(0.5, 1.5, camera_of.size)
    nothing = np.zeros((camera_of.size, 2))
    seen = blocks(cameras, points, np.ones_like(weights), nothing, camera_of, point_of)[0]
    seen += rng.normal(scale=0.1, size=seen.shape)
    cameras += rng.normal(size=cameras.shape) * np.array([0.01] * 3 + [0.05] * 3 + [5.0] * 3 + [0.01] * 2)
    points += rng.normal(scale=0.05, size=points.shape)
    adjusted(cameras, points, weights, seen, camera_of, point_of, options.steps)
    if options.show_source:
        print(sg.source(residual_blocks))


if __name__ == "__main__":
    main()
