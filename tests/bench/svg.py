# SPDX-License-Identifier: BSD-2-Clause
"""Plots as SVG text: bars for comparing, lines for growth. Nothing but the standard library."""

import math

COLOURS = ("#2b6cb0", "#c05621", "#718096", "#2f855a")
WIDTH = 760
LEFT, RIGHT, TOP = 190, 90, 34
BAR, GAP = 11, 8
HEIGHT, BOTTOM = 280, 40  # of a plot with lines


def escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text(x, y, what, anchor="start", size=11):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d">%s</text>' % (
        x, y, anchor, size, escape(what))


def document(height, title, parts):
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'viewBox="0 0 %d %d" font-family="sans-serif">' % (WIDTH, height, WIDTH, height))
    background = '<rect width="%d" height="%d" fill="white"/>' % (WIDTH, height)
    return "\n".join([head, "<title>%s</title>" % escape(title), background,
                      text(8, 16, title, size=13), *parts, "</svg>"]) + "\n"


def legend(names, y):
    parts, x = [], LEFT
    for name, colour in zip(names, COLOURS):
        parts.append('<rect x="%d" y="%d" width="10" height="10" fill="%s"/>' % (x, y - 9, colour))
        parts.append(text(x + 14, y, name))
        x += 30 + 7 * len(name)
    return parts


def number(value):
    return "{:,}".format(value)


def bars(title, rows, series, logarithmic=False):
    """`rows`: names. `series`: (name, values), None where there is none."""
    largest = max([1] + [value for _, values in series for value in values if value])
    room = WIDTH - LEFT - RIGHT

    def length(value):
        if logarithmic:
            return room * math.log10(max(value, 1) + 1) / math.log10(largest + 1)
        return room * value / largest

    many = len(series) > 1
    y = TOP + (16 if many else 0)
    parts = legend([name for name, _ in series], TOP) if many else []
    for row, name in enumerate(rows):
        parts.append(text(LEFT - 6, y + len(series) * BAR / 2 + 4, name, "end"))
        for colour, (_, values) in zip(COLOURS, series):
            if values[row] is not None:
                size = max(length(values[row]), 1)
                parts.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                    LEFT, y, size, BAR - 1, colour))
                parts.append(text(LEFT + size + 4, y + BAR - 2, number(values[row]), size=10))
            y += BAR
        y += GAP
    return document(y + 6, title, parts)


def ceiling(value):
    """The next of 1, 2, 5, 10, 20, …"""
    power = 10 ** math.floor(math.log10(max(value, 1)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def lines(title, xs, series, xlabel):
    """`series`: (name, values), None where there is none. Linear axes that begin at 0."""
    top = ceiling(max([1] + [value for _, values in series for value in values if value]))
    right, bottom, left = WIDTH - RIGHT, HEIGHT - BOTTOM, 90

    def x_of(value):
        return left + (right - left) * value / max(xs)

    def y_of(value):
        return bottom - (bottom - TOP - 20) * value / top

    parts = legend([name for name, _ in series], TOP) if len(series) > 1 else []
    for step in range(6):
        value = top * step / 5
        parts.append('<path d="M%d %.1fH%d" stroke="#ddd"/>' % (left, y_of(value), right))
        label = number(int(value)) if value == int(value) else "%.1f" % value
        parts.append(text(left - 6, y_of(value) + 4, label, "end"))
    for x in xs:
        if x == xs[0] or x_of(x) - x_of(xs[0]) > 20:
            parts.append(text(x_of(x), bottom + 16, x, "middle"))
    parts.append(text((left + right) / 2, HEIGHT - 8, xlabel, "middle"))
    for colour, (_, values) in zip(COLOURS, series):
        points = [(x_of(x), y_of(y)) for x, y in zip(xs, values) if y is not None]
        path = "L".join("%.1f %.1f" % point for point in points)
        parts.append('<path d="M%s" fill="none" stroke="%s" stroke-width="2"/>' % (path, colour))
        parts += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (*point, colour)
                  for point in points]
    return document(HEIGHT, title, parts)
