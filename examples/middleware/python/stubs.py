"""Imported first, it generates portolan.middleware.v1 and portolan.v1 from the protos, for what is imported next.

That takes a second. A program of your own generates them once, when it is packaged, with the same options.
"""

import atexit
import pathlib
import shutil
import sys
import tempfile

from grpc_tools import protoc

PROTOS = pathlib.Path(__file__).parents[3] / "proto"


def generate(folder):
    """Generates into `folder` what a middleware needs: all messages, and its own service."""
    files = [*PROTOS.glob("portolan/options/v1/*.proto"), *PROTOS.glob("portolan/middleware/v1/*.proto")]
    files += [each for each in PROTOS.glob("portolan/v1/*.proto") if not each.name.endswith("_service.proto")]
    paths = [f"-I{PROTOS}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main(["protoc", *paths, *map(str, files)]) != 0:
        raise RuntimeError(f"protoc cannot read {PROTOS}")


_folder = tempfile.mkdtemp(prefix="portolan-middleware-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
generate(_folder)
sys.path.insert(0, _folder)
