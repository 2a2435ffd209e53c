#!/usr/bin/env python3
"""What scripts/package writes, tried with programs that take no time to pack. tests/packages tries the packages themselves."""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import types
import unittest

ROOT = os.path.dirname(os.path.abspath(__file__)).removesuffix("/tests/unit/packages")
sys.path.insert(0, os.path.join(ROOT, "scripts/lib/packages"))

import debian  # noqa: E402
import image  # noqa: E402
import man  # noqa: E402
import sbom  # noqa: E402
import tarball  # noqa: E402
from binary import Binary, PackageError, architecture_of, read_binary, with_id_of_its_own  # noqa: E402
from main import Sources  # noqa: E402
from tree import Tree, gzipped  # noqa: E402

EPOCH = 1700000000  # 2023-11-14T22:13:20Z, by date -u -d @1700000000
DUMMY = """#!/bin/sh
case "$*" in
  --help) printf 'usage:\\n  portolan serve [flags]   start\\n$COMPLETES' ;;
  'serve --help') printf "  --flag X   it's \\\\ a\\n.dot\\n" ;;
  completion\\ *) echo "completes in $2" ;;
  *) exit 2 ;;
esac
"""


def dummy(folder, completes=True):
    """A program that says what portolan would."""
    path = os.path.join(folder, "portolan")
    line = "  portolan completion SHELL   prints it\\n" if completes else ""
    with open(path, "w", encoding="utf-8") as file:
        file.write(DUMMY.replace("$COMPLETES", line))
    os.chmod(path, 0o755)
    return Binary(path, "amd64", "1.2.3", b"\x7fELF stripped")


def sources():
    made = Sources(ROOT)
    made.epoch, made.revision = EPOCH, "0123456789abcdef0123456789abcdef01234567"
    return made


def sample():
    tree = Tree()
    tree.file("usr/b", "b")
    tree.file("usr/a", b"\0", 0o755)
    tree.link("bin", "usr")
    tree.folder("tmp", 0o1777)
    return tree


class Trees(unittest.TestCase):
    def test_tar_is_sorted_dated_and_roots(self):
        with tarfile.open(fileobj=io.BytesIO(sample().tar(EPOCH, "top"))) as tar:
            members = tar.getmembers()
        self.assertEqual([member.name for member in members], ["top", "top/bin", "top/tmp", "top/usr", "top/usr/a", "top/usr/b"])
        self.assertEqual({(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members}, {(0, 0, "", "", EPOCH)})
        self.assertEqual([oct(member.mode) for member in members[2:]], ["0o1777", "0o755", "0o755", "0o644"])
        self.assertEqual(members[1].linkname, "usr")

    def test_the_order_of_making_does_not_show(self):
        other = Tree()
        other.folder("tmp", 0o1777)
        other.file("usr/a", b"\0", 0o755)
        other.link("bin", "usr")
        other.file("usr/b", "b")
        self.assertEqual(sample().tar(EPOCH), other.tar(EPOCH))

    def test_gzip_has_neither_name_nor_date(self):
        """RFC 1952, 2.3: byte 3 holds the flags (FNAME is 8), bytes 4 to 7 the date; 0 is none."""
        head = gzipped(b"data")[:8]
        self.assertEqual((head[3], head[4:8]), (0, b"\0\0\0\0"))

    def test_writes_what_it_holds(self):
        with tempfile.TemporaryDirectory() as folder:
            at = os.path.join(folder, "out")
            sample().write(at, EPOCH)
            self.assertEqual(os.stat(os.path.join(at, "tmp")).st_mode & 0o7777, 0o1777)
            self.assertEqual({os.lstat(os.path.join(at, name)).st_mtime for name in ("bin", "tmp", "usr", "usr/a")}, {EPOCH})
            with self.assertRaisesRegex(SystemExit, "not empty"):
                sample().write(at, EPOCH)

    def test_refuses_paths_that_lead_elsewhere(self):
        for path in ("/etc/passwd", "../up", "a/../b", "a//b", "./a"):
            with self.assertRaisesRegex(ValueError, "plain relative"):
                Tree().file(path, "")
        with self.assertRaisesRegex(ValueError, "twice"):
            sample().file("usr/a", "")


class Programs(unittest.TestCase):
    def test_architecture(self):
        head = b"\x7fELF" + b"\0" * 14
        self.assertEqual(architecture_of(head + b"\x3e\0", "it"), "amd64")
        self.assertEqual(architecture_of(head + b"\xb7\0", "it"), "arm64")
        for bad, why in ((b"#!/bin/sh", "no ELF"), (b"", "no ELF"), (head + b"\xf3\0", "243")):
            with self.assertRaisesRegex(PackageError, why):
                architecture_of(bad, "it")

    def test_what_is_no_portolan_is_named(self):
        with self.assertRaisesRegex(PackageError, "No such file"):
            read_binary("/nowhere")
        with self.assertRaisesRegex(PackageError, "/bin/true --version says"):
            read_binary("/bin/true")

    def test_the_folder_of_the_build_does_not_show_in_the_id(self):
        compiler = next((each for each in ("clang-19", "cc") if shutil.which(each)), None)
        programs = []
        for name in ("one", "another"):
            with tempfile.TemporaryDirectory(prefix=name) as folder:
                source, out = os.path.join(folder, "a.c"), os.path.join(folder, "a")
                with open(source, "w", encoding="utf-8") as file:
                    file.write("int main(void) { return 0; }\n")
                subprocess.run([compiler, "-g", "-Wl,--build-id=sha1", "-o", out, source], check=True)
                subprocess.run(["strip", "--strip-all", out], check=True)
                with open(out, "rb") as file:
                    programs.append(file.read())
        self.assertNotEqual(*programs)
        self.assertEqual(*map(with_id_of_its_own, programs))
        # What it is counts.
        self.assertNotEqual(with_id_of_its_own(programs[0] + b"x")[: len(programs[0])], with_id_of_its_own(programs[0]))

    def test_completion_only_where_the_help_has_it(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(dummy(folder, completes=False).completions(), {})
            self.assertEqual(dummy(folder).completions()["zsh"], "completes in zsh\n")

    def test_man_page_says_what_the_program_does(self):
        with tempfile.TemporaryDirectory() as folder:
            page = man.page(dummy(folder), "2023-11-14")
        self.assertIn("portolan 1.2.3", page)
        # groff_char(7) and groff(7): a quote, a backslash and a dot in front that are none of roff's own.
        self.assertIn("\\-\\-flag X   it\\(aqs \\e a\n\\&.dot\n", page)


class Tarball(unittest.TestCase):
    def test_layout(self):
        with tempfile.TemporaryDirectory() as folder:
            binary = dummy(folder)
            tree = tarball.tree_of(binary, sources(), binary.completions(), "man page")
            packed = tarball.archive(tree, binary, EPOCH)
            self.assertEqual(packed, tarball.archive(tree, binary, EPOCH))
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
            files = {member.name: member for member in tar if member.isfile()}
        top = "portolan-1.2.3-linux-amd64"
        self.assertEqual(files[f"{top}/bin/portolan"].mode, 0o755)
        for path in (
            "share/man/man1/portolan.1", "share/bash-completion/completions/portolan", "share/zsh/site-functions/_portolan",
            "share/fish/vendor_completions.d/portolan.fish", "share/doc/portolan/LICENSE",
            "share/doc/portolan/examples/gateway.yaml", "share/doc/portolan/licences/grpc.copyright",
            "share/doc/portolan/licences/Apache-2.0.txt",
        ):  # fmt: skip
            self.assertIn(f"{top}/{path}", files)


class Licences(unittest.TestCase):
    @unittest.skipUnless("PORTOLAN_BUILD" in os.environ, "libraries are linked in by the release build alone")
    def test_every_archive_that_is_linked_in(self):
        said = subprocess.run(
            ["ninja", "-C", os.environ["PORTOLAN_BUILD"], "-t", "commands", "-s", "portolan"], capture_output=True, text=True, check=True
        ).stdout
        archives = set(re.findall(r"\s(/\S+\.a)(?=\s)", said))
        self.assertGreater(len(archives), 10, said[-2000:])
        # Lines are `package:architecture: path`.
        found = subprocess.run(["dpkg-query", "-S", *archives], capture_output=True, text=True, check=True).stdout
        owners = {line.split(":")[0] for line in found.splitlines()}
        self.assertEqual(owners - set(debian.LINKED), set())
        # Those without archives have headers or descriptions compiled in.
        self.assertEqual(set(debian.LINKED) - owners, {"golang-github-gogo-googleapis-dev", "nlohmann-json3-dev"})


class Bills(unittest.TestCase):
    """By https://spdx.github.io/spdx-spec/v2.3/: clauses 6 (document), 7 (package), 11 (relationships)."""

    def bill(self):
        program = Binary("", "amd64", "1.2.3", b"program")
        zlib = debian.Package("zlib1g", "1:1.2.13.dfsg-1", "amd64", "zlib", None)
        grpc = debian.Package("libgrpc++-dev", "1.51.1-3+b1", "amd64", "grpc", "Apache-2.0")
        return sbom.bill("it.tar", b"artefact", program, linked=[grpc], loaded=[zlib], contained=[zlib], epoch=EPOCH)

    def test_required_fields(self):
        document = json.loads(self.bill())
        self.assertEqual(
            [document[name] for name in ("spdxVersion", "dataLicense", "SPDXID", "name")],
            ["SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT", "it.tar"],
        )
        self.assertRegex(document["documentNamespace"], r"^https://[^#\s]+$")
        self.assertEqual(document["creationInfo"]["created"], "2023-11-14T22:13:20Z")
        self.assertRegex(document["creationInfo"]["creators"][0], r"^Tool: \S+$")
        for package in document["packages"]:
            self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            for name in ("name", "downloadLocation", "versionInfo", "licenseConcluded", "licenseDeclared", "copyrightText"):
                self.assertTrue(package[name], name)
            self.assertIs(package["filesAnalyzed"], False)
        ids = [package["SPDXID"] for package in document["packages"]]
        self.assertEqual(len(ids), len(set(ids)))
        for relation in document["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]}, {*ids, "SPDXRef-DOCUMENT"})
        self.assertIn("DESCRIBES", {relation["relationshipType"] for relation in document["relationships"]})

    def test_names_packages_as_others_do(self):
        """https://github.com/package-url/purl-spec, type deb; `+` and `:` are percent-encoded."""
        found = {package["name"]: package for package in json.loads(self.bill())["packages"]}
        self.assertEqual(
            found["libgrpc++-dev"]["externalRefs"][0]["referenceLocator"],
            "pkg:deb/debian/libgrpc%2B%2B-dev@1.51.1-3%2Bb1?arch=amd64&distro=bookworm",
        )
        self.assertEqual(
            found["it.tar"]["checksums"], [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(b"artefact").hexdigest()}]
        )


class Images(unittest.TestCase):
    def test_layout(self):
        """https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md"""
        tree = sample()
        binary = types.SimpleNamespace(architecture="amd64", version="1.2.3")
        packed, digest = image.archive(binary, sources(), tree)
        self.assertEqual((packed, digest), image.archive(binary, sources(), tree))
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}

        def at(descriptor):
            data = files["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]
            self.assertEqual(descriptor["size"], len(data))
            self.assertEqual(descriptor["digest"], "sha256:" + hashlib.sha256(data).hexdigest())
            return data

        self.assertEqual(json.loads(files["oci-layout"]), {"imageLayoutVersion": "1.0.0"})
        (entry,) = json.loads(files["index.json"])["manifests"]
        self.assertEqual(entry["digest"], digest)
        manifest = json.loads(at(entry))
        self.assertEqual(manifest["mediaType"], entry["mediaType"])
        config = json.loads(at(manifest["config"]))
        (layer,) = manifest["layers"]
        # The layer is named by its compressed bytes, in the config by the others.
        with tarfile.open(fileobj=io.BytesIO(at(layer)), mode="r:gz") as tar:
            self.assertEqual(tar.getnames(), ["bin", "tmp", "usr", "usr/a", "usr/b"])
        self.assertEqual(config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(tree.tar(EPOCH)).hexdigest()])
        self.assertEqual((config["os"], config["architecture"], config["created"]), ("linux", "amd64", "2023-11-14T22:13:20Z"))

    def test_containerfile_says_the_same(self):
        """Of the checkout's version, unless it is told otherwise."""
        with open(os.path.join(ROOT, "deploy/Containerfile"), encoding="utf-8") as file:
            stage = file.read().rpartition("\nFROM scratch\n")[2].replace("\\\n", " ")
        said = dict(line.split(" ", 1) for line in stage.splitlines() if line)
        config = image.config(types.SimpleNamespace(architecture="amd64", version="1.2.3"), sources(), "")["config"]
        self.assertEqual(said["COPY"], "--from=build /rootfs/ /")
        self.assertEqual((json.loads(said["ENTRYPOINT"]), json.loads(said["CMD"])), (config["Entrypoint"], config["Cmd"]))
        self.assertEqual((said["USER"], said["WORKDIR"]), (config["User"], config["WorkingDir"]))
        self.assertEqual(([said["ENV"]], {f"{port}/tcp" for port in said["EXPOSE"].split()}), (config["Env"], set(config["ExposedPorts"])))
        with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
            version = re.search(r"^project\(portolan VERSION (\S+) ", file.read(), re.MULTILINE)[1]
        self.assertEqual(re.findall("^ARG ([^=\n]+)(?:=(.*))?$", stage, re.MULTILINE),
                         [("PORTOLAN_REVISION", ""), ("PORTOLAN_CREATED", ""), ("PORTOLAN_VERSION", version)])
        told = {"REVISION": sources().revision, "CREATED": config["Labels"]["org.opencontainers.image.created"], "VERSION": "1.2.3"}
        labels = dict(re.findall(r'([a-z.]+)="([^"]*)"', said["LABEL"]))
        self.assertEqual({key: re.sub(r"^\$PORTOLAN_(\w+)$", lambda it: told[it[1]], value) for key, value in labels.items()},
                         config["Labels"])


if __name__ == "__main__":
    unittest.main()
