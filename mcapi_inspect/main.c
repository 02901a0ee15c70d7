/* SPDX-License-Identifier: MIT */
/*
 * main.c - mcapi_inspect: what there is in a topology, and whether it is whole.
 *
 * It is no node, holds nothing and takes no lock: the segment is mapped to be read. So the
 * topology goes on while it is looked at, and what is in the middle of a change may look like
 * damage for a moment. What is damage is there each time one looks.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mcapi_inspect/tables.h"

enum {
    CLEAN = 0,
    FINDINGS = 1,
    CANNOT_LOOK = 2,

    LOOKS = 20,
    BETWEEN_LOOKS = 5 * 1000 * 1000, /* ns */
};

static const char help[] =
        "Usage: mcapi_inspect [--topology NAME]\n"
        "Looks at a running MCAPI topology: what there is, and whether it is whole.\n"
        "\n"
        "  --topology NAME   which; else what MCAPI_TOPOLOGY says, or \"default\"\n"
        "  --help            this text\n"
        "  --version         the version\n"
        "\n"
        "The topology is not disturbed. Exit status: 0 it is whole, 1 something is wrong\n"
        "with it, 2 it cannot be looked at.\n";

/* --- Looking -------------------------------------------------------------------------- */

/* The map is good for mci_audit and mci_tally; nothing can be written through it. */
static bool look(struct mci_map *map, const char *topology, char *reason, size_t reason_size)
{
    const struct mci_segment_form form = { .verify = mci_map_verify };

    if (!mci_segment_look(&map->segment, topology, &form, reason, reason_size))
        return false;
    if (mci_map_find_tables(map, reason, reason_size))
        return true;
    mci_segment_look_away(&map->segment);
    return false;
}

/* --- Damage, and what only looks like it ---------------------------------------------- */

static bool has_fault(const struct mci_audit *audit, const char *text)
{
    for (uint32_t i = 0; i < audit->faults && i < MCI_AUDIT_KEPT; i++)
        if (strcmp(audit->fault[i], text) == 0)
            return true;
    return false;
}

/* Keeps of `lasting` what is in `audit` too. */
static void keep_common(struct mci_audit *lasting, const struct mci_audit *audit)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < lasting->faults && i < MCI_AUDIT_KEPT; i++)
        if (has_fault(audit, lasting->fault[i]))
            memmove(lasting->fault[kept++], lasting->fault[i], MCI_AUDIT_TEXT);
    lasting->faults = kept;
}

/* The faults that are there each time, in `lasting`; true: others came and went. */
static bool look_again(const struct mci_map *map, const struct mci_audit *first,
                       struct mci_audit *lasting)
{
    static struct mci_audit audit;
    const struct timespec pause = { .tv_nsec = BETWEEN_LOOKS };

    *lasting = *first;
    for (int looks = 1; looks < LOOKS && lasting->faults > 0; looks++) {
        nanosleep(&pause, NULL);
        mci_audit(map, &audit);
        keep_common(lasting, &audit);
    }
    return lasting->faults < first->faults;
}

static int report(const struct mci_map *map)
{
    static struct mci_audit audit, lasting;
    bool passing;

    mci_audit(map, &audit);
    printf("topology %s: layout %u, identity %016llx%016llx\n", map->segment.topology,
           (unsigned)MCI_LAYOUT_VERSION, (unsigned long long)map->header->identity[0],
           (unsigned long long)map->header->identity[1]);
    print_nodes(map);
    print_endpoints(map);
    print_channels(map);
    print_mailboxes(map);
    print_sums(map, &audit);
    passing = look_again(map, &audit, &lasting);
    putchar('\n');
    if (lasting.faults == 0) {
        printf("whole%s\n", passing ? "; it is busy: what looked like damage went away" : "");
        return CLEAN;
    }
    for (uint32_t i = 0; i < lasting.faults && i < MCI_AUDIT_KEPT; i++)
        printf("wrong: %s\n", lasting.fault[i]);
    if (audit.faults > MCI_AUDIT_KEPT)
        printf("wrong: %u more\n", (unsigned)(audit.faults - MCI_AUDIT_KEPT));
    return FINDINGS;
}

/* --- The command ---------------------------------------------------------------------- */

static const char *read_options(int count, char **arguments)
{
    static const struct option known[] = {
        { "topology", required_argument, NULL, 't' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    const char *topology = getenv("MCAPI_TOPOLOGY");
    int option;

    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (option) {
        case 't':
            topology = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            exit(CLEAN);
        case 'v':
            printf("mcapi_inspect %s\n", PROGRAM_VERSION);
            exit(CLEAN);
        default:
            fprintf(stderr, "mcapi_inspect: --help says what can be asked for\n");
            exit(CANNOT_LOOK);
        }
    }
    if (optind < count) {
        fprintf(stderr, "mcapi_inspect: %s: no such option; --help says what there is\n",
                arguments[optind]);
        exit(CANNOT_LOOK);
    }
    return topology != NULL && *topology != '\0' ? topology : "default";
}

int main(int count, char **arguments)
{
    const char *topology = read_options(count, arguments);
    struct mci_map map = { .segment = { .base = NULL } };
    char reason[256];
    int status;

    if (!look(&map, topology, reason, sizeof reason)) {
        fprintf(stderr, "mcapi_inspect: cannot look at topology %s: %s\n", topology, reason);
        return CANNOT_LOOK;
    }
    status = report(&map);
    mci_segment_look_away(&map.segment);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("mcapi_inspect: standard output");
        return CANNOT_LOOK;
    }
    return status;
}
