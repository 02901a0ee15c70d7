#!/bin/sh
# SPDX-License-Identifier: MIT
#
# slice.sh - every operation, boundaries sampled evenly: the part of the deaths at an
# instruction that every check has time for. `make crash-all` has the rest.
set -u

exec "$top_builddir/tests/crash/kill/kill_anywhere" --tap --jobs 2 --step 200 --process 4000 \
    --thread 12000 --chain 8000 --chain-process 600 --live 300
