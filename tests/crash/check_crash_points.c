/* SPDX-License-Identifier: MIT */
/*
 * check_crash_points.c - a node dies at every crash point of every operation, and the others
 * live on.
 */
#include <stdio.h>
#include <string.h>

#include "crash/operations.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

enum { OCCURRENCES = 6 }; /* of one point within one operation */

/* One death. False: the operation came to its end instead, and the victim died after it. */
static bool die_once(const struct operation *operation, enum mci_crash_point point,
                     unsigned occurrence)
{
    struct stage stage = { .victim = child_start_bare(CHILD_PROCESS) };
    struct child *victim = stage.victim;
    bool died;

    atomic_store(&all->accepted, 0);
    if (!operation->joins)
        child_do(victim, act_initialize, &(struct act){ .node = VICTIM_NODE });
    operation->set_up(&stage);
    scene_arm(victim, point, occurrence);
    if (occurrence == 0) {
        child_do(victim, operation->run, &stage.act);
        scene_counts(victim);
    } else {
        child_begin(victim, operation->run, &stage.act);
    }
    died = scene_dies(victim);
    operation->survive(&stage);
    /* Who gets an endpoint of the victim is still waiting for the next one. */
    if (operation->again == NULL)
        scene_expect_clean(2);
    victim = scene_victim_returns();
    if (operation->again != NULL)
        operation->again(victim);
    scene_packets_flow(scene_peer, victim);
    child_end(victim);
    scene_expect_clean(2);
    return died;
}

START_TEST(a_node_may_die_anywhere_in_an_operation)
{
    const struct operation *operation = &operations[_i];
    uint32_t passed[MCI_CRASH_POINT_COUNT];

    scene_begin();
    die_once(operation, 0, 0);
    for (int point = 0; point < MCI_CRASH_POINT_COUNT; point++)
        passed[point] = atomic_load(&all->passed[point]);
    for (int point = 0; point < MCI_CRASH_POINT_COUNT; point++)
        for (unsigned occurrence = 1; occurrence <= passed[point] && occurrence <= OCCURRENCES;
             occurrence++) {
            /* Should the test fail: where. */
            fprintf(stderr, "%s: %s, time %u\n", operation->name,
                    mci_crash_point_name((enum mci_crash_point)point), occurrence);
            if (die_once(operation, (enum mci_crash_point)point, occurrence))
                atomic_fetch_add(&all->killed[point], 1);
        }
    scene_end();
}
END_TEST

/* After all others. */
START_TEST(a_node_has_died_at_every_crash_point)
{
    uint32_t deaths = 0;

    for (int point = 0; point < MCI_CRASH_POINT_COUNT; point++) {
        ck_assert_msg(atomic_load(&all->killed[point]) > 0, "nobody died at %s",
                      mci_crash_point_name((enum mci_crash_point)point));
        deaths += atomic_load(&all->killed[point]);
    }
    printf("%u deaths at %d crash points; the slowest survivor was back after %.1f ms\n",
           deaths, MCI_CRASH_POINT_COUNT, (double)atomic_load(&all->slowest) / 1000);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_node_may_die_anywhere_in_an_operation, (int)operation_count },
        { a_node_has_died_at_every_crash_point, 1 },
    };

    scene_share();
    return suite_run("a node dies at every crash point", tests, SUITE_LENGTH(tests));
}
