# What the scripts of this repository need on a machine; sourced by run and test.

fail() {
  echo "$*" >&2
  exit 1
}

require_dotnet() {
  command -v dotnet >/dev/null || fail "The .NET 10 SDK is not installed. Get it from https://dotnet.microsoft.com/download/dotnet/10.0 and put 'dotnet' on the PATH."
  dotnet --version >/dev/null 2>&1 || fail "The .NET SDK that global.json asks for is not installed ($(dotnet --list-sdks | tr '\n' ' ')is here). Get .NET 10 from https://dotnet.microsoft.com/download/dotnet/10.0."
}

require_node() {
  command -v npm >/dev/null || fail "Node.js (with npm) is not installed. It is needed once, to fetch ONNX Runtime and the demo models: https://nodejs.org/en/download."
}

# ONNX Runtime's native library and the demo models, at the versions and digests of package-lock.json.
restore_npm() {
  if [[ ! -e node_modules/.restored || package-lock.json -nt node_modules/.restored ]]; then
    echo "Fetching ONNX Runtime and the demo models …"
    npm ci --ignore-scripts --no-fund --no-audit --loglevel error
    touch node_modules/.restored
  fi
}

# Debian packages that tests need: installed as root, named otherwise.
require_packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep --quiet '^installed$' || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  if [[ $(id --user) -ne 0 ]]; then
    fail "These Debian packages are missing: ${missing[*]}. Install them with: sudo apt-get install ${missing[*]}"
  fi
  echo "Installing ${missing[*]} …"
  apt-get update --quiet --quiet
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends "${missing[@]}" >/dev/null
}
