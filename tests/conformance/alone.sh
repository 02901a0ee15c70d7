#!/bin/sh
# SPDX-License-Identifier: MIT
#
# alone.sh - the conformance suite, tests without peers.

. "${top_srcdir:?run me with make check}/tests/conformance/lib.sh"
conformance_where alone
