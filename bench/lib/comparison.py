"""How a suite reads its results: the table, what disturbed them, and what misses its aim.

Samples have at least the keys rate, per second, and cpu_ns: the server's CPU time for one unit, which
is the figure that decides.
"""

import dataclasses

from lib import table


@dataclasses.dataclass(frozen=True)
class Comparison:
    unit: str  # what is counted: message, request
    reference: str  # the hand-written server that all others are compared with
    baselines: dict  # model: the hand-written server of that model
    latencies: tuple = ()  # further keys of samples, in microseconds, that the table shows

    def baseline_of(self, name):
        """The server that another one is compared with in the last columns."""
        who, _, rest = name.partition(" ")
        return self.baselines[rest.split()[0]] if who == "duet" else self.reference

    def report(self, results):
        """The results as a Markdown table."""
        latencies = [key.replace("_us", " µs") for key in self.latencies]
        head = ["server", "rate/s", *latencies, f"CPU ns/{self.unit}", f"CPU × {self.reference}",
                "CPU × baseline (least–most)", "baseline"]
        return table.markdown(head, [self.row(results, name) for name in results.samples])

    def row(self, results, name):
        baseline = self.baseline_of(name)
        return [
            name,
            f"{results.figure(name, 'rate').median:,.0f}",
            *(f"{results.figure(name, key).median:.0f}" for key in self.latencies),
            f"{results.figure(name, 'cpu_ns').median:.0f}",
            ratio_text(results.ratio(name, self.reference, "cpu_ns"), has_spread=False),
            ratio_text(results.ratio(name, baseline, "cpu_ns"), has_spread=True),
            baseline,
        ]

    def variation(self, results, key, what, spread_max):
        """Whether a figure of the reference, which has been measured, varies so much that something
        else used the machine: a list of one reason, or of none."""
        spread = results.figure(self.reference, key).spread()
        if spread <= spread_max:
            return []
        return [f"the {what} of {self.reference} varies by {spread:.0%} between rounds, "
                f"more than {spread_max:.0%}"]

    def misses(self, results, aims):
        """One line for each aim that is not met; aims are CPU × baseline by model."""
        lines = []
        for model, aim in aims.items():
            baseline = self.baselines[model]
            ratio = results.ratio(f"duet {model}", baseline, "cpu_ns")
            if ratio is None:
                lines.append(f"{model}: not measured, aim {aim:.2f} × {baseline}")
            elif ratio.median > aim:
                lines.append(f"{model}: {ratio_text(ratio, has_spread=True)} × the CPU of "
                             f"{baseline}, aim {aim:.2f}")
        return lines


def ratio_text(ratio, has_spread):
    if ratio is None:
        return "–"
    spread = f" ({ratio.least:.2f}–{ratio.most:.2f})" if has_spread else ""
    return f"{ratio.median:.3f}{spread}"
