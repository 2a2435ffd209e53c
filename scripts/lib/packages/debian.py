"""What Debian's package database says of the libraries that are linked in or packed."""

import os
import re
from dataclasses import dataclass

from binary import PackageError, run

# What the program holds parts of: the packages whose archives, headers or descriptions are compiled in, and their licences by
# SPDX's names. A test compares the archives with what is linked (tests/unit/packages).
LINKED = {
    "golang-github-gogo-googleapis-dev": "Apache-2.0",
    "libabsl-dev": "Apache-2.0",
    "libgrpc++-dev": "Apache-2.0",
    "libgrpc-dev": "Apache-2.0",
    "libprotobuf-dev": "BSD-3-Clause",
    "libre2-dev": "BSD-3-Clause",
    "nlohmann-json3-dev": "MIT",
}

_COMMON = "/usr/share/common-licenses"


@dataclass(frozen=True, order=True)
class Package:
    name: str
    version: str
    architecture: str
    source: str
    licence: str | None  # by SPDX's name, where it is one and known

    def copyright(self):
        path = f"/usr/share/doc/{self.name}/copyright"
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except OSError as error:
            raise PackageError(f"{path}: {error.strerror}") from error


def package(name, licence=None):
    fields = run("dpkg-query", "-W", "-f=${Version}\t${Architecture}\t${source:Package}\n", name).splitlines()[0]
    version, architecture, source = fields.split("\t")
    return Package(name, version, architecture, source, licence)


def linked_packages():
    return [package(name, licence) for name, licence in sorted(LINKED.items())]


def owner_of(path):
    """The name of the package that a file is from. `/lib` may be `/usr/lib`, and the database knows either."""
    real = os.path.realpath(path)
    for spelling in (real, real.removeprefix("/usr"), path):
        try:
            found = run("dpkg-query", "-S", spelling)
        except PackageError:
            continue
        return re.match(r"([^:,\s]+)", found)[1]
    raise PackageError(f"{path} is from no Debian package, so nobody can tell its licence")


def files_of(name):
    """The paths of what a package has installed, folders too."""
    return run("dpkg-query", "-L", name).splitlines()


def add_licences(tree, folder, packages, *, common=True):
    """Adds what the packages' licences say to `folder`: a file for each source package, and the common licences that these
    refer to unless they are there anyhow (`common`)."""
    texts = {}
    for each in packages:
        text = each.copyright()
        # Packages of one source mostly have one text.
        if texts.setdefault(each.source, text) != text:
            texts[each.name] = text
    for name, text in sorted(texts.items()):
        tree.file(f"{folder}/{name}.copyright", text)
    if common:
        _add_common(tree, folder, set(re.findall(rf"{_COMMON}/([\w.-]*\w)", "".join(texts.values()))))


def _add_common(tree, folder, names):
    for name in sorted(names):
        try:
            with open(f"{_COMMON}/{name}", encoding="utf-8") as file:
                tree.file(f"{folder}/{name}.txt", file.read())
        except FileNotFoundError:
            # A copyright file may name one in passing that this Debian does not have.
            continue
        except OSError as error:
            raise PackageError(f"{_COMMON}/{name}: {error.strerror}") from error
