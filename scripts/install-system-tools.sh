#!/usr/bin/env bash
# Installs what the system suites need beside Node: Python's gRPC library, protobuf's compiler, iptables and iproute2.
# Debian and its descendants; elsewhere it says what is missing. Does nothing when everything is there. kubectl, which
# Debian has too old a one of, is only looked for.
set -euo pipefail

python=${PYTHON:-/usr/bin/python3}

# One line for each thing that is missing.
missing() {
  "$python" -c 'import grpc' 2>/dev/null || echo "grpcio for $python (pip install grpcio)"
  "$python" -c 'import google.protobuf' 2>/dev/null || echo "protobuf for $python (pip install protobuf)"
  command -v protoc >/dev/null || echo 'protoc (protobuf-compiler)'
  command -v iptables-restore >/dev/null || echo 'iptables'
  command -v ip >/dev/null || echo 'ip (iproute2)'
}

tell_of_kubectl() {
  if command -v kubectl >/dev/null; then return; fi
  echo 'No kubectl here: npm run test:netns needs one, 1.29 or newer: https://kubernetes.io/docs/tasks/tools/' >&2
}

found() {
  echo "$1: grpcio $("$python" -c 'import grpc; print(grpc.__version__)') for $python, $(protoc --version), $(iptables --version)"
  tell_of_kubectl
}

if [ -z "$(missing)" ]; then
  found 'there already'
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  printf 'No apt-get here: install these by hand, then run this again.\n%s\n' "$(missing)" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends \
  python3 python3-grpcio python3-protobuf protobuf-compiler iptables iproute2 >/dev/null

if [ -n "$(missing)" ]; then
  printf 'Still missing after apt-get install:\n%s\n' "$(missing)" >&2
  exit 1
fi
found 'installed'
