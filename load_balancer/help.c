/* SPDX-License-Identifier: MIT */
/*
 * help.c - what load_balancer --help says. Kinds of sources and of work come from their tables.
 */
#include "load_balancer/help.h"

#include <string.h>

#include "load_balancer/config.h"
#include "load_balancer/source/source.h"
#include "worker/work.h"

enum {
    MEANING_AT = 26, /* the column in which meanings begin */
    WIDTH = 80,
};

/* Text broken into lines at blanks; the first begins where we are, the others at the column. */
static void print_wrapped(FILE *out, const char *text)
{
    size_t room = WIDTH - MEANING_AT;

    while (strlen(text) > room) {
        size_t length = room;

        while (length > 0 && text[length] != ' ')
            length--;
        if (length == 0)
            break; /* one long word */
        fprintf(out, "%.*s\n%*s", (int)length, text, MEANING_AT, "");
        text += length + 1;
    }
    fprintf(out, "%s\n", text);
}

/* One option, or one value of it: what to write, and what it means. */
static void print_row(FILE *out, int indent, const char *word, const char *meaning)
{
    int width = MEANING_AT - indent;

    fprintf(out, "%*s%-*s", indent, "", width, word);
    if ((int)strlen(word) > width - 2)
        fprintf(out, "\n%*s", MEANING_AT, "");
    print_wrapped(out, meaning);
}

static void print_sources(FILE *out)
{
    const char *line;

    for (size_t i = 0; (line = source_help(i)) != NULL; i++) {
        size_t length = strcspn(line, "\t");
        char word[128];

        snprintf(word, sizeof(word), "%.*s", (int)length, line);
        print_row(out, 4, word, line[length] == '\t' ? line + length + 1 : "");
    }
}

static void print_kinds_of_work(FILE *out)
{
    const struct work_kind *kind;

    for (size_t i = 0; (kind = work_kind_at(i)) != NULL; i++) {
        char word[64], meaning[160];

        snprintf(word, sizeof(word), "%s%s%s", kind->name, kind->argument == NULL ? "" : "=",
                 kind->argument == NULL ? "" : kind->argument);
        snprintf(meaning, sizeof(meaning), "%s%s", kind->changes ? "* " : "", kind->help);
        print_row(out, 4, word, meaning);
    }
    print_row(out, 4, "./FILE.so[=ARG]", "your own code: <load_balancer/work.h>");
}

static void print_limits(FILE *out)
{
    char text[128];

    snprintf(text, sizeof(text), "so many worker processes, 1 to %d (default: 4)",
             CONFIG_WORKERS_MAX);
    print_row(out, 2, "--workers N", text);
    print_row(out, 2, "--workers MIN..MAX", "* as many as the load needs");
}

static void print_window(FILE *out)
{
    char text[256];

    snprintf(text, sizeof(text),
             "at most so many items out per worker: in mode window 1 to %d (default: %d), "
             "else 1 to %d (default: %d)",
             CONFIG_WINDOW_MAX, CONFIG_WINDOW, CONFIG_WINDOW_DISTRIBUTOR_MAX,
             CONFIG_WINDOW_DISTRIBUTOR);
    print_row(out, 2, "--window N", text);
}

void help_print(FILE *out)
{
    char queue[96];

    snprintf(queue, sizeof(queue), "up to N items wait, 1 to %d, then as block",
             CONFIG_QUEUE_MAX);
    fputs("Usage: load_balancer --source SOURCE [OPTION]...\n"
          "\n"
          "Sends packets through worker processes, the packets of a flow in order, checks\n"
          "that nothing was lost, and can write what the workers have made of them.\n"
          "\n"
          "Input\n",
          out);
    print_row(out, 2, "--source SOURCE", "where the packets come from:");
    print_sources(out);
    print_row(out, 2, "--loop N", "go N times through a file, 0: for ever (default: 1)");
    print_row(out, 2, "--pace full", "as fast as it goes (default)");
    print_row(out, 2, "--pace as-recorded", "with the pauses that the capture has");
    fputs("\nNetwork\n", out);
    server_options_help(print_row, out);
    fputs("\nWorkers\n", out);
    print_limits(out);
    print_row(out, 2, "--work KIND", "what they do with a packet (default: count):");
    print_kinds_of_work(out);
    print_row(out, 2, "--worker-program FILE",
              "default: 'worker' beside this program, then on PATH");
    print_row(out, 2, "--on-worker-death respawn",
              "another process takes a dead worker's place (default); what was not reported is "
              "sent again");
    print_row(out, 2, "--on-worker-death shrink", "the others take over");
    print_row(out, 2, "--on-worker-death stop", "the run ends");
    print_row(out, 2, "--quarantine FILE",
              "a capture of the packets of which three workers died, and which are set aside");
    fputs("\nDistribution\n", out);
    print_row(out, 2, "--mode window",
              "the balancer chooses the worker when a packet comes (default, unless something "
              "else needs a distributor, as marked *)");
    print_row(out, 2, "--mode burst",
              "a distributor chooses, as workers have room; they take up to 8 items at a time "
              "(default with *)");
    print_row(out, 2, "--mode single", "the same, one at a time: for work that takes long");
    print_row(out, 2, "--policy flow",
              "a flow stays at one worker (default in mode window, and only there)");
    print_row(out, 2, "--policy tag",
              "* a flow's packets stay in order, wherever there is room (default with a "
              "distributor)");
    print_row(out, 2, "--policy least-loaded",
              "each packet to the worker with the fewest out; flows lose their order");
    print_row(out, 2, "--policy inline",
              "no workers: each loop of the network does the work itself");
    print_window(out);
    print_row(out, 2, "--on-busy block", "wait for a worker whose window is full (default)");
    print_row(out, 2, "--on-busy queue=N", queue);
    print_row(out, 2, "--on-busy queue=N,drop", "up to N items wait, then as drop");
    print_row(out, 2, "--on-busy drop", "leave the packet out, and count it");
    fputs("\nMCAPI\n", out);
    print_row(out, 2, "--topology NAME",
              "where load balancer and workers meet; two load balancers need two (default: "
              "$MCAPI_TOPOLOGY, else 'default')");
    print_row(out, 2, "--domain N", "0 to 65535 (default: 0)");
    print_row(out, 2, "--wait HOW",
              "adaptive, spin or sleep (default: $MCAPI_WAIT, else adaptive)");
    fputs("\nOutput\n", out);
    print_row(out, 2, "--sink none", "what comes back is counted (default)");
    print_row(out, 2, "--sink pcap:FILE",
              "* and written, as the work has left it, each flow in order");
    print_row(out, 2, "--json", "the report as one JSON object instead of tables");
    print_row(out, 2, "--quiet", "no progress line, no tables");
    print_row(out, 2, "--help", "this text");
    print_row(out, 2, "--version", "the version");
    fputs("\n"
          "SIGINT and SIGTERM stop the input; what is under way is finished and reported.\n"
          "A second one stops at once.\n"
          "\n"
          "Exit status: 0 every packet was processed, each flow in order; 1 not so, or the\n"
          "input was bad, or a packet was set aside; 2 wrong usage.\n"
          "\n"
          "Examples\n"
          "  load_balancer --source pcap:traffic.pcapng\n"
          "  load_balancer --source generated:flows=1000,packets=10000000 --workers 2\n"
          "  tcpdump -w - | load_balancer --source pcap:- --work digest --json\n"
          "  load_balancer --source pcap:in.pcap --work ttl --sink pcap:out.pcap\n"
          "\n"
          "More: man load_balancer.\n",
          out);
}
