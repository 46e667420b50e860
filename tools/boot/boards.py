# SPDX-License-Identifier: BSD-2-Clause
"""
What boards/<name>/board.ini says: where things go on the board, and for a machine of QEMU's how it
is started. `boards/README.md` describes the keys.
"""

import configparser
import os
import re

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

# key: default. None: must be given.
BOARD_KEYS = {"image": None, "device-tree": ""}
QEMU_KEYS = {"machine": None, "cpu": "", "harts": "2", "memory": "2G", "version": "10",
             "start": "kernel", "power-off": "yes", "arguments": ""}
# What the values of keys look like, and in words.
FORMS = {
    "image": (r"0x[0-9a-fA-F]+|[1-9]\d*", "an address"),
    "harts": (r"[1-9]\d*", "a positive number"),
    "memory": (r"[1-9]\d*[KMG]", "a size with K, M or G"),
    "start": (r"kernel|bios|raw", "one of kernel, bios, raw"),
    "power-off": (r"yes|no", "yes or no"),
}


class BoardError(Exception):
    """Something in board.ini is wrong."""


def names():
    """All boards, the machines of QEMU's and the real ones."""
    folder = os.path.join(TREE, "boards")
    return sorted(name for name in os.listdir(folder)
                  if os.path.exists(os.path.join(folder, name, "board.ini")))


def dts_string(text):
    """A string of device-tree source."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(path):
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (configparser.Error, ValueError, OSError) as error:
        raise BoardError("%s: %s" % (path, " ".join(str(error).split()))) from error
    return parser


def _section(parser, name, keys, path):
    if name not in parser:
        raise BoardError("%s: there is no section [%s]" % (path, name))
    values = dict(parser[name])
    for key in values:
        if key not in keys:
            raise BoardError("%s: [%s] has no key '%s'" % (path, name, key))
    for key, default in keys.items():
        if default is None and key not in values:
            raise BoardError("%s: [%s] wants '%s'" % (path, name, key))
        values.setdefault(key, default)
        if key in FORMS and not re.fullmatch(FORMS[key][0], values[key]):
            raise BoardError("%s: %s = %s: it is %s" % (path, key, values[key], FORMS[key][1]))
    return values


class Board:
    """One board. `qemu` is None for a real one."""

    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(TREE, "boards", name)
        path = os.path.join(self.folder, "board.ini")
        if not os.path.exists(path):
            raise BoardError("no board '%s'; there are: %s" % (name, ", ".join(names())))
        parser = _read(path)
        values = _section(parser, "board", BOARD_KEYS, path)
        self.image = int(values["image"], 0)
        self.device_tree = values["device-tree"] and os.path.join(self.folder,
                                                                  values["device-tree"])
        self.qemu = _section(parser, "qemu", QEMU_KEYS, path) if "qemu" in parser else None
