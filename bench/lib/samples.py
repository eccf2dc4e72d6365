"""Measuring in alternation, and the arithmetic of what comes out."""

import dataclasses
import statistics
import sys

from . import processes


@dataclasses.dataclass
class Sample:
    """One measured interval of one server or database."""

    requests: int
    seconds: float
    cpu: dict  # CPU seconds by process name
    p50_us: float = None
    p99_us: float = None

    @property
    def rate(self):
        return self.requests / self.seconds

    def cpu_us(self, name=None):
        """CPU time per request in microseconds: of one process, or of all that were watched."""
        seconds = sum(self.cpu.values()) if name is None else self.cpu[name]
        return seconds / self.requests * 1e6


@dataclasses.dataclass
class Spread:
    """Median, least and most of several values."""

    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, digits=0, unit=""):
        low, middle, high = (f"{value:,.{digits}f}" for value in (min(self.values), self.median, max(self.values)))
        return f"{middle}{unit}" if low == high else f"{middle}{unit} ({low}–{high})"


def rate(sample):
    return sample.rate


def cpu_us(sample):
    return sample.cpu_us()


def spread(samples, value):
    return Spread([value(sample) for sample in samples])


def ratio(samples, references, value):
    """The ratio within each round, so that what the machine does between rounds cancels."""
    return Spread([value(sample) / value(reference) for sample, reference in zip(samples, references)])


def watched(pids, run):
    """run() returns (requests, seconds, p50, p99). Adds the CPU time that pids {name: pid} used meanwhile."""
    before = {name: processes.cpu_seconds(pid) for name, pid in pids.items()}
    requests, seconds, p50, p99 = run()
    cpu = {name: processes.cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    return Sample(requests, seconds, cpu, p50, p99)


def alternate(rounds, measures):
    """Calls each of measures {name: function → Sample} once a round. The order turns round after round."""
    samples = {name: [] for name in measures}
    for number in range(rounds):
        names = list(measures) if number % 2 == 0 else list(reversed(measures))
        for name in names:
            sample = measures[name]()
            samples[name].append(sample)
            label = name if isinstance(name, str) else ", ".join(name)
            print(f"  round {number + 1} of {rounds}: {label}: {sample.rate:,.0f}/s", file=sys.stderr)
    return samples
