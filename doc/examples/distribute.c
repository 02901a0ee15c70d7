/* SPDX-License-Identifier: MIT */
/*
 * distribute.c - two worker processes turn words into capitals; the words of each sentence come
 * back in order.
 *
 *     cc distribute.c $(pkg-config --cflags --libs distributor) -o distribute && ./distribute
 */
#include <ctype.h>
#include <distributor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DOMAIN = 0, NODE = 1, PORT = 1, WORKERS = 2, SENTENCES = 3, WORDS = 4 };
enum { PATIENCE = 10000 }; /* ms; to wait for the distributor */

static void check(mcapi_status_t status, const char *what)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what, mcapi_display_status(status, text, sizeof(text)));
    exit(EXIT_FAILURE);
}

static void join_topology(mcapi_node_t node)
{
    mcapi_status_t status;
    mcapi_info_t info;

    mcapi_initialize(DOMAIN, node, NULL, NULL, &info, &status);
    check(status, "initialize");
}

/* Works until the distributor ends. */
static void work(mcapi_node_t node)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    struct distributor_worker *worker;
    mcapi_status_t status;
    size_t count = 0;

    join_topology(node);
    worker = distributor_join(DOMAIN, NODE, PORT, PATIENCE, &status);
    if (status == MCAPI_TIMEOUT) { /* it has come and gone: the others have done it all */
        mcapi_finalize(&status);
        return;
    }
    check(status, "join");
    while ((count = distributor_get(worker, items, count, MCAPI_TIMEOUT_INFINITE, &status)) > 0)
        for (size_t i = 0; i < count; i++) {
            char *word = items[i].bytes;

            for (uint32_t k = 0; k < items[i].size; k++)
                word[k] = (char)toupper((unsigned char)word[k]);
            items[i].flags |= DISTRIBUTOR_CHANGED;
        }
    if (status != MCAPI_ERR_CHAN_INVALID)
        check(status, "get");
    distributor_leave(worker, NULL, 0, &status);
    mcapi_finalize(&status);
}

/* Each sentence is a flow: its number is the tag. */
static void put_words(struct distributor *distributor)
{
    static char words[WORDS][SENTENCES][8] = {
        { "one", "many", "no" },
        { "tag", "tags", "item" },
        { "keeps", "share", "gets" },
        { "order", "workers", "lost" },
    };
    mcapi_status_t status;

    for (unsigned place = 0; place < WORDS; place++)
        for (unsigned sentence = 0; sentence < SENTENCES; sentence++) {
            char *word = words[place][sentence];
            struct distributor_item item = { .tag = sentence };

            item.bytes = word;
            item.size = (uint32_t)strlen(word);
            item.cookie = place;
            distributor_process(distributor, &item, 1, &status);
            check(status, "process");
        }
}

static void print_words(struct distributor *distributor)
{
    char sentences[SENTENCES][64] = { "" };
    struct distributor_item item;
    mcapi_status_t status;

    distributor_flush(distributor, MCAPI_TIMEOUT_INFINITE, &status);
    check(status, "flush");
    while (distributor_returned(distributor, &item, 1, &status) == 1) {
        char *sentence = sentences[item.tag];
        size_t length = strlen(sentence);

        snprintf(sentence + length, sizeof(sentences[0]) - length, "%s%.*s",
                 length > 0 ? " " : "", (int)item.size, (char *)item.bytes);
    }
    for (unsigned i = 0; i < SENTENCES; i++)
        puts(sentences[i]);
}

int main(void)
{
    struct distributor *distributor;
    mcapi_status_t status;

    for (mcapi_node_t i = 0; i < WORKERS; i++)
        if (fork() == 0) {
            work(NODE + 1 + i);
            return EXIT_SUCCESS;
        }
    join_topology(NODE);
    distributor = distributor_create(PORT, WORKERS, DISTRIBUTOR_BURST, NULL, &status);
    check(status, "create");
    put_words(distributor);
    print_words(distributor);
    distributor_destroy(distributor, &status);
    check(status, "destroy");
    while (wait(NULL) > 0)
        continue;
    mcapi_finalize(&status);
    check(status, "finalize");
    return EXIT_SUCCESS;
}
