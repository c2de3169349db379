# SPDX-License-Identifier: MIT
"""Medians with the least and the most, of figures and of ratios of figures taken in turn."""

import statistics


class Spread:
    """A median, the least and the most of several repetitions."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)
        self.least = min(self.values)
        self.most = max(self.values)

    def text(self, digits=None):
        """Returns 'median [least .. most]'."""
        return "{} [{} .. {}]".format(
            *(number(v, digits) for v in (self.median, self.least, self.most))
        )

    def holds(self, value):
        return self.least <= value <= self.most


def number(value, digits=None):
    """Returns a figure as people write it: three digits that count, thousands apart."""
    if digits is None:
        size = abs(value)
        digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}".replace(",", " ")


def ratio(over, under):
    """Returns the spread of the ratios of two series that were measured in turn.

    What slows both in one repetition cancels.
    """
    return Spread(a / b for a, b in zip(over, under, strict=True))
