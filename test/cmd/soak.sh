#!/usr/bin/env bash
# A short run of the soak test (20 s, smaller bursts); `make soak` is the long one.
cd "$(dirname "$0")/../.." || exit 1
if out=$(SOAK_SECONDS=${SOAK_SMOKE:-20} SOAK_BURST=200000 SOAK_ENDS=${SOAK_ENDS:-12} tools/soak 2>&1) && [ "$(tail -1 <<<"$out")" = "soak ok" ]; then echo "1 passed, 0 failed"
else echo "FAIL soak"; tail -15 <<<"$out"; echo "0 passed, 1 failed"; fi
