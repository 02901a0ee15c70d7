# SPDX-License-Identifier: MIT
#
# fuzz.mk - the library and the capture reader with every access checked, and the fuzzers.
#
# Not automake's: these objects are compiled by clang, in flags of their own. Made in the folder
# that make is called in; `source` is the tree.
#
#     make -f .../fuzz.mk all        the fuzzers
#     make -f .../fuzz.mk hostile_sanitized

source := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))../..)
CC = cc
FUZZ_CC = clang
CFLAGS = -O1 -g

includes := -I. -I$(source)/tests -I$(source) -I$(source)/mcapi -I$(source)/mcapi/include
sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags := -std=gnu11 -Wall -Wextra -Wpedantic -D_GNU_SOURCE $(includes) $(sanitizers) -MMD -MP
wraps := -Wl,--wrap=mci_memory_map,--wrap=mci_memory_unmap,--wrap=mci_say,--wrap=mci_patience_begin

fuzzers := fuzz_calls fuzz_segment fuzz_registry
ifneq ($(WITH_CAPTURES),no)
fuzzers += fuzz_capture fuzz_flow fuzz_frame fuzz_line fuzz_http fuzz_static
endif

library := $(foreach room,api os runtime segment,$(wildcard $(source)/mcapi/$(room)/*.c))
captures := $(wildcard $(source)/load_balancer/source/*.c) $(source)/load_balancer/flow.c
protocols := $(wildcard $(source)/load_balancer/server/protocol*.c) \
	$(source)/tests/fuzz/fuzz_protocol.c
work := $(filter-out %/worker.c,$(wildcard $(source)/worker/work*.c))
scene := $(addprefix $(source)/tests/hostile/,calls.c damage.c guard.c kinds.c scene.c)

# Both kinds of objects: with what libFuzzer counts by, and without.
plain = $(patsubst $(source)/%.c,plain/%.o,$(1))
counted = $(patsubst $(source)/%.c,counted/%.o,$(1))

all: $(fuzzers)

config.h:
	echo '#define PACKAGE_VERSION "0.0.0"' >$@

plain/%.o: $(source)/%.c | config.h
	@mkdir -p $(@D)
	$(CC) $(flags) $(CFLAGS) -c -o $@ $<

counted/%.o: $(source)/%.c | config.h
	@mkdir -p $(@D)
	$(FUZZ_CC) $(flags) -fsanitize=fuzzer-no-link $(CFLAGS) -c -o $@ $<

hostile_sanitized: $(call plain,$(library) $(scene) \
		$(addprefix $(source)/tests/hostile/,companion.c hostile.c))
	$(CC) $(sanitizers) $(wraps) -o $@ $^ -lpthread

fuzz_segment: counted/mcapi_inspect/tables.o
fuzz_calls fuzz_segment: %: $(call counted,$(library) $(scene) $(source)/tests/fuzz/fuzz.c) \
		counted/tests/fuzz/%.o
	$(FUZZ_CC) $(sanitizers) -fsanitize=fuzzer $(wraps) -o $@ $^ -lpthread

fuzz_registry: %: $(call counted,$(library) $(source)/tests/fuzz/fuzz.c) counted/tests/fuzz/%.o
	$(FUZZ_CC) $(sanitizers) -fsanitize=fuzzer -o $@ $^ -lpthread

fuzz_capture fuzz_flow: %: $(call counted,$(captures)) counted/tests/fuzz/%.o
	$(FUZZ_CC) $(sanitizers) -fsanitize=fuzzer -o $@ $^ -lpcap

fuzz_frame fuzz_line fuzz_http: %: $(call counted,$(protocols)) counted/tests/fuzz/%.o
	$(FUZZ_CC) $(sanitizers) -fsanitize=fuzzer -o $@ $^ -lhttp_parser

fuzz_static: %: $(call counted,$(work) $(source)/tests/fuzz/fuzz.c) counted/tests/fuzz/%.o
	$(FUZZ_CC) $(sanitizers) -fsanitize=fuzzer -o $@ $^ -ldl

.PHONY: all
.SECONDARY:

-include $(shell find plain counted -name '*.d' 2>/dev/null)
