"""What a measure hands back, and how it becomes Markdown."""

import dataclasses


@dataclasses.dataclass
class Aim:
    """One figure that was aimed at."""

    what: str
    result: str
    wanted: str
    met: bool


@dataclasses.dataclass
class Section:
    title: str
    aims: list
    text: str  # Markdown: tables and what must be known to read them


def less_than(what, spread, wanted, unit, digits):
    return Aim(what, spread.text(digits, unit), f"< {wanted:g}{unit}", spread.median < wanted)


def at_least(what, spread, wanted, unit=" ×", digits=2):
    return Aim(what, spread.text(digits, unit), f"≥ {wanted:g}{unit}", spread.median >= wanted)


def at_most(what, spread, wanted, unit=" ×", digits=2):
    return Aim(what, spread.text(digits, unit), f"≤ {wanted:g}{unit}", spread.median <= wanted)


def table(headings, rows):
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def document(machine, how, sections):
    aims = table(
        ["aim", "result: median (least–most)", "wanted", ""],
        [
            [aim.what, aim.result, aim.wanted, "met" if aim.met else "**missed**"]
            for part in sections
            for aim in part.aims
        ],
    )
    parts = ["# Benchmark", machine, how, "## Aims", aims]
    for section in sections:
        parts += [f"## {section.title}", section.text]
    return "\n\n".join(parts) + "\n"
