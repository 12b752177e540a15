#!/usr/bin/env bash
# Installs what is needed beside Node, on Debian and its descendants; elsewhere it says what is missing. Does
# nothing when everything is there.
#
#   install-system-tools.sh           what the system suites need: Python's gRPC library
#   install-system-tools.sh --bench   also what bench:relay needs: h2load, nghttpd, and the proxies to compare with
set -euo pipefail

python=${PYTHON:-/usr/bin/python3}
packages=()
services=()

has_grpcio() { "$python" -c 'import grpc' 2>/dev/null; }
need() { command -v "$1" >/dev/null || packages+=("$2"); }

has_grpcio || packages+=(python3 python3-grpcio)
if [ "${1:-}" = --bench ]; then
  need h2load nghttp2-client
  need nghttpd nghttp2-server
  for service in haproxy nginx nghttpx; do
    command -v "$service" >/dev/null || services+=("$service")
  done
  need haproxy haproxy
  need nginx nginx
  need nghttpx nghttp2-proxy
fi

if [ ${#packages[@]} -eq 0 ]; then
  echo "grpcio $("$python" -c 'import grpc; print(grpc.__version__)') for $python is there, and whatever else was asked for"
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here: install by hand what Debian calls ${packages[*]}, then run this again." >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
# Debian starts what it installs; here the proxies are wanted as programs only.
if [ ${#services[@]} -gt 0 ] && [ -d /run/systemd/system ]; then
  "${as_root[@]}" systemctl disable --quiet --now "${services[@]}" || true
fi
echo "installed ${packages[*]}"
has_grpcio || { echo "$python still has no grpcio: is it Debian's own?" >&2; exit 1; }
