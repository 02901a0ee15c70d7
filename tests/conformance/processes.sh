#!/bin/sh
# SPDX-License-Identifier: MIT
#
# processes.sh - the conformance suite, the peers are processes.

. "${top_srcdir:?run me with make check}/tests/conformance/lib.sh"
conformance_where processes
