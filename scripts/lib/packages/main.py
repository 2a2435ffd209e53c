"""Makes the packages; scripts/package is how it is called."""

import argparse
import hashlib
import os
import re
import sys
import time
from functools import cached_property

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import deb  # noqa: E402
import image  # noqa: E402
import man  # noqa: E402
import sbom  # noqa: E402
import tarball  # noqa: E402
from binary import PackageError, libraries_of, read_binary, run  # noqa: E402
from debian import linked_packages, owner_of, package  # noqa: E402


class Sources:
    """The project's own files, and what they are a state of."""

    def __init__(self, root):
        self.root = root

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def maintainer(self):
        return re.search(r"^Maintainer: (.*)$", self.read("deploy/packages/debian/control"), re.MULTILINE)[1]

    @cached_property
    def epoch(self):
        """What everything is dated: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), or when
        the commit was made."""
        given = os.environ.get("SOURCE_DATE_EPOCH") or run("git", "-C", self.root, "log", "-1", "--format=%ct")
        if not given.strip().isdigit():
            raise PackageError(f"SOURCE_DATE_EPOCH is {given!r}, which is no number of seconds")
        return int(given)

    @cached_property
    def revision(self):
        """The commit; PORTOLAN_REVISION says it where the sources came without git's own files."""
        return os.environ.get("PORTOLAN_REVISION") or run("git", "-C", self.root, "rev-parse", "HEAD").strip()

    @cached_property
    def linked(self):
        return linked_packages()


def make(binary, sources, out):
    """Writes all packages and their bills of materials into `out`."""
    completions = binary.completions()
    page = man.page(binary, time.strftime("%Y-%m-%d", time.gmtime(sources.epoch)))
    loaded = [package(name) for name in sorted({owner_of(path) for path in libraries_of(binary.path)})]
    name = tarball.name_of(binary)
    os.makedirs(out, exist_ok=True)

    def put(file_name, data, contained=()):
        bill = sbom.bill(
            file_name, data, binary, linked=sources.linked, loaded=loaded, contained=contained, epoch=sources.epoch
        )
        for path, content in ((file_name, data), (f"{file_name}.spdx.json", bill.encode())):
            with open(os.path.join(out, path), "wb") as file:
                file.write(content)
        print(f"{hashlib.sha256(data).hexdigest()}  {file_name}")

    tree = tarball.tree_of(binary, sources, completions, page)
    put(f"{name}.tar.gz", tarball.archive(tree, binary, sources.epoch))
    tree = deb.tree_of(binary, sources, completions, page)
    put(f"portolan_{binary.version}_{binary.architecture}.deb", deb.archive(tree, binary, sources))
    tree, packed = image.contents(binary, sources)
    data, digest = image.archive(binary, sources, tree)
    put(f"{name}.oci.tar", data, packed)
    print(f"image portolan:{binary.version}, {tree.size() / 1e6:.1f} MB unpacked, {digest}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/package", description="Makes the tarball, the .deb and the image.")
    parser.add_argument("--binary", required=True, metavar="FILE", help="the program")
    parser.add_argument("--out", required=True, metavar="DIR", help="where to")
    parser.add_argument("--rootfs", metavar="DIR", help="write the image's files to DIR, and make nothing else")
    flags = parser.parse_args()
    sources = Sources(os.path.abspath(os.path.join(os.path.dirname(__file__), "../../..")))
    try:
        binary = read_binary(flags.binary)
        if flags.rootfs:
            image.contents(binary, sources)[0].write(flags.rootfs, sources.epoch)
        else:
            make(binary, sources, flags.out)
    except PackageError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
