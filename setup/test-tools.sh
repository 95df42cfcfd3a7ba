#!/bin/sh
# Makes .venv with the Python packages of setup/test-tools.txt, from nothing. `make test` calls it when they changed.
set -eu
export PIP_ROOT_USER_ACTION=ignore
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "The tests open results in pandas, DuckDB and Polars, which need Python 3.10 or newer; $python is" \
        "$("$python" --version 2>&1). Name another with PYTHON=…" >&2
    exit 1
}
echo "making .venv with what the tests read results, citations and pages with"
rm -rf .venv
if "$python" -c 'import ensurepip, venv' 2>/dev/null && "$python" -m venv .venv; then
    set -- .venv/bin/python -m pip install
elif rm -rf .venv && "$python" -m venv --without-pip .venv && "$python" -m pip --version >/dev/null 2>&1; then
    # Debian keeps ensurepip in a package of its own (python3-venv): without it, the system's pip fills the folder.
    set -- "$python" -m pip install --target "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
else
    rm -rf .venv
    echo "Python's venv and pip are missing. Debian, Ubuntu: apt install python3-venv python3-pip" >&2
    exit 1
fi
"$@" --quiet --disable-pip-version-check --only-binary=:all: -r setup/test-tools.txt
# Of cffconvert only the schema of CITATION.cff is used: the package wants older libraries than the other tools.
"$@" --quiet --disable-pip-version-check --only-binary=:all: --no-deps cffconvert==2.0.0
.venv/bin/python -c 'import axe_playwright_python, duckdb, pandas, playwright, polars, pyarrow, pybtex, safetensors'
touch .venv/made
