/* SPDX-License-Identifier: MIT */
/* report.c - the last accesses of a schedule that failed, for people. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inside.h"

enum { KEPT = 1 << 16, BEFORE = 24, NAMES = 64 };

struct event {
    int fibre;
    const void *pc;
    const char *what;
    const volatile void *at;
    unsigned size;
    uint64_t value;
    int order;
    int age;
};

static struct event events[KEPT];
static uint64_t count;

static struct {
    const volatile unsigned char *start;
    size_t size, step;
    const char *name;
} names[NAMES];
static uint32_t name_count;

void sim_name(const volatile void *start, size_t size, size_t step, const char *name)
{
    if (name_count == NAMES)
        return;
    names[name_count].start = start;
    names[name_count].size = size;
    names[name_count].step = step;
    names[name_count++].name = name;
}

void sim_names_begin(void)
{
    name_count = 0;
}

void sim_trace_begin(void)
{
    count = 0;
}

void sim_trace(const char *what, const volatile void *at, unsigned size, uint64_t value,
               int order, int age)
{
    if (sim.tracing)
        events[count++ % KEPT] =
                (struct event){ sim.self, sim.pc, what, at, size, value, order, age };
}

static void print_place(const volatile unsigned char *at)
{
    for (uint32_t i = 0; i < name_count; i++) {
        size_t offset = (size_t)(at - names[i].start);

        if (at < names[i].start || offset >= names[i].size)
            continue;
        printf("%s", names[i].name);
        if (names[i].step < names[i].size)
            printf("[%zu]", offset / names[i].step);
        if (offset % names[i].step != 0)
            printf("+%zu", offset % names[i].step);
        return;
    }
    printf("segment+0x%zx", (size_t)(at - sim.segment));
}

/* The function and the line of an address in this program. */
static void print_source(const void *pc)
{
    Dl_info info;
    char command[512], line[512];
    FILE *tool;
    int printed = 0;

    if (pc == NULL || dladdr(pc, &info) == 0)
        return;
    snprintf(command, sizeof command, "addr2line -s -f -i -e '%s' 0x%zx 2>/dev/null",
             info.dli_fname, (size_t)((const char *)pc - 1 - (const char *)info.dli_fbase));
    tool = popen(command, "r");
    while (tool != NULL && fgets(line, sizeof line, tool) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        printf("%s%s", printed == 0 ? "   " : printed % 2 == 1 ? " " : " < ", line);
        printed++;
    }
    if (tool != NULL)
        pclose(tool);
    if (printed == 0)
        printf("   %s+0x%zx", info.dli_sname != NULL ? info.dli_sname : info.dli_fname,
               (size_t)((const char *)pc - (const char *)info.dli_fbase));
}

static void print_event(uint64_t i)
{
    static const char *const orders[] = { "relaxed", "consume", "acquire",
                                          "release", "acq_rel", "seq_cst" };
    const struct event *event = &events[i % KEPT];

    printf("  %5" PRIu64 "  fibre %d %s ", i, event->fibre, event->what);
    if (event->at != NULL) {
        print_place(event->at);
        printf(" = 0x%" PRIx64, event->value);
    }
    if (event->order >= 0 && event->order < 6)
        printf(" %s", orders[event->order]);
    if (event->age > 0)
        printf(", %d stores old", event->age);
    print_source(event->pc);
    printf("\n");
}

void sim_trace_print(uint64_t last)
{
    uint64_t first = count > last ? count - last : 0;
    const volatile void *at = count > 0 ? events[(count - 1) % KEPT].at : NULL;
    uint64_t from = first;
    uint32_t more = 0;

    /* What was done before to the place of the last access. */
    while (at != NULL && from > 0 && count - from < KEPT && more < BEFORE) {
        from--;
        more += events[from % KEPT].at == at;
    }
    for (uint64_t i = from; more > 0 && i < first; i++)
        if (events[i % KEPT].at == at)
            print_event(i);
    for (uint64_t i = first; i < count; i++)
        print_event(i);
}
