#!/bin/sh
# Makes benches/peers/.venv with PyTorch, JAX and Keras for the processor: sh benches/peers/install.sh [PYTHON]
#
# PyPI's torch for x86-64 is built for CUDA, and its Python module does not load unless ten CUDA libraries, 2 GB of
# wheels, can be opened. Nothing here calls them, so empty libraries stand in for them and functions are bound when
# first called (sitecustomize.py). The processor's part of torch, all that is measured, is as PyPI has it.
set -eu
export PIP_ROOT_USER_ACTION=ignore
asked=${1:-${PYTHON:-python3}}
python=$(command -v "$asked" || true)
case $python in
*/*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;;
esac
cd "$(dirname "$0")"

fail() {
    echo "benches/peers/install.sh: $1" >&2
    exit 1
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "the pinned wheels are for x86-64 Linux; this is $(uname -sm)"
[ -n "$python" ] || fail "no $asked here. Name a Python: sh benches/peers/install.sh /path/to/python3.11"
[ "$("$python" -c 'import sys; print((3, 11) <= sys.version_info < (3, 15))')" = True ] ||
    fail "$python is $("$python" --version 2>&1), and the peers need 3.11 to 3.14. Name another: sh benches/peers/install.sh /path/to/python3.11"
command -v cc >/dev/null || fail "no C compiler (cc) here. Debian, Ubuntu: apt install gcc"

wanted=$("$python" -c 'import sys; print(sys.version)'; cat requirements.txt install.sh)
if [ "$(cat .venv/made 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
    echo "benches/peers/.venv is in place"
    exit 0
fi

echo "making benches/peers/.venv: torch, JAX and Keras; about 0.7 GB to download, 2 GB on disk"
rm -rf .venv
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv .venv
    pip=.venv/bin/python
elif "$python" -m venv --without-pip .venv && "$python" -m pip --version >/dev/null 2>&1; then
    # Debian keeps ensurepip in a package of its own (python3-venv): without it, the system's pip fills the folder.
    pip=$python
else
    fail "Python's venv and pip are missing. Debian, Ubuntu: apt install python3-venv python3-pip"
fi
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$pip" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --upgrade --target "$site" \
    -r requirements.txt ||
    fail "pip could not install requirements.txt (above it says why). It needs a package index, or wheels in a folder that
PIP_FIND_LINKS names with PIP_NO_INDEX=1. Then call this again; it starts afresh."

echo "putting empty libraries in the place of CUDA's"
for name in libcublas.so.13 libcublasLt.so.13 libcudnn.so.9 libcufft.so.12 libcufile.so.0 libcurand.so.10 \
    libcusparse.so.12 libcusparseLt.so.0 libnccl.so.2 libnvshmem_host.so.3; do
    cc -shared -nostdlib -Wl,-soname,"$name" -x c /dev/null -o "$site/torch/lib/$name" ||
        fail "cc could not make an empty $name. Is gcc whole? Debian, Ubuntu: apt install gcc"
done
cat >"$site/sitecustomize.py" <<'END'
"""Binds functions of libraries when they are first called: torch's CUDA part never is."""

import os
import sys

sys.setdlopenflags(os.RTLD_LAZY)
END

echo "importing torch, JAX and Keras"
env -u LD_BIND_NOW KERAS_BACKEND=torch .venv/bin/python -c '
import jax, keras, torch
assert torch.ones(2, requires_grad=True).sum().item() == 2
print(f"torch {torch.__version__}, jax {jax.__version__}, keras {keras.__version__}")' ||
    fail "what was installed cannot be imported (above it says why). Remove benches/peers/.venv and call this again."
printf '%s\n' "$wanted" >.venv/made
