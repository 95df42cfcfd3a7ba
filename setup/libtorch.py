#!/usr/bin/env python3
"""Fills .libtorch/ with the libtorch that Ablate is built against.

    python3 setup/libtorch.py              the CPU libraries and headers (about 0.5 GB)
    python3 setup/libtorch.py --cuda       and NVIDIA's libraries, under .libtorch/cuda/

The libraries come out of the wheels that setup/libtorch.json pins by version and SHA-256; no Python package is
installed or imported. A second call finds everything in place and says so. A call that was interrupted, at whatever
moment, is repeated: what had been downloaded and verified is used again.

A LIBTORCH in the environment is used as it is, after a look at its version and libraries.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINS = ROOT / "setup/libtorch.json"
STAMP = "pinned.json"
# What a program linked against libtorch needs under LIBTORCH.
NEEDED = ["lib/libtorch_cpu.so", "lib/libc10.so", "lib/libtorch.so", "include/torch/csrc/api/include/torch/torch.h"]
VERSION_HEADERS = ["include/torch/headeronly/version.h", "include/torch/csrc/api/include/torch/version.h"]
GLIBC = (2, 28)  # of the manylinux_2_28 wheel
PROGRESS_SECONDS = 10


class Refusal(Exception):
    """Something that the user has to know or do; its text is the whole message."""


class Stopped(BaseException):
    """A signal asked for the end."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def say(text):
    print(text, flush=True)


def megabytes(count):
    return f"{count / 1e6:,.1f} MB" if count < 10e6 else f"{count / 1e6:,.0f} MB"


def shown(path):
    """The path as the user would type it from where they are."""
    with contextlib.suppress(ValueError):
        return str(pathlib.Path(path).relative_to(pathlib.Path.cwd()))
    return str(path)


# ---- the pinned sets ------------------------------------------------------------------------------------------------


class Set:
    """One pinned set of wheels: `home` is where it ends up, `work` where it is made."""

    def __init__(self, name, pins, into):
        self.name = name
        self.wheels = pins["wheels"]
        self.unpacked = pins["unpacked"]
        self.partial = into.with_name(into.name + ".partial")
        self.home = into if name == "cpu" else into / name
        self.work = self.partial / name
        self.tree = self.work / "tree"
        self.identity = hashlib.sha256(json.dumps(self.wheels, sort_keys=True).encode()).hexdigest()

    def why_not_whole(self, folder, read_all=False):
        """Why `folder` does not hold this set, or None where it does."""
        if not folder.is_dir():
            return f"{shown(folder)} is not there yet"
        try:
            stamp = json.loads((folder / STAMP).read_text())
            identity, files = stamp["identity"], stamp["files"]
        except FileNotFoundError:
            return f"{shown(folder)} has no {STAMP}: it was left unfinished, or made by hand"
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"{shown(folder / STAMP)} cannot be read: {error}"
        if identity != self.identity:
            return f"{shown(folder)} was made from other wheels than those pinned now"
        base = str(folder) + "/"
        for name, (size, crc) in files.items():
            try:
                found = os.stat(base + name).st_size
            except OSError:
                return f"{shown(folder / name)} is missing"
            if found != size:
                return f"{shown(folder / name)} is damaged: {found:,} bytes instead of {size:,}"
            if read_all and crc_of(folder / name) != crc:
                return f"{shown(folder / name)} is damaged: its checksum differs"
        return None


def crc_of(path):
    crc = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


def read_pins(path, into):
    try:
        pins = json.loads(path.read_text())
        return pins["libtorch"], {name: Set(name, pins["sets"][name], into) for name in pins["sets"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"{shown(path)} is not a file of pinned wheels: {error!r}") from error


# ---- a libtorch of the user's own -----------------------------------------------------------------------------------


def version_of(libtorch):
    """The version that a libtorch names, and the file that names it."""
    stated = libtorch / "build-version"
    if stated.is_file():
        return stated.read_text().strip(), stated
    for name in VERSION_HEADERS:
        header = libtorch / name
        if header.is_file():
            parts = re.findall(r"#define TORCH_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header.read_text())
            if len(parts) == 3:
                return ".".join(parts), header
    return None, None


def check_own(libtorch, wanted, cuda):
    """Looks whether the LIBTORCH of the environment will do."""
    way_out = f"Point LIBTORCH to a libtorch {wanted}, or unset it and run this again to have one made."
    if not libtorch.is_absolute():
        raise Refusal(f"LIBTORCH is {libtorch}; the build needs an absolute path.\n{way_out}")
    if not libtorch.is_dir():
        raise Refusal(f"LIBTORCH is {libtorch}, which is not a folder.\n{way_out}")
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    missing = [name for name in (n.replace(".so", suffix) for n in NEEDED) if not (libtorch / name).is_file()]
    if missing:
        raise Refusal(f"LIBTORCH is {libtorch}, but it lacks {', '.join(missing)}.\n{way_out}")
    version, source = version_of(libtorch)
    if version is None:
        raise Refusal(
            f"LIBTORCH is {libtorch}, but no version can be found in it: neither a file build-version nor "
            f"{VERSION_HEADERS[0]}.\n{way_out}"
        )
    number = version.split("+")[0]
    if number.split(".")[:2] != wanted.split(".")[:2]:
        found = f"LIBTORCH is {libtorch}, which is version {version} ({source})"
        raise Refusal(f"{found}; Ablate needs {wanted}.\n{way_out}")
    if cuda and not (libtorch / "lib/libtorch_cuda.so").is_file():
        raise Refusal(
            f"LIBTORCH is {libtorch}, which is without CUDA (no lib/libtorch_cuda.so), and libraries of another build "
            f"cannot be added to it.\nPoint LIBTORCH to a libtorch {wanted} with CUDA, or unset it and run this again."
        )
    say(f"libtorch {version} is used from LIBTORCH={libtorch}")
    if number != wanted and source.name == "build-version":
        say(f"  it is not {wanted} itself: the build will ask for LIBTORCH_BYPASS_VERSION_CHECK=1")


# ---- what the machine must have -------------------------------------------------------------------------------------


def check_platform(wanted):
    system, machine = platform.system(), platform.machine()
    own = f"Set LIBTORCH to a libtorch {wanted} of your own to build Ablate here all the same."
    if (system, machine) != ("Linux", "x86_64"):
        raise Refusal(f"The pinned libtorch is for Linux on x86-64; this is {system} on {machine}.\n{own}")
    name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    if name != "glibc" or tuple(map(int, version.split(".")[:2])) < GLIBC:
        here = f"{name} {version}".strip() or "another C library"
        raise Refusal(f"The pinned libtorch needs glibc {GLIBC[0]}.{GLIBC[1]} or newer; this system has {here}.\n{own}")


def check_pip():
    if importlib.util.find_spec("pip") is None:
        raise Refusal(
            f"pip, which downloads the wheels, is missing from {sys.executable}.\n"
            "Install it (Debian, Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip), then try again.\n"
            "Without pip: --wheels DIR takes the wheels from a folder, LIBTORCH names a libtorch that you have."
        )


def check_space(pinned, missing):
    """Asks for room before anything is written: the wheels, pip's temporary copy of the largest, what is unpacked."""
    sizes = [wheel["bytes"] for wheel in missing]
    need = sum(sizes) + max(sizes, default=0) + pinned.unpacked
    existing = pinned.partial
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free < need:
        raise Refusal(
            f"Not enough disk space at {existing}: {megabytes(need)} are needed while unpacking "
            f"({megabytes(pinned.unpacked)} stay), {megabytes(free)} are free.\n"
            "Make room and run this again, or set LIBTORCH to a libtorch elsewhere."
        )


@contextlib.contextmanager
def alone(partial, wait=True):
    """Holds the lock of `partial`: two calls at once would unpack over each other. Freed when the process ends.

    Yields whether it is held; without `wait` it may not be.
    """
    file = lock(partial, wait)
    try:
        yield file is not None
    finally:
        if file is not None:
            file.close()


def lock(partial, wait):
    path = partial / "lock"
    told = False
    while True:
        partial.mkdir(parents=True, exist_ok=True)
        try:
            file = open(path, "w")
        except FileNotFoundError:
            continue  # the folder went in between: another call has just finished
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                file.close()
                return None
            if not told:
                say("waiting for another call of this script to end")
                told = True
            fcntl.flock(file, fcntl.LOCK_EX)
        # The call that held the lock may have removed the file that was waited for.
        with contextlib.suppress(FileNotFoundError):
            if os.stat(path).st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()


# ---- download -------------------------------------------------------------------------------------------------------


def verify(path, wheel):
    """None where `path` is the pinned wheel, and otherwise how it differs."""
    size = path.stat().st_size
    if size != wheel["bytes"]:
        return f"it has {size:,} bytes, the pinned wheel {wheel['bytes']:,}"
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != wheel["sha256"]:
        return f"its SHA-256 is {digest.hexdigest()}, the pinned wheel's {wheel['sha256']}"
    return None


def find_wheels(pinned, folder):
    """Finds and verifies the wheels in a folder of the user's."""
    found, wrong = [], []
    for wheel in pinned.wheels:
        path = folder / wheel["file"]
        if not path.is_file():
            wrong.append(f"{path} is not there")
        elif difference := verify(path, wheel):
            wrong.append(f"{path} is not the pinned wheel: {difference}")
        found.append(path)
    if wrong:
        raise Refusal("\n".join(wrong) + "\nNothing was unpacked.")
    return found


def fetch_wheels(pinned):
    """Downloads the wheels that are not there yet; each is verified, also one that an earlier call left."""
    kept = pinned.partial / "wheels"
    missing = []
    for wheel in pinned.wheels:
        path = kept / wheel["file"]
        if path.is_file() and verify(path, wheel) is None:
            say(f"  {wheel['name']} {wheel['version']}: already downloaded")
        else:
            missing.append(wheel)
    check_space(pinned, missing)
    if missing:
        check_pip()
        kept.mkdir(exist_ok=True)
    for wheel in missing:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="download-", dir=pinned.work))
        try:
            fetch(wheel, folder).replace(kept / wheel["file"])
        finally:
            remove(folder)
    return [kept / wheel["file"] for wheel in pinned.wheels]


def fetch(wheel, folder):
    """Lets pip download one wheel into `folder`, the same whatever Python runs this, and verifies it."""
    what = f"{wheel['name']} {wheel['version']}"
    say(f"  {what}: downloading {megabytes(wheel['bytes'])}")
    tag = wheel["file"][: -len(".whl")].rsplit("-", 1)[1].split(".")[-1]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--progress-bar=off", "--python-version=3.11", "--implementation=cp", "--abi=cp311"]
    command += [f"--platform={tag}", f"--dest={folder}", f"{wheel['name']}=={wheel['version']}"]
    # pip's temporary files lie on the disk whose space was checked, and go when this folder goes.
    quiet = {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_REQUIRE_VIRTUALENV": "0"}
    environment = {**os.environ, **quiet, "TMPDIR": str(folder)}
    log = folder / "pip.log"
    with open(log, "wb") as output:
        pip = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        try:
            while pip.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pip.wait(PROGRESS_SECONDS)
                    break
                say(f"  {what}: {megabytes(largest_file(folder))} of {megabytes(wheel['bytes'])}")
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    lines = log.read_text(errors="replace").splitlines()
    path = folder / wheel["file"]
    if pip.returncode != 0:
        raise Refusal(explain(what, lines, wheel))
    if not path.is_file():
        got = ", ".join(p.name for p in folder.glob("*.whl")) or "nothing"
        asked = f"For {what}, pip brought {got} instead of {wheel['file']}."
        raise Refusal(f"{asked}\nCheck which index pip uses: pip config list")
    if difference := verify(path, wheel):
        raise Refusal(
            f"The download of {what} is not the pinned wheel: {difference}.\n"
            "It was thrown away and nothing was unpacked. Run this again; if it happens again, look at the index or "
            "proxy that pip uses: pip config list"
        )
    return path


def largest_file(folder):
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                sizes.append(os.stat(os.path.join(parent, name)).st_size)
    return max(sizes)


def explain(what, lines, wheel):
    last = "\n".join("    " + line for line in lines[-8:]) or "    (nothing)"
    hint = (
        "Check that this machine reaches a package index: the network, HTTPS_PROXY if you are behind a proxy, and "
        "pip's index (pip config list)."
    )
    if any("No matching distribution" in line for line in lines) and not any("connection" in line for line in lines):
        hint += " An index without this version, or a pip older than 20.3, gives this answer as well."
    if any("No space left" in line for line in lines):
        hint = "The disk is full: make room."
    return (
        f"pip could not download {what}. It ended with:\n{last}\n{hint}\n"
        "Then run this again: what was downloaded is kept.\n"
        f"Without a network: put {wheel['file']} and the other wheels into a folder and name it with --wheels DIR, or "
        "set LIBTORCH to a libtorch that you have."
    )


# ---- unpack and put in place ----------------------------------------------------------------------------------------


def taken(name, take):
    """Where a wheel's member goes, or None where it is not wanted. A key that ends in / stands for a whole folder."""
    if name.endswith("/"):
        return None
    if name in take:
        return name, take[name]
    for key, target in take.items():
        if key.endswith("/") and name.startswith(key):
            return key, target + name[len(key) :]
    return None


def unpack(pinned, wheels):
    """Unpacks what is wanted into the set's tree; the stamp is written last."""
    files = {}
    for wheel, path in zip(pinned.wheels, wheels):
        say(f"  {wheel['name']} {wheel['version']}: unpacking")
        unused = set(wheel["take"])
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                found = taken(member.filename, wheel["take"])
                if found is None:
                    continue
                key, name = found
                unused.discard(key)
                if name.startswith("/") or ".." in name.split("/"):
                    raise Refusal(f"{path.name} holds {member.filename}, which would leave the folder.")
                write_member(archive, member, pinned.tree / name)
                files[name] = [member.file_size, member.CRC]
        if unused:
            raise Refusal(f"{path.name} does not hold {', '.join(sorted(unused))}.")
    names = [f"{wheel['name']}=={wheel['version']}" for wheel in pinned.wheels]
    with open(pinned.tree / STAMP, "w") as file:
        json.dump({"identity": pinned.identity, "wheels": names, "files": files}, file, indent=0)
        file.flush()
        os.fsync(file.fileno())


def write_member(archive, member, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    # Reading to the end checks the member's CRC.
    with archive.open(member) as source, open(target, "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
        if member.file_size >= 1 << 20:
            file.flush()
            os.fsync(file.fileno())
    target.chmod((member.external_attr >> 16) & 0o755 or 0o644)
    changed = time.mktime((*member.date_time, 0, 0, -1))
    os.utime(target, (changed, changed))


def put_in_place(pinned, cuda):
    """One rename puts the finished tree where it belongs; what lay there goes."""
    old = pinned.work / "old"
    remove(old)
    if pinned.home.exists():
        # A CUDA set inside outlives a new CPU set: it waits where a finished one waits for its rename.
        if cuda is not None and cuda.home.parent == pinned.home and cuda.why_not_whole(cuda.home) is None:
            cuda.work.mkdir(exist_ok=True)
            remove(cuda.tree)
            cuda.home.rename(cuda.tree)
        pinned.home.rename(old)
    pinned.home.parent.mkdir(parents=True, exist_ok=True)
    pinned.tree.rename(pinned.home)
    remove(old)


def remove(folder):
    if folder.exists():
        shutil.rmtree(folder)


def make(pinned, cuda, wheels, read_all):
    """Makes one set where it is not whole; says whether there was anything to do."""
    if pinned.why_not_whole(pinned.home, read_all) is None:
        return False
    if pinned.home.is_symlink():
        raise Refusal(
            f"{shown(pinned.home)} is a symbolic link and will not be replaced.\n"
            "Remove it and run this again, or set LIBTORCH to where it points."
        )
    with alone(pinned.partial):
        reason = pinned.why_not_whole(pinned.home, read_all)
        if reason is None:
            return True  # another call made it meanwhile
        say(f"{reason}: making it")
        if pinned.why_not_whole(pinned.tree, read_all=True) is not None:
            remove(pinned.tree)
            pinned.work.mkdir(exist_ok=True)
            for left in pinned.work.glob("download-*"):
                remove(left)
            if wheels is None:
                sources = fetch_wheels(pinned)
            else:
                check_space(pinned, [])
                sources = find_wheels(pinned, wheels)
            unpack(pinned, sources)
        put_in_place(pinned, cuda)
    return True


def tidy(sets):
    """Takes up a CUDA set that waits for its CPU set, then removes what is left of finished work."""
    partial = sets["cpu"].partial
    if not partial.exists():
        return
    with alone(partial, wait=False) as held:
        if not held:
            return  # the call that holds it tidies up
        cuda = sets.get("cuda")
        if cuda is not None and not cuda.home.exists() and cuda.why_not_whole(cuda.tree) is None:
            cuda.tree.rename(cuda.home)
        remove(sets["cpu"].work)
        # A CUDA set that was begun and interrupted keeps its wheels.
        if cuda is not None and cuda.work.exists() and cuda.why_not_whole(cuda.home) is not None:
            return
        try:
            remove(partial)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:  # otherwise another call has just begun there
                raise


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/libtorch.py",
        description="Fills .libtorch/ with the pinned libtorch.",
        epilog="LIBTORCH in the environment names a libtorch of your own; it is checked and nothing is made.",
    )
    path = pathlib.Path
    add = parser.add_argument
    add("--cuda", action="store_true", help="also NVIDIA's libraries, under .libtorch/cuda/ (2.5 GB to fetch, 3 GB to keep)")
    add("--into", metavar="DIR", type=path, default=ROOT / ".libtorch", help="fill this folder instead of .libtorch")
    add("--wheels", metavar="DIR", type=path, help="take the wheels from this folder instead of downloading them")
    add("--pins", metavar="FILE", type=path, default=PINS, help="the pinned wheels (default: setup/libtorch.json)")
    add("--verify", action="store_true", help="read every file again and compare checksums, not sizes alone")
    options = parser.parse_args(arguments)

    into = pathlib.Path(os.path.abspath(options.into))
    version, sets = read_pins(options.pins, into)
    own = os.environ.get("LIBTORCH")
    # cargo's configuration sets LIBTORCH to .libtorch itself: that is not a libtorch of the user's.
    if own and place(own) != place(into):
        check_own(pathlib.Path(own), version, options.cuda)
        return
    check_platform(version)
    wanted = ["cpu", "cuda"] if options.cuda else ["cpu"]
    made = [name for name in wanted if make(sets[name], sets.get("cuda"), options.wheels, options.verify)]
    tidy(sets)
    say(f"libtorch {version} is in {shown(into)}" + (f", CUDA in {shown(into / 'cuda')}" if options.cuda else ""))
    if "cuda" in made:
        say(f"NVIDIA's libraries come under NVIDIA's licences: {shown(into / 'cuda')}/*.dist-info/licenses")
        say("They need a driver for CUDA 13: version 580 or newer.")


def place(path):
    """Where a path lies, whichever way its folder was reached; a link at its end is not followed."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def stop(number, _frame):
    raise Stopped(number)


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit("libtorch: Python 3.9 or newer is needed")
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        main(sys.argv[1:])
    except Refusal as refusal:
        sys.exit(f"libtorch: {refusal}")
    except Stopped as stopped:
        print("libtorch: interrupted; run this again to go on", file=sys.stderr)
        sys.exit(128 + stopped.number)
    except OSError as error:
        room = " Make room and run this again." if error.errno == errno.ENOSPC else ""
        sys.exit(f"libtorch: {error}.{room}")
