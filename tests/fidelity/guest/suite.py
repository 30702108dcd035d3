# SPDX-License-Identifier: GPL-2.0
"""The list of scenarios."""

SCENARIOS = {}
NOT_NATIVE = "not run: "


class Scenario:
    """A function with a name; limit in seconds.

    native: a reason why it is not run on native kernels; its verdict there
    is that reason. since: not run on kernels before that.
    """

    def __init__(self, name, function, args=(), limit=40, native="", since=()):
        self.name, self.function, self.args = name, function, args
        self.limit, self.native, self.since = limit, native, since


def scenario(**kwargs):
    """Decorator: the function's name, with dashes, is the scenario's."""
    def take(function):
        add(function.__name__.replace("_", "-"), function, **kwargs)
        return function
    return take


def add(name, function, *args, **kwargs):
    """One scenario more."""
    if name in SCENARIOS:
        raise ValueError(f"two scenarios {name}")
    SCENARIOS[name] = Scenario(name, function, args, **kwargs)
