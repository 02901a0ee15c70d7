/* SPDX-License-Identifier: MIT */
/*
 * chapters.c - all files of tests, in the order in which they are run.
 *
 * A new chapter is a file check_NAME.c that ends in CHAPTER(NAME, its table of tests). It is
 * named twice: in the list here, and in conformance_chapters in tests/Makefile.am.
 * (standalone.mk takes whatever check_*.c there is.) One that is left out of the build is
 * missed by nobody.
 *
 * Its clauses are lines "7.14 | what holds" in a file clauses*.txt. Every clause needs a test
 * and every test a clause, or `make check` stops before it runs anything.
 */
#include "suite.h"

/* clang-format off */
#define CHAPTERS(EACH) \
    EACH(headers) \
    EACH(types) \
    EACH(limits) \
    EACH(node) \
    EACH(node_life) \
    EACH(node_end) \
    EACH(endpoint) \
    EACH(endpoint_get) \
    EACH(attribute) \
    EACH(attribute_use) \
    EACH(rules) \
    EACH(arguments) \
    EACH(msg) \
    EACH(msg_gone) \
    EACH(msg_many) \
    EACH(msg_posted) \
    EACH(msg_queue) \
    EACH(channel_connect) \
    EACH(channel_open) \
    EACH(channel_flow) \
    EACH(channel_stream) \
    EACH(channel_close) \
    EACH(channel_death) \
    EACH(pktchan) \
    EACH(pktchan_buffers) \
    EACH(pktchan_posted) \
    EACH(pktchan_calls) \
    EACH(sclchan) \
    EACH(sclchan_calls) \
    EACH(request) \
    EACH(request_any) \
    EACH(request_display) \
    EACH(request_slots) \
    EACH(spellings) \
    EACH(spellings_limits) \
    EACH(v1000) \
    EACH(v1000_status) \
    EACH(profile) \
    EACH(profile_document) \
    EACH(random)

/* Of section 11, where the library has mcapi_ext.h. */
#ifdef CONFORMANCE_EXT
#define OWN_CHAPTERS(EACH) \
    EACH(ext) \
    EACH(ext_param) \
    EACH(ext_topology) \
    EACH(ext_wait) \
    EACH(ext_flow) \
    EACH(ext_ends) \
    EACH(ext_reference) \
    EACH(ext_loans) \
    EACH(ext_release_test) \
    EACH(ext_burst_packets) \
    EACH(ext_burst_scalars) \
    EACH(ext_release_burst) \
    EACH(ext_threads) \
    EACH(ext_fd) \
    EACH(ext_fd_ends) \
    EACH(ext_statistics) \
    EACH(ext_channel_statistics)
#else
#define OWN_CHAPTERS(EACH)
#endif
/* clang-format on */

#define DECLARE(name) extern const struct chapter chapter_##name __attribute__((weak));
#define ADDRESS(name) &chapter_##name,

CHAPTERS(DECLARE)
OWN_CHAPTERS(DECLARE)

/* NULL: left out. */
static const struct chapter *const listed[] = { CHAPTERS(ADDRESS) OWN_CHAPTERS(ADDRESS) };

enum { LISTED = sizeof listed / sizeof listed[0] };

const struct chapter *chapters[LISTED];
size_t chapter_count;

void chapters_gather(void)
{
    for (size_t i = 0; i < LISTED; i++)
        if (listed[i] != NULL)
            chapters[chapter_count++] = listed[i];
}
