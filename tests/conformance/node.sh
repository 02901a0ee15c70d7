#!/bin/sh
# SPDX-License-Identifier: MIT
#
# node.sh - the conformance suite, the peers are threads of our own node.

. "${top_srcdir:?run me with make check}/tests/conformance/lib.sh"
conformance_where node
