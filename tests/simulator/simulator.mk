# SPDX-License-Identifier: MIT
#
# Builds the simulator in the present folder, from any copy of the tree:
#
#   make -f TREE/tests/simulator/simulator.mk tree=TREE [CC=...] [faults='-DNAME ...']
#   ... small=1        only what needs no more than mcapi/segment and mcapi/os
#
# The library's code is compiled as it is, but for this: -fsanitize=thread makes it call our
# hooks, thread-local variables lie in a section that the machine changes with the fibre, and
# the calls to the C library that wait or touch memory are the machine's.

tree := $(patsubst %/tests/simulator/simulator.mk,%,$(lastword $(MAKEFILE_LIST)))
faults =
small =
optimize = -O2 -g

flags = -std=gnu11 $(optimize) -Wall -Wextra -D_GNU_SOURCE \
	-I$(tree)/mcapi -I$(tree)/mcapi/include -I$(tree)/tests/simulator
hooked = -fsanitize=thread -Wno-unknown-warning-option -Wno-tsan -fno-omit-frame-pointer $(faults) \
	'-D_Thread_local=__attribute__((section("fibre_own")))' '-Dtls_model(x)=unused' \
	-Dsyscall=sim_syscall -Dmemcpy=sim_memcpy -Dmemmove=sim_memmove -Dmemset=sim_memset \
	-Dcalloc=sim_calloc -Drealloc=sim_realloc -Dfree=sim_free -Dsched_yield=sim_yield \
	-Dpthread_mutex_lock=sim_mutex_lock -Dpthread_mutex_trylock=sim_mutex_trylock \
	-Dpthread_mutex_unlock=sim_mutex_unlock

machine_parts = fibres hooks kernel main memory ranges report system undo
rooms = os segment
scenarios = scenario_event scenario_mailbox scenario_packets scenario_robust scenario_scalars
ifeq ($(small),)
rooms += runtime api
scenarios += \
	scenario_channel scenario_connect scenario_control \
	scenario_delete scenario_descriptor scenario_gate scenario_helpers scenario_leave scenario_messages scenario_nodes \
	scenario_requests scenario_seats scenario_tally scenario_threads world
flags += -DSIM_WHOLE
endif
# All files of a room but those that ask the system for what system.c gives, and onlookers.
replaced = api/mcapi_node os/clock os/crash_point os/eventfd os/memory os/process os/thread \
	segment/audit segment/registry segment/segment
library = $(filter-out $(replaced:%=mcapi/%), \
	$(foreach room,$(rooms),$(patsubst $(tree)/%.c,%,$(wildcard $(tree)/mcapi/$(room)/*.c))))

# In this order: the library's static variables lie between those of the two files around it.
objects = $(machine_parts:%=machine-%.o) machine-process_first.o \
	$(library:mcapi/%=library/%.o) machine-process_last.o $(scenarios:%=%.o) scenarios.o

simulator: $(objects) $(tree)/tests/simulator/simulator.mk
	$(CC) -o $@ $(objects) -pthread -ldl

# For who compiles single files: see tests/mutation/mutate.sh.
flags.txt: $(tree)/tests/simulator/simulator.mk
	$(file >$@,$(flags) $(hooked))
	$(file >objects.txt,$(objects))

machine-%.o: $(tree)/tests/simulator/%.c
	$(CC) $(flags) -MMD -c -o $@ $<

library/%.o: $(tree)/mcapi/%.c
	@mkdir -p $(@D)
	$(CC) $(flags) $(hooked) -MMD -c -o $@ $<
	$(process_own)

# What a process has of its own, unlike all other static variables: struct mci_runtime.
library/runtime/runtime.o: process_own = objcopy --rename-section .data=process_own $@

%.o: $(tree)/tests/simulator/%.c
	$(CC) $(flags) $(hooked) -MMD -c -o $@ $<

-include $(objects:.o=.d)
