"""Spots of one cluster on lines of equal depth, against a count by histogram and scipy's Gaussian filter."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from core.method.lines import count_on_lines

WIDTH = 2.0


def counted(labels, positions, angles, narrowest=0.25, most_bins=50_000):
    counts = np.empty(len(angles))
    count_on_lines(labels, positions.astype(float), np.cos(angles), np.sin(angles), narrowest, most_bins, WIDTH, counts)
    return counts


def by_scipy(labels, positions, angle, narrowest=0.25, most_bins=50_000):
    depth = np.cos(angle) * positions[:, 0] - np.sin(angle) * positions[:, 1]
    width = max(narrowest, np.ptp(depth) / most_bins)
    bins = ((depth - depth.min()) / width).astype(int)
    held = np.zeros((labels.max() + 1, bins.max() + 1))
    np.add.at(held, (labels, bins), 1)
    density = gaussian_filter1d(held, WIDTH / 2 / width, mode="constant")
    return (held * density).sum() * WIDTH / width


@pytest.mark.parametrize("most_bins", [50_000, 40], ids=["narrow bins", "wide bins"])
@pytest.mark.parametrize("n_clusters", [1, 7])
def test_counts_are_those_of_a_histogram_smoothed_by_scipy(n_clusters, most_bins):
    rng = np.random.default_rng(n_clusters)
    positions, labels = rng.uniform(0, 80, (500, 2)), rng.integers(0, n_clusters, 500)
    angles = np.linspace(0, np.pi, 13)
    expected = [by_scipy(labels, positions, angle, most_bins=most_bins) for angle in angles]
    assert counted(labels, positions, angles, most_bins=most_bins) == pytest.approx(expected, rel=1e-12)


def test_two_spots_of_one_cluster_count_more_the_nearer_their_lines_are():
    far, near, same = (
        counted(np.array([0, 0]), np.array([(0.0, 0.0), (apart, 9.0)]), np.array([0.0]))[0] for apart in (9, 1, 0)
    )
    assert far < near < same
    assert same == pytest.approx(2 * far)  # each with itself, and with the other


def test_spots_of_different_clusters_do_not_count():
    assert counted(np.array([0, 1]), np.zeros((2, 2)), np.array([0.3])) == pytest.approx(
        counted(np.array([0, 0]), np.array([(0.0, 0.0), (50.0, 0.0)]), np.array([0.0]))
    )
