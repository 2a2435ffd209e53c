"""What tests of packages have in common: commands, a bare Debian, programs in namespaces of their own."""

import os
import re
import shutil
import subprocess
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
WORK = os.path.join(ROOT, "build", "packages-test")
# Installing goes to the network, and the machine may be busy.
COMMAND_LIMIT_S = 600
START_LIMIT_S = 60
KEEP_ROOT_S = 7 * 24 * 3600


def run(*command, check=True, text=None):
    """What a command printed, both streams; AssertionError with it if the command fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, input=text, timeout=COMMAND_LIMIT_S
    )
    if check and done.returncode != 0:
        raise AssertionError(f"`{' '.join(command)}` failed ({done.returncode}):\n{done.stdout}")
    return done.stdout


def bare_debian():
    """The path of an archive of a Debian 12 with apt and what every system has, no more. Made anew once a week."""
    path = os.path.join(WORK, "bookworm.tar")
    if not os.path.exists(path) or time.time() - os.path.getmtime(path) > KEEP_ROOT_S:
        os.makedirs(WORK, exist_ok=True)
        run("mmdebstrap", "--variant=apt", "bookworm", f"{path}.new.tar")
        os.replace(f"{path}.new.tar", path)
    return path


def unpack_debian(root, *packages):
    """Makes the folder `root` a bare Debian, with these packages of Debian's installed besides."""
    os.mkdir(root)
    run("tar", "-C", root, "--numeric-owner", "-xpf", bare_debian())
    shutil.copy("/etc/resolv.conf", os.path.join(root, "etc/resolv.conf"))
    run(
        "unshare", "--mount", "sh", "-ec",
        'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; root="$1"; shift; export DEBIAN_FRONTEND=noninteractive;'
        'chroot "$root" apt-get -q update; exec chroot "$root" apt-get -qy install --no-install-recommends "$@"',
        "sh", root, *packages,
    )  # fmt: skip


def section_of(page, heading):
    """The text below a heading of a page, up to the next."""
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", file.read(), re.MULTILINE | re.DOTALL)[1]


def blocks_of(page, heading):
    """What a section has a reader type into a shell, block by block."""
    return re.findall(r"^```sh\n(.*?)^```", section_of(page, heading), re.MULTILINE | re.DOTALL)


def eventually(what, limit=START_LIMIT_S):
    """Calls `what` until it neither fails an assertion nor finds a process or a file missing."""
    end = time.monotonic() + limit
    while True:
        try:
            return what()
        except (AssertionError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def curl(pid, *arguments):
    """The status and the body of a request made in the network of process `pid`."""
    said = run("nsenter", "-t", str(pid), "--net", "curl", "-sS", "-m", "30", "-w", "\n%{http_code}", *arguments)
    body, _, status = said.rpartition("\n")
    return int(status), body
