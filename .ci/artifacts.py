#!/usr/bin/env python3
"""Checks that `sam build` made a program that Lambda on arm64 can start for each function of the built template.

usage: artifacts.py FOLDER        FOLDER is .aws-sam/build; fails when a function's program is missing or of another processor
"""
import os
import struct
import sys

import yaml

FUNCTION = "AWS::Serverless::Function"
MAGIC = b"\x7fELF"
SIXTY_FOUR_BITS, LITTLE_ENDIAN = 2, 1
AARCH64 = 183
HEADER_BYTES = 20


class Loader(yaml.SafeLoader):
    """Skips CloudFormation's short functions: their values are not needed here."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def functions(folder):
    """Logical id of each function -> the folder of its code."""
    with open(os.path.join(folder, "template.yaml"), encoding="utf-8") as file:
        resources = yaml.load(file, Loader)["Resources"]
    return {name: os.path.join(folder, str(body["Properties"].get("CodeUri")))
            for name, body in resources.items() if body["Type"] == FUNCTION}


def wrong(program):
    """Why Lambda on arm64 cannot start this file; nothing when it can."""
    if not os.path.isfile(program):
        return "is not there"
    if not os.access(program, os.X_OK):
        return "may not be run"
    with open(program, "rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or header[:4] != MAGIC:
        return "is no ELF program"
    if header[4] != SIXTY_FOUR_BITS or header[5] != LITTLE_ENDIAN:
        return "is not for 64 bits, little endian"
    machine, = struct.unpack_from("<H", header, 18)
    return None if machine == AARCH64 else f"is for processor {machine} and not for AArch64 ({AARCH64})"


def main(folder):
    found = functions(folder)
    problems = [] if found else ["the built template has no functions"]
    for name, code in sorted(found.items()):
        program = os.path.join(code, "bootstrap")
        problem = wrong(program)
        problems += [f"{name}: {program} {problem}"] if problem else []
        if not problem:
            print(f"{name:<32} {os.path.getsize(program)} bytes")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
