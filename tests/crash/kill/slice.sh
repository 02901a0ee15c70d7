#!/bin/sh
# SPDX-License-Identifier: MIT
#
# slice.sh - every operation, boundaries sampled evenly: the part of the deaths at an
# instruction that every check has time for. `make crash-all` has the rest.
set -u

exec "$top_builddir/tests/crash/kill/kill_anywhere" --step 33 --process 3300 --thread 6600 \
    --chain 3000 --chain-process 200 --live 200
