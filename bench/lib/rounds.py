"""Interleaved rounds A B C A B C, and the figures drawn from them.

What disturbs a machine lasts longer than one measurement, so servers are compared within a round
only, and the ratio reported is the median of the ratios of all rounds.
"""

import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Figure:
    """The median of some values, with the least and the greatest of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values))

    def spread(self):
        """The distance between least and most, as a part of the median."""
        return (self.most - self.least) / self.median


class Results:
    """Samples by server name: one dict of numbers per round, with the same keys for all."""

    def __init__(self):
        self.samples = {}
        self.failures = {}  # server name: why it has no samples

    def figure(self, name, key):
        return Figure.of([sample[key] for sample in self.samples[name]])

    def ratio(self, name, baseline, key):
        """A server's figure relative to another's, round by round; None if one of them is missing."""
        if name not in self.samples or baseline not in self.samples:
            return None
        pairs = zip(self.samples[name], self.samples[baseline])
        return Figure.of([mine[key] / other[key] for mine, other in pairs])


def run_rounds(servers, count, measure, failure, progress):
    """Measures every server once per round. One that raises the exception type failure is left out
    of this round, of the later ones, and of the results."""
    results = Results()
    for number in range(count):
        for server in servers:
            if server.name in results.failures:
                continue
            progress(f"round {number + 1} of {count}: {server.name}")
            try:
                results.samples.setdefault(server.name, []).append(measure(server))
            except failure as error:
                results.failures[server.name] = str(error)
                results.samples.pop(server.name, None)
    return results
