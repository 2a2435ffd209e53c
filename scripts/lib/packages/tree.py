"""A file tree in memory, written so that the same tree makes the same bytes, whoever writes it, where and when."""

import gzip
import io
import os
import posixpath
import tarfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A file (`data`), a link (`target`), or a folder (neither)."""

    mode: int
    data: bytes | None = None
    target: str | None = None


class Tree:
    """Paths are relative, without `./`. Folders above a path come into being with it. Everything is root's."""

    def __init__(self):
        self.nodes = {}

    def _add(self, path, node):
        if path.startswith(("/", "../")) or posixpath.normpath(path) != path:
            raise ValueError(f"{path}: not a plain relative path")
        if path in self.nodes:
            raise ValueError(f"{path}: there twice")
        above = posixpath.dirname(path)
        if above and above not in self.nodes:
            self._add(above, Node(0o755))
        self.nodes[path] = node

    def file(self, path, data, mode=0o644):
        self._add(path, Node(mode, data=data.encode() if isinstance(data, str) else data))

    def link(self, path, target):
        self._add(path, Node(0o777, target=target))

    def folder(self, path, mode=0o755):
        self._add(path, Node(mode))

    def size(self):
        """Bytes of all files together."""
        return sum(len(node.data) for node in self.nodes.values() if node.data is not None)

    def tar(self, epoch, below=""):
        """The bytes of a tar of it all, in a folder `below` if that is named, dated `epoch` (seconds since 1970)."""
        out = io.BytesIO()
        # PAX writes a header more only where a field does not fit, and none of these has a date or a number of its own.
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            nodes = {posixpath.join(below, path): node for path, node in self.nodes.items()}
            if below:
                nodes[below] = Node(0o755)
            for path in sorted(nodes):
                _add_to_tar(tar, path, nodes[path], epoch)
        return out.getvalue()

    def write(self, folder, epoch):
        """Writes it into `folder`, which must be empty or not there."""
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise SystemExit(f"error: {folder} is not empty")
        os.chmod(folder, 0o755)
        for path in sorted(self.nodes):
            node, at = self.nodes[path], os.path.join(folder, path)
            if node.target is not None:
                os.symlink(node.target, at)
                continue
            if node.data is None:
                os.mkdir(at)
            else:
                with open(at, "wb") as file:
                    file.write(node.data)
            os.chmod(at, node.mode)
        # Deepest first: what is written into a folder dates the folder.
        for path in sorted(self.nodes, reverse=True):
            os.utime(os.path.join(folder, path), (epoch, epoch), follow_symlinks=False)
        os.utime(folder, (epoch, epoch))


def _add_to_tar(tar, path, node, epoch):
    info = tarfile.TarInfo(path)
    info.mode, info.mtime = node.mode, epoch
    if node.target is not None:
        info.type, info.linkname = tarfile.SYMTYPE, node.target
        tar.addfile(info)
    elif node.data is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    else:
        info.size = len(node.data)
        tar.addfile(info, io.BytesIO(node.data))


def gzipped(data, level=9):
    """`data` compressed, without a name or a date. The last levels take thrice as long as 6 for half a percent."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=level, fileobj=out, mtime=0) as file:
        file.write(data)
    return out.getvalue()
