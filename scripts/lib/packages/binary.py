"""What there is to know of a program before it is packed."""

import hashlib
import os
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass

# e_machine of ELF (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html) as Debian and OCI call it; both say the
# same of these two.
_MACHINES = {62: "amd64", 183: "arm64"}


# The head of the note of ELF that holds the id of a build (NT_GNU_BUILD_ID), where that has 20 bytes.
_BUILD_ID = struct.pack("<III4s", 4, 20, 3, b"GNU\0")


class PackageError(Exception):
    """What keeps the packages from being made, for people."""


@dataclass(frozen=True)
class Binary:
    path: str
    architecture: str
    version: str
    stripped: bytes

    def run(self, *arguments):
        return run(self.path, *arguments)

    def completions(self):
        """Shell → completion script; none of a program whose help does not name the command."""
        if not re.search(r"^ *portolan completion\b", self.run("--help"), re.MULTILINE):
            return {}
        return {shell: self.run("completion", shell) for shell in ("bash", "zsh", "fish")}


def run(*command, env=None):
    """What a command prints; PackageError if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    except OSError as error:
        raise PackageError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        raise PackageError(f"`{' '.join(command)}` failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout


def architecture_of(head, path):
    """The architecture that the first bytes of a program tell."""
    if len(head) < 20 or head[:4] != b"\x7fELF":
        raise PackageError(f"{path} is no ELF program")
    (machine,) = struct.unpack_from("<H", head, 18)
    if machine not in _MACHINES:
        raise PackageError(f"{path} is for a machine (e_machine {machine}) that there are no packages for")
    return _MACHINES[machine]


def with_id_of_its_own(program):
    """The program with an id made of what it is: the linker makes it of what is for debuggers too, which says in which folder
    it was compiled. One without an id stays as it is."""
    found = [match.end() for match in re.finditer(re.escape(_BUILD_ID), program)]
    if not found:
        return program
    if len(found) > 1:
        raise PackageError("the program has the ids of several builds")
    before, after = program[: found[0]], program[found[0] + 20 :]
    return before + hashlib.sha1(before + bytes(20) + after).digest() + after


def read_binary(path):
    """Reads the program at `path`. It must be for this machine, as its help, its version and its libraries are asked for."""
    try:
        with open(path, "rb") as file:
            architecture = architecture_of(file.read(64), path)
    except OSError as error:
        raise PackageError(f"{path}: {error.strerror}") from error
    here = run("dpkg", "--print-architecture").strip()
    if architecture != here:
        raise PackageError(f"{path} is for {architecture}; it is packed on such a machine, and this one is {here}")
    said = run(path, "--version").strip()
    version = re.fullmatch(r"portolan (\d+\.\d+\.\d+\S*)", said)
    if not version:
        raise PackageError(f"{path} --version says {said!r}, where `portolan` and a version are expected")
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "portolan")
        run("strip", "--strip-all", "--remove-section=.comment", "--remove-section=.note", "-o", stripped, path)
        with open(stripped, "rb") as file:
            return Binary(path, architecture, version[1], with_id_of_its_own(file.read()))


def libraries_of(path):
    """The shared libraries that the loader takes for a program, and the loader, as absolute paths."""
    found = []
    for line in run("ldd", path).splitlines():
        if "not found" in line:
            raise PackageError(f"{path} needs a library that is not here: {line.strip()}")
        # `libz.so.1 => /lib/…/libz.so.1 (0x…)`, or the loader: `/lib64/ld-linux-x86-64.so.2 (0x…)`.
        at = re.search(r"(?:=> )?(/\S+) \(0x", line)
        if at:
            found.append(at[1])
    return sorted(found)
