"""The Debian package."""

import hashlib
import os
import re
import tempfile
import time

from binary import run
from debian import add_licences
from tree import Tree, gzipped

_SCRIPTS = ("postinst", "prerm", "postrm")
_CONFIG = {
    "gateway.yaml": ("deploy/packages/gateway.yaml", 0o644),
    "environment": ("deploy/packages/debian/environment", 0o600),
}
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/portolan",
    "fish": "usr/share/fish/vendor_completions.d/portolan.fish",
    "zsh": "usr/share/zsh/vendor-completions/_portolan",
}


def tree_of(binary, sources, completions, man):
    tree, debian = Tree(), "deploy/packages/debian"
    tree.file("usr/bin/portolan", binary.stripped, 0o755)
    tree.file("lib/systemd/system/portolan.service", sources.read(f"{debian}/portolan.service"))
    for name, (source, mode) in _CONFIG.items():
        tree.file(f"etc/portolan/{name}", sources.read(source), mode)
    tree.folder("etc/portolan/keys", 0o700)
    for shell, script in completions.items():
        tree.file(COMPLETIONS[shell], script)
    tree.file("usr/share/man/man1/portolan.1.gz", gzipped(man.encode()))
    tree.file("usr/share/lintian/overrides/portolan", sources.read(f"{debian}/lintian-overrides"))
    doc = "usr/share/doc/portolan"
    tree.file(f"{doc}/copyright", sources.read(f"{debian}/copyright"))
    tree.file(f"{doc}/changelog.gz", gzipped(_changelog(binary, sources).encode()))
    add_licences(tree, f"{doc}/linked-in", sources.linked, common=False)
    return tree


def archive(tree, binary, sources):
    """The bytes of the .deb."""
    with tempfile.TemporaryDirectory() as work:
        root = os.path.join(work, "root")
        tree.write(root, sources.epoch)
        control = Tree()
        control.file("control", _control(tree, binary, sources))
        control.file("md5sums", _sums(tree))
        control.file("conffiles", "".join(f"/etc/portolan/{name}\n" for name in sorted(_CONFIG)))
        for name in _SCRIPTS:
            control.file(name, sources.read(f"deploy/packages/debian/{name}"), 0o755)
        control.write(os.path.join(root, "DEBIAN"), sources.epoch)
        out = os.path.join(work, "portolan.deb")
        # One thread: how many there are decides how xz cuts.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(sources.epoch)}
        run("dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", "--build", root, out, env=environment)
        with open(out, "rb") as file:
            return file.read()


def _control(tree, binary, sources):
    return sources.read("deploy/packages/debian/control").format(
        version=binary.version,
        architecture=binary.architecture,
        size=-(-tree.size() // 1024),
        depends=dependencies(binary),
    )


def dependencies(binary):
    """The packages, with versions, that the program's libraries are from."""
    with tempfile.TemporaryDirectory() as work:
        os.mkdir(os.path.join(work, "debian"))
        # It looks for these, whatever they say.
        with open(os.path.join(work, "debian", "control"), "w", encoding="utf-8") as file:
            file.write("Source: portolan\n\nPackage: portolan\nArchitecture: any\n")
        said = run("env", "-C", work, "dpkg-shlibdeps", "-O", "-e", os.path.abspath(binary.path))
    return re.search(r"^shlibs:Depends=(.*)$", said, re.MULTILINE)[1]


def _sums(tree):
    return "".join(
        f"{hashlib.md5(node.data).hexdigest()}  {path}\n"
        for path, node in sorted(tree.nodes.items())
        if node.data is not None and not path.startswith("etc/")
    )


def _changelog(binary, sources):
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(sources.epoch))
    return (
        f"portolan ({binary.version}) unstable; urgency=medium\n\n"
        f"  * Built from revision {sources.revision}.\n\n"
        f" -- {sources.maintainer()}  {date}\n"
    )
