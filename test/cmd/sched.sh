#!/usr/bin/env bash
# Seeded schedules, a short form of `make determinism`.
cd "$(dirname "$0")/../.." || exit 1
tools/sched-runs --runs "${SCHED_RUNS:-5}" --gc-runs 0 | grep -v '^ok '
