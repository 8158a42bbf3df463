"""Fixtures for pytest: simulated instruments, so that code for instruments is tested without any.

    pytest_plugins = ["graticule.pytest_plugin"]     # in conftest.py

    def test_mine(graticule_scope):                  # an open DS1104Z
        assert graticule_scope.identify().model == "DS1104Z"

    def test_two(graticule_sim):                     # the function graticule.sim; what it starts ends with the test
        bench = graticule_sim("ds1104z", "mso1104z", options="ch1=sine:1kHz:2V")
"""
from typing import Any, Callable, Iterator, List

import pytest

import graticule


@pytest.fixture
def graticule_sim() -> Iterator[Callable[..., graticule.Sim]]:
    """The function graticule.sim, whose benches are closed after the test."""
    benches: List[graticule.Sim] = []

    def start(*models: str, **options: Any) -> graticule.Sim:
        benches.append(graticule.sim(*models, **options))
        return benches[-1]

    yield start
    for bench in benches:
        bench.close()


@pytest.fixture
def graticule_scope(graticule_sim: Callable[..., graticule.Sim]) -> Iterator[graticule.Instrument]:
    """An open instrument: a simulated DS1104Z with a 1 kHz sine on channel 1."""
    with graticule.open(graticule_sim('ds1104z', options='ch1=sine:1kHz:2V').resource) as scope:
        yield scope
