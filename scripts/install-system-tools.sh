#!/usr/bin/env bash
# Installs what the system suites need beside Node: Python's gRPC library. Debian and its descendants;
# elsewhere it says what is missing. Does nothing when everything is there.
set -euo pipefail

python=${PYTHON:-/usr/bin/python3}

if "$python" -c 'import grpc' 2>/dev/null; then
  echo "grpcio $("$python" -c 'import grpc; print(grpc.__version__)') for $python is there"
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here: install grpcio for $python by hand (pip install grpcio), then run this again." >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends python3 python3-grpcio >/dev/null
echo "installed grpcio $("$python" -c 'import grpc; print(grpc.__version__)')"
