#!/usr/bin/env bash
# Publishes the samples that embed the engine with Native AOT, warnings being errors, runs them and checks what they
# answer. Where Native AOT itself cannot be had here they are trimmed instead, with dynamic code switched off, which
# finds most of what Native AOT would; it says which of the two was done. A suite of ./test: its last line is as theirs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source eng/prerequisites.sh
require_dotnet
require_node
restore_npm
command -v curl >/dev/null || fail "curl is not installed; it asks the published server. Install it with your system's package manager."

output=artifacts/aot-check
model=samples/models/summary.onnx
total=0
failed=0
serving=
trap '[[ -z "$serving" ]] || kill "$serving" 2>/dev/null || true' EXIT
mkdir -p "$output"

passes() {
  total=$((total + 1))
  echo "    $1"
}

fails() {
  total=$((total + 1))
  failed=$((failed + 1))
  echo "    $1 [FAIL]"
  sed 's/^/      /' <<<"$2"
}

# check WHAT EXPECTED ACTUAL: whether an answer is, or begins with, what it has to be.
check() {
  if [[ "$3" == "$2"* ]]; then passes "$1"; else fails "$1" "expected: $2"$'\n'"actual:   $3"; fi
}

# publish SAMPLE PROPERTY
publish() {
  rm -rf "${output:?}/$1"
  dotnet publish "samples/$1" --configuration Release "-p:$2=true" --output "$output/$1" --nologo --verbosity quiet >"$output/$1.log" 2>&1
}

# Why Native AOT cannot be had, when that is all that went wrong; nothing when something else did.
unavailable() {
  local errors
  errors=$(grep --extended-regexp --only-matching '(error|error [A-Z]+[0-9]+) ?: .*' "$1" | sort --unique || true)
  if [[ -n "$errors" ]] && ! grep --quiet --invert-match 'NU1101: Unable to find package Microsoft\.NETCore\.App\.Runtime\.NativeAOT\.' <<<"$errors"; then
    echo "its runtime pack is on no package feed that is configured"
  elif grep --quiet 'Platform linker .* not found' <<<"$errors"; then
    echo "there is no linker; clang or gcc brings one"
  fi
}

kind=NativeAot
publish embedded NativeAot || {
  reason=$(unavailable "$output/embedded.log")
  if [[ -n "$reason" ]]; then
    kind=Trimmed
    echo "  Native AOT was NOT done: $reason. Done in its place: trimmed, self-contained, without dynamic code."
  fi
}
[[ $kind == NativeAot ]] && echo "  Published with Native AOT."

for sample in embedded serving; do
  if [[ $sample == embedded && $kind == NativeAot ]]; then
    published=$([[ -x "$output/embedded/embedded" ]] && echo true || echo false)
  else
    published=$(publish "$sample" "$kind" && echo true || echo false)
  fi
  if $published; then passes "$sample is published without a warning"; else fails "$sample is published without a warning" "$(cat "$output/$sample.log")"; fi
done

if [[ -x "$output/embedded/embedded" ]]; then
  check "embedded predicts" $'sum: 10.5\nmean: 2.625' "$("$output/embedded/embedded" $model 1 2 3 4.5 2>&1 || true)"
  check "embedded names a model that is not there" "Model 'model' version 1: there is no file" "$("$output/embedded/embedded" none.onnx 1 2>&1 || true)"
fi

if [[ -x "$output/serving/serving" ]]; then
  : >"$output/serving.out"
  "$output/serving/serving" $model --urls http://127.0.0.1:0 >"$output/serving.out" 2>&1 &
  serving=$!
  url=
  for ((attempt = 0; attempt < 300 && ${#url} == 0; attempt++)); do
    url=$(grep --only-matching --extended-regexp 'http://127\.0\.0\.1:[0-9]+' "$output/serving.out" | head --lines 1 || true)
    kill -0 "$serving" 2>/dev/null || break
    [[ -n "$url" ]] || sleep 0.1
  done
  if [[ -n "$url" ]]; then
    ask() { curl --silent --max-time 30 "$url$1" "${@:2}" || true; }
    check "serving predicts" \
      '{"model_name":"summary","model_version":"1","outputs":[{"name":"sum","datatype":"FP32","shape":[2],"data":[6.0,15.5]},' \
      "$(ask /v2/models/summary/infer --data '{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6.5]}]}')"
    check "serving describes itself" '{"name":"serving"' "$(ask /v2)"
    check "serving describes its model" '{"name":"summary","versions":["1"],"platform":"onnxruntime_onnx"' "$(ask /v2/models/summary)"
    check "serving writes a configuration" '{"name":"summary","platform":"onnxruntime_onnx"' "$(ask /v2/models/summary/config)"
    check "serving counts" '{"model_stats":[{"name":"summary","version":"1"' "$(ask /v2/models/summary/stats)"
    check "serving lists its models" '[{"name":"summary","version":"1","state":"READY","reason":""}]' "$(ask /v2/repository/index --request POST)"
    check "serving names a model that is not there" '{"error":"Request for unknown model:' "$(ask /v2/models/none)"
    check "the application's own pages are served" 'The pages of your own application.' "$(ask /)"
    kill "$serving"
    status=0
    wait "$serving" || status=$?
    check "serving ends when told to" 0 "$status"
  else
    fails "serving starts" "$(cat "$output/serving.out")"
  fi
  serving=
fi

echo "=== TEST EXECUTION SUMMARY ==="
echo "   Bedplate.Tests.Aot  Total: $total, Errors: 0, Failed: $failed, Skipped: 0, Not Run: 0, Time: ${SECONDS}s"
[[ $failed -eq 0 ]]
