#!/usr/bin/env bash
# npm-ci.sh PACKAGE_DIR INSTALL_DIR: installs exactly what PACKAGE_DIR/package-lock.json pins into
# INSTALL_DIR/node_modules, unless it is there already. No install script of a package is run.
set -euo pipefail
package="$1" install="$2"

command -v npm >/dev/null || { echo "error: npm is missing: install Node.js" >&2; exit 1; }
mkdir -p "$install"
if [ -d "$install/node_modules" ] && cmp -s "$package/package-lock.json" "$install/installed-lock.json"; then
  exit 0
fi
rm -f "$install/installed-lock.json"
cp "$package/package.json" "$package/package-lock.json" "$package/.npmrc" "$install/"
(cd "$install" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
cp "$package/package-lock.json" "$install/installed-lock.json"
