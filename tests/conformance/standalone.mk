# SPDX-License-Identifier: MIT
#
# standalone.mk - builds the conformance suite against an MCAPI library, without autotools.
#
#   make -f standalone.mk MCAPI=/usr/local          builds ./conformance-suite
#   make -f standalone.mk MCAPI=/usr/local run      ...and runs it; report.txt is the table
#
# MCAPI     where the library is installed: MCAPI/include/mcapi.h, MCAPI/lib/libmcapi.so
# LIBS      what to link with, if that is not -LMCAPI/lib -lmcapi
# INCLUDES  where the headers are, if that is not -IMCAPI/include
# OUT       the program; default conformance-suite
# WITHOUT   chapters that are not built, because the library lacks what they need:
#           WITHOUT="v1000 v1000_status spellings spellings_limits" for one without old spellings
# OPTIONS   more options for a run, such as --where processes --jobs 2

MCAPI = /usr/local
CC = cc
CFLAGS = -O2 -g
OUT = conformance-suite
INCLUDES = -I$(MCAPI)/include
LIBS = -L$(MCAPI)/lib -Wl,-rpath,$(MCAPI)/lib -lmcapi

here := $(dir $(lastword $(MAKEFILE_LIST)))
clauses := $(wildcard $(here)clauses*.txt)
# All but what belongs to other programs.
sources := $(filter-out $(here)random_main.c $(here)self_tests.c \
	$(WITHOUT:%=$(here)check_%.c), $(wildcard $(here)*.c))
own := $(wildcard $(here)check_ext*.c)

# Section 11 is about calls that only one implementation has, in a header of its own.
extensions := $(shell printf '\043include <mcapi_ext.h>\n' | $(CC) $(INCLUDES) -E - \
	>/dev/null 2>&1 && echo yes)
ifeq ($(extensions),yes)
flags := -DCONFORMANCE_EXT
else
sources := $(filter-out $(own),$(sources))
endif

$(OUT): $(sources) $(wildcard $(here)*.h) $(clauses)
	$(CC) -std=gnu99 $(CFLAGS) $(INCLUDES) -DCONFORMANCE_INCLUDE='"$(MCAPI)/include"' \
	  $(flags) -pthread -o $@ $(sources) $(LIBS)
	test -n "$(WITHOUT)" || ./$@ --audit --clauses $(clauses) || { rm -f $@; exit 1; }

run: $(OUT)
	./$(OUT) --table report.txt --clauses $(clauses) $(OPTIONS)

.PHONY: run
