/* SPDX-License-Identifier: MIT */
/*
 * step.h - what the models share: steps, deaths, planted faults.
 *
 * A step is what others can see as one: a load, a store or an exchange of a shared word. In
 * front of each the process may die, as long as deaths are left. After a death it does
 * nothing but what the kernel does for it, at its label `dies`.
 */
#ifndef DEATHS
#define DEATHS 1
#endif

/* The mistake that is planted, one of those that the model's file lists; 0: none. */
#ifndef FAULT
#define FAULT 0
#endif

byte deaths_left = DEATHS;

#define OR_DIE                          \
    ::atomic                            \
    {                                   \
        deaths_left > 0->deaths_left--; \
        goto dies                       \
    }
#define STEP(...) \
    if            \
    ::d_step{ __VA_ARGS__ } OR_DIE fi
