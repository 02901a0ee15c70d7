/* SPDX-License-Identifier: MIT */
/*
 * check_arguments.c - every function, every argument, every way in which it can be wrong.
 *
 * One test goes through the table row by row, with the other arguments right; another one takes
 * the rows of a function in pairs, and so proves the order in which is checked. After each call
 * nothing may have changed that can be seen from here or from the peer.
 */
#include "arguments_table.h"
#include "endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Saying what differs -------------------------------------------------------------------
 */

/* A call that fails is told on stderr, and the next one is tried. */
enum { ENOUGH = 30 }; /* that are told */
static int failures, calls;

static void describe(char *text, size_t size, const struct row *row, const char *word)
{
    snprintf(text, size, "%s, %s: %s", fn_name(row->fn), argument_name(row->fn, row->argument),
             word);
}

static void complain(const char *what, const char *problem)
{
    if (failures++ < ENOUGH)
        fprintf(stderr, "%s: %s\n", what, problem);
}

static void complain_of_status(const char *what, mcapi_status_t wanted, mcapi_status_t other,
                               mcapi_status_t got)
{
    char problem[160];

    if (wanted == other)
        snprintf(problem, sizeof problem, "wanted %s, got %s", status_name(wanted),
                 status_name(got));
    else
        snprintf(problem, sizeof problem, "wanted %s or %s, got %s", status_name(wanted),
                 status_name(other), status_name(got));
    complain(what, problem);
}

/* --- One call ------------------------------------------------------------------------------
 */

/* A refused call's request is complete with the same error. */
static void check_request(const char *what, struct arguments *arguments)
{
    mcapi_request_t request = arguments->room.request;
    mcapi_status_t status = UNTOUCHED;
    size_t size;

    if (!fn_makes_request(arguments->fn) || arguments->request == NULL)
        return;
    if (mcapi_test(&request, &size, &status) != MCAPI_TRUE)
        complain(what, "its request is not complete");
    else if (status != arguments->room.status)
        complain_of_status(what, arguments->room.status, arguments->room.status, status);
}

/* Makes a call that has to fail with one of two statuses. */
static void expect_refusal(const char *what, struct arguments *arguments, mcapi_status_t wanted,
                           mcapi_status_t other)
{
    struct arguments before = *arguments;
    const char *written;
    mcapi_status_t got;

    /* Pointers into itself stay those of the one that is called with. */
    make_call(arguments);
    calls++;
    got = arguments->room.status;
    if (got != wanted && got != other) {
        complain_of_status(what, wanted, other, got);
        return;
    }
    written = what_was_written(&before, arguments);
    if (written != NULL) {
        char problem[100];

        snprintf(problem, sizeof problem, "it has written to %s", written);
        complain(what, problem);
    }
    if (arguments->returned != fn_failed_value(arguments->fn))
        complain(what, "it returns something");
    check_request(what, arguments);
}

static void expect_no_change(const char *what, struct sight *sight)
{
    struct sight now;
    const char *changed;

    look_around(&now);
    changed = what_changed(sight, &now);
    if (changed != NULL)
        complain(what, changed);
    *sight = now;
}

static void report(void)
{
    expect_true(calls > 0);
    if (failures > 0)
        fprintf(stderr, "%d differences in %d calls\n", failures, calls);
    expect_equal(0, failures);
}

/* --- Rows ----------------------------------------------------------------------------------
 */

/* Each word of a row, with each of its values. */
struct walk {
    const struct row *row;
    char words[200], *rest, *word;
    int which;
};

static void walk_begin(struct walk *walk, const struct row *row)
{
    walk->row = row;
    snprintf(walk->words, sizeof walk->words, "%s", row->wrong);
    expect_true(strlen(row->wrong) < sizeof walk->words);
    walk->word = strtok_r(walk->words, " ", &walk->rest);
    walk->which = 0;
}

/* The next way to be wrong, made in the arguments; false: there is none any more. */
static bool walk_on(struct walk *walk, struct arguments *arguments)
{
    while (walk->word != NULL) {
        if (make_wrong(arguments, walk->row->argument, walk->word, walk->which)) {
            walk->which++;
            return true;
        }
        walk->word = strtok_r(NULL, " ", &walk->rest);
        walk->which = 0;
    }
    return false;
}

static void every_wrong_argument_has_its_status(void)
{
    struct sight sight;
    struct arguments arguments;

    scene_begin();
    look_around(&sight);
    for (size_t i = 0; i < row_count; i++) {
        struct walk walk;
        char what[200];

        walk_begin(&walk, &rows[i]);
        for (prepare(&arguments, rows[i].fn); walk_on(&walk, &arguments);
             prepare(&arguments, rows[i].fn)) {
            describe(what, sizeof what, &rows[i], walk.word);
            expect_refusal(what, &arguments, rows[i].status, rows[i].status);
            expect_no_change(what, &sight);
        }
    }
    report();
    scene_end();
}

/* Which of two wrongs is to be told; `other` as well where both are of one category, or one is
 * a number. */
static mcapi_status_t first_of(const struct row *one, const struct row *two,
                               mcapi_status_t *other)
{
    const struct row *first = one->category <= two->category ? one : two;
    const struct row *second = first == one ? two : one;
    bool either = first->category == second->category
               || (first->category != POINTERS
                   && (first->category == NUMBERS || second->category == NUMBERS));

    *other = either ? second->status : first->status;
    return first->status;
}

/* Both endpoints of a connect are wrong in one way, and one endpoint. */
static bool is_by_chance_the_same(const struct arguments *arguments, const char *word)
{
    return fn_has(arguments->fn, ARG_OTHER) && arguments->endpoint == arguments->other
        && strcmp(word, "same") != 0;
}

/* Two arguments, of which each row says how it is wrong, with the first value of each word. */
static void try_pair(const struct row *one, const struct row *two)
{
    struct walk first, second;
    struct arguments arguments, scratch;

    prepare(&scratch, one->fn);
    for (walk_begin(&first, one); walk_on(&first, &scratch);) {
        if (first.which > 1)
            continue;
        for (walk_begin(&second, two); walk_on(&second, &scratch);) {
            char what[300], with[150];
            mcapi_status_t other, wanted = first_of(one, two, &other);

            if (second.which > 1)
                continue;
            prepare(&arguments, one->fn);
            make_wrong(&arguments, one->argument, first.word, 0);
            make_wrong(&arguments, two->argument, second.word, 0);
            if (is_by_chance_the_same(&arguments, second.word)
                && !make_wrong(&arguments, two->argument, second.word, 1))
                continue;
            describe(what, sizeof what, one, first.word);
            describe(with, sizeof with, two, second.word);
            snprintf(what + strlen(what), sizeof what - strlen(what), ", and %s", with);
            expect_refusal(what, &arguments, wanted, other);
        }
    }
}

static void of_two_that_are_wrong_the_first_is_told(void)
{
    struct sight sight;

    scene_begin();
    look_around(&sight);
    for (size_t i = 0; i < row_count; i++) {
        for (size_t j = i + 1; j < row_count; j++)
            if (rows[i].fn == rows[j].fn && rows[i].argument != rows[j].argument)
                try_pair(&rows[i], &rows[j]);
        if (i + 1 == row_count || rows[i + 1].fn != rows[i].fn)
            expect_no_change(fn_name(rows[i].fn), &sight);
    }
    report();
    scene_end();
}

/* --- Right arguments -------------------------------------------------------------------------
 */

static mcapi_status_t status_when_right(enum fn fn)
{
    switch (fn) {
    case FN_INITIALIZE:
        return MCAPI_ERR_NODE_INITIALIZED;
    case FN_PKT_RELEASE_TEST: /* nothing was sent by reference */
        return MCAPI_ERR_BUF_INVALID;
    case FN_SCL_RECV_32: /* what waits there has 64 bits */
    case FN_SCL_RECV_16:
    case FN_SCL_RECV_8:
        return MCAPI_ERR_SCL_SIZE;
    case FN_WAIT_ANY: /* all are pending */
    case FN_WAIT_ANY_POINTERS:
        return MCAPI_TIMEOUT;
    default:
        return MCAPI_SUCCESS;
    }
}

static void expect_right(enum fn fn)
{
    struct arguments arguments;

    prepare(&arguments, fn);
    make_call(&arguments);
    calls++;
    if (arguments.room.status != status_when_right(fn))
        complain_of_status(fn_name(fn), status_when_right(fn), status_when_right(fn),
                           arguments.room.status);
}

/* Each row differs from a call that succeeds in what it says alone. */
static void right_arguments_are_right(void)
{
    scene_begin();
    for (enum fn fn = 0; fn < FUNCTIONS; fn++)
        if (fn != FN_FINALIZE)
            expect_right(fn);
    expect_right(FN_FINALIZE);
    report();
    expect(MCAPI_SUCCESS,
           mcapi_initialize(DOMAIN, OWN_NODE, NULL, NULL, &(mcapi_info_t){ 0 }, &status));
    nodes_end();
}

/* --- No place for the status
 * ------------------------------------------------------------------ */

static void expect_nothing(struct arguments *arguments)
{
    struct arguments before = *arguments;

    arguments->status = NULL;
    before.status = NULL;
    make_call(arguments);
    calls++;
    if (what_was_written(&before, arguments) != NULL
        || before.room.request != arguments->room.request)
        complain(fn_name(arguments->fn), "it writes although there is no place for the status");
}

static void without_a_place_for_the_status_nothing_happens(void)
{
    struct sight sight;
    struct arguments arguments;

    scene_begin();
    look_around(&sight);
    for (enum fn fn = 0; fn < FUNCTIONS; fn++) {
        prepare(&arguments, fn);
        expect_nothing(&arguments);
        expect_no_change(fn_name(fn), &sight);
    }
    for (size_t i = 0; i < row_count; i++) {
        struct walk walk;

        walk_begin(&walk, &rows[i]);
        for (prepare(&arguments, rows[i].fn); walk_on(&walk, &arguments);
             prepare(&arguments, rows[i].fn))
            expect_nothing(&arguments);
        expect_no_change(fn_name(rows[i].fn), &sight);
    }
    report();
    scene_end();
}

/* --- No node
 * ------------------------------------------------------------------------------------ */

static bool needs_a_node(enum fn fn)
{
    return fn != FN_INITIALIZE && fn != FN_NODE_INIT_ATTRIBUTES && fn != FN_NODE_SET_ATTRIBUTE;
}

/* Without a node its request says so too, but to whom? */
static void expect_not_a_node(const char *what, struct arguments *arguments)
{
    const char *written;
    struct arguments before = *arguments;

    make_call(arguments);
    calls++;
    written = what_was_written(&before, arguments);
    if (arguments->room.status != MCAPI_ERR_NODE_NOTINIT)
        complain_of_status(what, MCAPI_ERR_NODE_NOTINIT, MCAPI_ERR_NODE_NOTINIT,
                           arguments->room.status);
    if (written != NULL)
        complain(what, written);
    if (arguments->returned != fn_failed_value(arguments->fn))
        complain(what, "it returns something");
}

/* There is one beside us, so that this is not because nobody is there. */
static void without_a_node_that_is_told_first(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE + 1 };
    struct arguments arguments;

    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_initialize, call).status);
    for (enum fn fn = 0; fn < FUNCTIONS; fn++)
        if (needs_a_node(fn)) {
            prepare(&arguments, fn);
            expect_not_a_node(fn_name(fn), &arguments);
        }
    for (size_t i = 0; i < row_count; i++) {
        struct walk walk;
        char what[200];

        walk_begin(&walk, &rows[i]);
        for (prepare(&arguments, rows[i].fn);
             needs_a_node(rows[i].fn) && walk_on(&walk, &arguments);
             prepare(&arguments, rows[i].fn)) {
            describe(what, sizeof what, &rows[i], walk.word);
            expect_not_a_node(what, &arguments);
        }
    }
    report();
    nodes_end();
}

/* --- Becoming a node
 * ------------------------------------------------------------------------------ */

static void expect_no_node(mcapi_domain_t domain, mcapi_node_t node, mcapi_info_t *info,
                           mcapi_status_t wanted)
{
    mcapi_info_t before;

    if (info != NULL)
        memset(info, 0x51, sizeof *info);
    memset(&before, 0x51, sizeof before);
    expect(wanted, mcapi_initialize(domain, node, NULL, NULL, info, &status));
    expect_true(info == NULL || memcmp(info, &before, sizeof before) == 0);
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_id_get(&status));
}

static void initialize_refuses_wrong_arguments(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE + 1 };
    mcapi_info_t info;

    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_initialize, call).status);
    expect_no_node(DOMAIN, OWN_NODE, NULL, MCAPI_ERR_PARAMETER);
    expect_no_node(MCAPI_MAX_DOMAIN + 1u, OWN_NODE, &info, MCAPI_ERR_DOMAIN_INVALID);
    expect_no_node(MCAPI_DOMAIN_INVALID, OWN_NODE, &info, MCAPI_ERR_DOMAIN_INVALID);
    expect_no_node(DOMAIN, MCAPI_MAX_NODE + 1u, &info, MCAPI_ERR_NODE_INVALID);
    expect_no_node(DOMAIN, MCAPI_NODE_INVALID, &info, MCAPI_ERR_NODE_INVALID);
    expect_no_node(DOMAIN, OWN_NODE + 1, &info, MCAPI_ERR_NODE_INITIALIZED);
    expect_no_node(MCAPI_MAX_DOMAIN + 1u, OWN_NODE, NULL, MCAPI_ERR_PARAMETER);
    expect_no_node(DOMAIN, MCAPI_MAX_NODE + 1u, NULL, MCAPI_ERR_PARAMETER);
    expect_no_node(DOMAIN, OWN_NODE + 1, NULL, MCAPI_ERR_PARAMETER);
    mcapi_initialize(DOMAIN, OWN_NODE, NULL, NULL, &info, NULL);
    expect(MCAPI_ERR_NODE_NOTINIT, mcapi_node_id_get(&status));
    nodes_end();
}

/* --- Limits come last
 * ------------------------------------------------------------------------------- */

/* Whatever else is wrong is told before. */
static void without_a_request_left_the_rest_is_checked_first(void)
{
    enum { REQUESTS = 24 };
    mcapi_request_t requests[REQUESTS];
    struct arguments arguments;
    struct sight sight;
    int count = 0;

    setenv("MCA_MAX_REQUESTS", "24", 1);
    scene_begin();
    for (;; count++) {
        mcapi_status_t status = UNTOUCHED;

        expect_true(count < REQUESTS);
        mcapi_endpoint_get_i(DOMAIN, OWN_NODE, NO_SUCH_PORT, &scene.lands, &requests[count],
                             &status);
        if (status == MCAPI_ERR_REQUEST_LIMIT)
            break;
        expect_status(MCAPI_SUCCESS, status);
    }
    look_around(&sight);
    for (enum fn fn = 0; fn < FUNCTIONS; fn++)
        if (fn_makes_request(fn)) {
            prepare(&arguments, fn);
            expect_refusal(fn_name(fn), &arguments, MCAPI_ERR_REQUEST_LIMIT,
                           MCAPI_ERR_REQUEST_LIMIT);
            expect_no_change(fn_name(fn), &sight);
        }
    for (size_t i = 0; i < row_count; i++) {
        struct walk walk;
        char what[200];
        mcapi_status_t other =
                rows[i].category == LIMITS ? MCAPI_ERR_REQUEST_LIMIT : rows[i].status;

        walk_begin(&walk, &rows[i]);
        for (prepare(&arguments, rows[i].fn);
             fn_makes_request(rows[i].fn) && walk_on(&walk, &arguments);
             prepare(&arguments, rows[i].fn)) {
            describe(what, sizeof what, &rows[i], walk.word);
            expect_refusal(what, &arguments, rows[i].status, other);
        }
        expect_no_change(fn_name(rows[i].fn), &sight);
    }
    report();
    while (count-- > 0)
        expect(MCAPI_SUCCESS, mcapi_cancel(&requests[count], &status));
    scene_end();
}

static const struct test tests[] = {
    TEST(every_wrong_argument_has_its_status, BETWEEN_NODES,
         "3.9 3.10 3.11 3.12 3.13 3.14 3.15 3.16 3.18"),
    TEST(of_two_that_are_wrong_the_first_is_told, BETWEEN_NODES, "3.6 3.7 3.8 3.9"),
    TEST(right_arguments_are_right, BETWEEN_NODES, "3.9"),
    TEST(without_a_place_for_the_status_nothing_happens, BETWEEN_NODES, "3.4"),
    TEST(without_a_node_that_is_told_first, IN_PROCESSES, "3.5"),
    TEST(initialize_refuses_wrong_arguments, IN_PROCESSES, "3.6 3.7 3.9"),
    TEST(without_a_request_left_the_rest_is_checked_first, BETWEEN_NODES, "3.8 3.9"),
};

CHAPTER(arguments, tests);
