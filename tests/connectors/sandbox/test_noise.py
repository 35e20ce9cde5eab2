"""Random numbers by address."""

import numpy as np

from connectors.sandbox.noise import generator, normals


def test_an_address_gives_the_same_numbers_every_time() -> None:
    assert np.array_equal(normals(7, "step 3", 42, 100), normals(7, "step 3", 42, 100))


def test_seed_stream_and_block_each_change_the_numbers() -> None:
    here = normals(7, "step 3", 42, 100)
    for other in (normals(8, "step 3", 42, 100), normals(7, "step 4", 42, 100)):
        assert not np.array_equal(here, other)
    assert not np.isin(here, normals(7, "step 3", 43, 100)).any()


def test_a_block_before_1970_has_numbers_too() -> None:
    assert generator(7, "day", -1).random() != generator(7, "day", 0).random()


def test_the_numbers_are_standard_normal() -> None:
    numbers = np.concatenate([normals(7, "step 3", block, 1_000) for block in range(100)])
    assert abs(numbers.mean()) < 0.015
    assert abs(numbers.std() - 1.0) < 0.01
