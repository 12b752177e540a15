#!/bin/sh
# Copies iptables and ip6tables, with every library and extension that they load, below the folder given.
set -eu
root=$1
mkdir -p "$root"

copy() {
  for file in "$@"; do cp --parents -P "$file" "$root"; done
}

# The programs are links to one; the links are what is called.
for name in iptables iptables-restore ip6tables ip6tables-restore; do
  path=$(command -v "$name")
  while [ -L "$path" ]; do
    copy "$path"
    target=$(readlink "$path")
    case $target in
      /*) path=$target ;;
      *) path=$(dirname "$path")/$target ;;
    esac
  done
  copy "$path"
done

extensions=$(dirname "$(find /usr/lib -name libxt_owner.so | head -n 1)")
for extension in owner tcp standard NAT REDIRECT; do copy "$extensions/libxt_$extension.so"; done

# Libraries under the name they are asked for by and under their own; the C library is in every image.
ldd "$(readlink -f "$(command -v iptables)")" | sed -n 's/.* => \(\/[^ ]*\).*/\1/p' | while read -r library; do
  case $library in
    */libc.so.*) continue ;;
  esac
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
