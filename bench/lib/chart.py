"""Panels over a shared axis, columns side by side, as an SVG that needs no script and no font of its own."""

import dataclasses
import html
import math

WIDTH, HEIGHT = 1000, 760
LEFT, RIGHT, TOP, BOTTOM = 58, 94, 108, 44
COLUMN_GAP, PANEL_GAP = 14, 30
LABEL_HEIGHT = 13  # between the base lines of two labels, at least
LABEL_PART = 0.2  # of a column's width, at its right end, where the labels are
HEADROOM = 16  # above the scale, so that the label of the highest line finds its place

# (light, dark) of each class of line
COLOURS = {
    "blue": ("#1f6feb", "#6cb0ff"),
    "orange": ("#b45309", "#f0a04b"),
    "green": ("#15803d", "#5fd08a"),
    "violet": ("#7e22ce", "#c79bff"),
    "red": ("#be123c", "#ff8296"),
}
SURFACES = {"ground": ("#ffffff", "#0d1117"), "cell": ("#f4f6f8", "#161b22"), "crowd": ("#e7ecf2", "#1f2733"),
            "grid": ("#d5dbe2", "#313a46"), "ink": ("#1c2128", "#e6edf3"), "pale": ("#57606a", "#9aa4b0")}


@dataclasses.dataclass
class Line:
    label: str
    css: str  # a key of COLOURS
    points: list  # of each column: [(place on the axis, value or None)]
    medians: list  # of each column: what is written beside the line


@dataclasses.dataclass
class Panel:
    """The scale is logarithmic; floor: what is less is drawn there; None: a power of ten below the least value.
    Or, with `linear_to`, it goes evenly from 0 to that value."""

    title: str
    lines: list
    floor: float = None
    linear_to: float = None

    def scale(self):
        """(what a value is of the height, [(value, name) of each line of the grid])."""
        if self.linear_to:
            steps = [self.linear_to * step / 4 for step in range(5)]
            return lambda value: min(value, self.linear_to) / self.linear_to, [(one, f"{one:g}") for one in steps]
        values = [value for line in self.lines for points in line.points for _, value in points if value]
        low = round(math.log10(self.floor or 10 ** math.floor(math.log10(min(values)))))
        high = round(math.log10(10 ** math.ceil(math.log10(max([*values, 10 ** (low + 1)])))))
        names = []
        for exponent in range(low, high + 1, 1 if high - low <= 3 else 2):
            name = _number(10**exponent)
            names.append((10**exponent, f"≤ {name}" if exponent == low and self.floor else name))
        return lambda value: (math.log10(max(value, 10**low)) - low) / (high - low), names


def draw(title, subtitle, length, mark, columns, panels, ticks=None):
    """columns: (name, what) of each; length: of the axis, which is in seconds unless ticks, [(place, name)], says
    otherwise; mark: where on it the stampede begins. Returns the text of the SVG."""
    ticks = ticks or [(at, f"{at:g} s") for at in (0, mark, length)]
    width = (WIDTH - LEFT - RIGHT - COLUMN_GAP * (len(columns) - 1)) / len(columns)
    height = (HEIGHT - TOP - BOTTOM - PANEL_GAP * (len(panels) - 1)) / len(panels)
    lefts = [LEFT + index * (width + COLUMN_GAP) for index in range(len(columns))]
    parts = [f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
             _text(LEFT, 30, title, "ink title"), _text(LEFT, 50, subtitle, "pale")]
    for left, (name, what) in zip(lefts, columns):
        parts += [_text(left, 78, name, "ink head"), _text(left, 92, what, "pale small")]
    for index, panel in enumerate(panels):
        top = TOP + PANEL_GAP / 2 + index * (height + PANEL_GAP)
        parts += _panel(panel, top, height, lefts, width, length, mark)
    for left in lefts:
        for at, name in ticks:
            anchor = "" if at == 0 else " end" if at == length else " middle"
            parts.append(_text(left + width * at / length, HEIGHT - BOTTOM + 31, name, "pale small" + anchor))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" role="img">\n<title>{html.escape(title)}</title>\n{_style()}\n'
            + "\n".join(parts) + "\n</svg>\n")


def _panel(panel, top, height, lefts, width, length, mark):
    part_of, grid = panel.scale()

    def y(value):
        return top + height - (height - HEADROOM) * part_of(value)

    parts = [_text(LEFT, top - 6, panel.title, "ink head")]
    for left in lefts:
        begins = left + width * mark / length
        parts.append(_rect(left, top, width, height, "cell"))
        parts.append(_rect(begins, top, left + width - begins, height, "crowd"))
    for value, name in grid:
        parts.append(_text(LEFT - 6, y(value) + 4, name, "pale small end"))
        parts += [f'<path class="grid" d="M{left:.1f} {y(value):.1f}h{width:.1f}"/>' for left in lefts]
    for column, left in enumerate(lefts):
        begins = left + width * mark / length
        parts.append(f'<path class="mark" d="M{begins:.1f} {top:.1f}v{height:.1f}"/>')
        for line in panel.lines:
            points = [(left + width * at / length, y(value)) if value is not None else None
                      for at, value in line.points[column] if 0 <= at <= length]
            parts.append(f'<path class="line {line.css}" d="{_path(points)}"/>')
        ends = [[y(line.medians[column])] + [y(value) for at, value in line.points[column]
                                             if value is not None and at > (1 - LABEL_PART) * length]
                for line in panel.lines]
        wanted = _beside(ends, top + height)
        for line, base in zip(panel.lines, _apart(wanted, top + 12, top + height - 4)):
            parts.append(_text(left + width - 5, base, _number(line.medians[column]), f"value end {line.css}"))
    names = [y(line.medians[-1]) + 4 for line in panel.lines]
    for line, base in zip(panel.lines, _apart(names, top + 8, top + height + 4)):
        parts.append(_text(lefts[-1] + width + 8, base, line.label, f"name {line.css}"))
    return parts


def _path(points):
    """A gap where there is no value."""
    words, pen_is_down = [], False
    for point in points:
        if point is not None:
            words.append(f"{'L' if pen_is_down else 'M'}{point[0]:.1f} {point[1]:.1f}")
        pen_is_down = point is not None
    return "".join(words)


def _beside(ends, bottom):
    """A base line for the label of each line: above it, or below where another line runs close above.

    ends: of each line, the height of its median and those of its points in the part where the label is.
    """
    def is_close(height):
        return any(0 < height - other[0] < 3.5 * LABEL_HEIGHT for other in ends)

    return [max(end) + 15 if is_close(end[0]) and max(end) + 18 < bottom else min(end) - 6 for end in ends]


def _apart(wanted, first, last):
    """Base lines close to the wanted ones, LABEL_HEIGHT apart and within first and last."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [min(max(wanted[index], first), last) for index in order]
    for index in range(1, len(placed)):
        placed[index] = max(placed[index], placed[index - 1] + LABEL_HEIGHT)
    limit = last
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - LABEL_HEIGHT
    return [base for _, base in sorted(zip(order, placed))]


def _number(value):
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _text(x, y, text, css):
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{html.escape(text)}</text>'


def _rect(x, y, width, height, css):
    return f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _style():
    def theme(index):
        rules = [f".{name}{{fill:{colours[index]}}}" for name, colours in {**SURFACES, **COLOURS}.items()]
        rules += [f".line.{name}{{fill:none;stroke:{colours[index]}}}" for name, colours in COLOURS.items()]
        rules.append(f".grid{{stroke:{SURFACES['grid'][index]}}}.mark{{stroke:{SURFACES['pale'][index]}}}")
        rules.append(f".value{{stroke:{SURFACES['crowd'][index]}}}")
        return "".join(rules)

    return f"""<style>
text{{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}}
.title{{font-size:20px;font-weight:600}}.head{{font-size:13px;font-weight:600}}.small{{font-size:11px}}
.end{{text-anchor:end}}.middle{{text-anchor:middle}}.name{{font-weight:600}}
.value{{font-weight:600;stroke-width:3px;paint-order:stroke}}
.line{{stroke-width:1.8;stroke-linejoin:round}}.grid{{stroke-width:1}}.mark{{stroke-dasharray:3 3}}
{theme(0)}
@media (prefers-color-scheme:dark){{{theme(1)}}}
</style>"""
