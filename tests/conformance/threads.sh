#!/bin/sh
# SPDX-License-Identifier: MIT
#
# threads.sh - the conformance suite, the peers are threads that are nodes.

. "${top_srcdir:?run me with make check}/tests/conformance/lib.sh"
conformance_where threads
