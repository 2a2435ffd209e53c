"""The tarball, which is unpacked anywhere, or over /usr/local."""

from debian import add_licences
from tree import Tree, gzipped

COMPLETIONS = {
    "bash": "share/bash-completion/completions/portolan",
    "fish": "share/fish/vendor_completions.d/portolan.fish",
    "zsh": "share/zsh/site-functions/_portolan",
}


def name_of(binary):
    return f"portolan-{binary.version}-linux-{binary.architecture}"


def tree_of(binary, sources, completions, man):
    tree = Tree()
    tree.file("bin/portolan", binary.stripped, 0o755)
    tree.file("share/man/man1/portolan.1", man)
    for shell, script in completions.items():
        tree.file(COMPLETIONS[shell], script)
    doc = "share/doc/portolan"
    tree.file(f"{doc}/LICENSE", sources.read("LICENSE"))
    add_licences(tree, f"{doc}/licences", sources.linked)
    tree.file(f"{doc}/examples/gateway.yaml", sources.read("deploy/packages/gateway.yaml"))
    tree.file(f"{doc}/examples/portolan.service", sources.read("deploy/packages/debian/portolan.service"))
    return tree


def archive(tree, binary, epoch):
    return gzipped(tree.tar(epoch, name_of(binary)), 6)
