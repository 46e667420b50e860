# SPDX-License-Identifier: BSD-2-Clause
"""
The documents say what is true: their commands run, and the user guide has every option, property,
command and variable. In a document, a fenced block marked `sh` is run line by line. A line before it
may say <!-- not run: reason --> or <!-- soak: reason -->. A block marked `dts file=<name>` is written
to that file first. Other blocks are not run.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess

import pytest

from machine import BUILD, DEPS, PATIENCE, TREE, have_qemu

DOCUMENTS = ("README.md", "CAVEATS.md", "CHANGES.md", "docs/*.md", "boards/README.md",
             "boards/*/README.md",
             "tests/README.md")
GUIDE = "docs/user-guide.md"
MARK = re.compile(r"<!-- (not run|soak): (.+) -->")
# These would change the configuration that the tests run with.
CONFIG_TARGET = re.compile(r"\w[\w-]*_defconfig|(old|save)defconfig|olddefconfig")


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        return file.read()


def documents():
    for pattern in DOCUMENTS:
        for path in sorted(glob.glob(os.path.join(TREE, pattern))):
            yield os.path.relpath(path, TREE)


def blocks(path):
    """The fenced blocks of a document: (info string, kind of mark or None, text)."""
    mark, info, lines = None, None, []
    for line in read(path).split("\n"):
        if info is not None:
            if line.startswith("```"):
                yield info, mark, "\n".join(lines) + "\n"
                info = mark = None
            else:
                lines.append(line)
        elif line.startswith("```"):
            info, lines = line[3:].strip(), []
        elif line.strip():
            match = MARK.fullmatch(line.strip())
            mark = match[1] if match else None


def commands(text):
    for line in text.replace("\\\n", " ").split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def parameters():
    seen = set()
    for path in documents():
        for info, mark, text in blocks(path):
            lines = tuple(commands(text))
            if info != "sh" or mark == "not run" or lines in seen:
                continue
            seen.add(lines)
            marks = [pytest.mark.soak] if mark == "soak" else []
            yield pytest.param(lines, marks=marks, id="%s: %s" % (path, lines[0]))


@pytest.fixture
def tree(tmp_path):
    """
    A folder that looks like the top of the tree to commands: the boards' descriptions, in which
    Linux powers off by itself, what was built, and the files that documents contain.
    """
    shutil.copytree(os.path.join(TREE, "boards"), tmp_path / "boards")
    for path in glob.glob(str(tmp_path / "boards" / "*" / "*.dts")):
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("console=ttyS0", "console=ttyS0 test=poweroff"))
    (tmp_path / "build").mkdir()
    for name in ("guest", "host"):
        (tmp_path / "build" / name).symlink_to(os.path.join(BUILD, name))
    (tmp_path / "build" / "deps").symlink_to(DEPS)
    for path in documents():
        for info, _, text in blocks(path):
            match = re.search(r"\bfile=(\S+)", info)
            if match:
                (tmp_path / match[1]).write_text(text)
    return tmp_path


def in_tree(tree, word):
    """NAME=<a file in the tree> with the file's whole path."""
    name, equals, value = word.partition("=")
    if equals and value and os.path.exists(tree / value):
        return name + "=" + str(tree / value)
    return word


def make_command(tree, words):
    arguments = [in_tree(tree, word) for word in words[1:]]
    build = BUILD
    if any(CONFIG_TARGET.fullmatch(word) for word in arguments):
        build = str(tree / "config")
    arguments += ["O=" + build, "DEPS=" + DEPS]
    if "run" in words:
        arguments += ["BATCH=1", "TIMEOUT=%d" % (400 * PATIENCE)]
    # The make that runs the tests may have been told to use the other compiler.
    if re.search(r"\bLLVM=1\b", os.environ.get("MAKEFLAGS", "")):
        arguments.append("LLVM=1")
    return ["make", "-C", TREE] + arguments


def run(tree, command):
    words = shlex.split(command)
    if words[0] == "make":
        words = make_command(tree, words)
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")}
    result = subprocess.run(words, cwd=tree, env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace")
    assert result.returncode == 0, "%s\n%s" % (command, result.stdout[-4000:])


@pytest.mark.parametrize("block", parameters())
def test_commands_of_document_run(block, tree):
    for version in re.findall(r"\bQEMU=(\d+)\b", " ".join(block)):
        if not have_qemu(version):
            pytest.skip("QEMU %s is not there" % version)
    for command in block:
        run(tree, command)


def test_commands_are_of_this_project():
    for path in documents():
        for info, _, text in blocks(path):
            for command in commands(text) if info == "sh" else ():
                assert re.match(r"(make|tools/\w+|build/host/hvpack)\b", command), (path, command)


def test_each_block_says_what_it_is():
    for path in documents():
        for info, _, text in blocks(path):
            assert info.split(" ")[0] in ("sh", "console", "dts", "text"), (path, text[:80])


def test_links_of_documents_lead_somewhere():
    for path in documents():
        text = read(path)
        for target in re.findall(r"\]\(([^)#]*)(?:#[\w-]*)?\)", text):
            if target and not target.startswith("http"):
                found = os.path.join(TREE, os.path.dirname(path), target)
                assert os.path.exists(found), (path, target)
        headings = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
                    for heading in re.findall(r"^#+ (.+)$", text, re.M)}
        for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
            assert anchor in headings, (path, anchor)


# ---- the user guide is complete -----------------------------------------------------------------


def options():
    return re.findall(r'^\t\{ "([\w.]+)", "', read("core/options.c"), re.M)


def properties():
    source = read("core/vmdesc_property.c")
    for prefix, table in (("", "vm"), ("kernel/", "kernel"), ("ramdisk/", "ramdisk"),
                          ("device-tree/", "device_tree"), ("restore/", "restore"),
                          ("ranges/<name>/", "range")):
        text = re.search(r"struct property %s_properties\[\] = \{(.*?)\n\};" % table, source, re.S)
        for name in re.findall(r'^\t\{ "([\w-]+)"', text[1], re.M):
            yield prefix + name


def shell_commands():
    for path in glob.glob(os.path.join(TREE, "core", "command*.c")):
        yield from re.findall(r'^\t\{ "((?:help|host|vcpu|vm)\b[\w ]*)", "', read(path), re.M)


def features():
    return re.findall(r'\[FEATURE_\w+\] = "(\w+)"', read("arch/riscv/describe.c"))


def symbols():
    for path in glob.glob(os.path.join(TREE, "**", "openconf"), recursive=True):
        yield from re.findall(r"^config (\w+)", read(path), re.M)


def run_variables():
    return re.findall(r"\$\(call option,--[\w-]+,\$\((\w+)\)\)", read("tools/make/check.mk"))


def choices(table):
    text = re.search(r"property_choice %s\[\] = \{(.*?)\n\};" % table,
                     read("core/vmdesc_property.c"), re.S)
    return re.findall(r'\{ "([\w,]+)"', text[1])


@pytest.mark.parametrize("what, names, least", (
    ("option", options(), 7),
    ("property", list(properties()), 21),
    ("shell command", list(shell_commands()), 19),
    ("feature", features(), 9),
    ("configuration symbol", list(symbols()), 9),
    ("variable of make run", run_variables(), 15),
    ("mode of the G-stage", choices("mmu_types"), 4),
    ("interrupt-file policy", choices("file_policies"), 3),
    ("action", choices("actions"), 2),
))
def test_user_guide_has_each(what, names, least):
    guide = read(GUIDE)
    assert len(names) >= least, "the table's form has changed: %s" % names
    missing = [name for name in names
               if not re.search(r"`[^`\n]*(?<![\w-])%s(?![\w-])" % re.escape(name), guide)]
    assert not missing, "no %s in %s: %s" % (what, GUIDE, missing)


def test_user_guide_has_the_targets_of_make_help():
    targets = re.findall(r"^  (\w+(?:, \w+)*) {2,}\w", read("tools/make/help.txt"), re.M)
    missing = [name for line in targets for name in line.split(", ")
               if "`%s`" % name not in read(GUIDE)]
    assert targets and not missing, missing


def source_text():
    """All sources, with each string literal in one piece."""
    text = ""
    for folder in ("core", "arch", "drivers", "emulators", "tools"):
        for path in glob.glob(os.path.join(TREE, folder, "**", "*"), recursive=True):
            if os.path.isfile(path) and "__pycache__" not in path:
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += file.read()
    return re.sub(r'(?<!\\)"\s*(?:(?:PRI\w+|BUNDLE_DESCRIPTION)\s*)?"', "", text).replace('\\"', '"')


def test_messages_of_user_guide_are_in_the_sources():
    table = read(GUIDE).split("| Message |")[1]
    messages = re.findall(r"^\| `([^`]+)` \|", table, re.M)
    assert len(messages) > 20
    source = source_text()
    missing = [message for message in messages for part in message.split("…")
               if part and part not in source]
    assert not missing, missing


def test_architecture_has_each_lock_in_order():
    ranks = re.findall(r"^\t(LOCK_(?!RANKS)\w+)", read("core/include/core/lock.h"), re.M)
    text = read("docs/architecture.md").split("outermost first:")[1]
    assert re.findall(r"`(LOCK_\w+)`", text) == ranks
