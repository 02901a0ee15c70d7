/* SPDX-License-Identifier: MIT */
/*
 * trial.h - one trial: a subject does a workload for a moment, in processes of its own.
 *
 * The parties of a trial meet (trial_meet), do the work of loops.h, and leave what they found
 * in the struct trial, which they share. Everything that one party tells another by other ways
 * than the subject's own stands here, so that it costs every subject the same.
 */
#ifndef TESTS_BENCH_TRIAL_H
#define TESTS_BENCH_TRIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    TRIAL_LINE = 128,    /* two cache lines: processors fetch them in pairs */
    TRIAL_PARTIES = 104, /* the most in a trial */
};

enum place {
    PLACE_APART,    /* party i on processor i, as far as there are processors */
    PLACE_TOGETHER, /* all on one processor: fewer processors than parties */
    PLACE_FREE,     /* where the system puts them */
};

struct trial;

/* A subject at a workload. */
struct entry {
    const char *workload;
    const char *subject;
    const char *mode; /* "": the subject has one way only */
    size_t size;      /* bytes of an item */
    unsigned parties; /* 2 if 0 */
    bool threads;     /* the parties are threads of one process */
    bool crowded;     /* it has threads of its own, which share the parties' processors */
    bool launcher;    /* the part starts the parties itself: it is called once */
    void (*prepare)(struct trial *trial); /* before there are parties; may be NULL */
    void (*part)(struct trial *trial, unsigned self);
    const char *missing; /* why it cannot be tried; NULL: it can */
};

/* What one party found; written by it alone. */
struct party {
    _Alignas(TRIAL_LINE) uint64_t wrong; /* items whose content or place was not right */
    double processor_s;                  /* in the time that was measured */
    double waited;     /* share of it that it could have run and was not let */
    uint64_t switches; /* context switches, in that time */
    int64_t misses;    /* cache misses; -1: no counter here */
    double memory_kib; /* that it takes, where the workload looks */
    pid_t process;
};

struct trial {
    const struct entry *entry;
    enum place place;
    unsigned parties;
    bool threads;
    uint64_t items; /* at most about so many; */
    double seconds; /* and for about so long */
    int file;       /* where it is, and whose that is */
    pid_t owner;
    void *state; /* the subject's, of `prepare` */

    _Alignas(TRIAL_LINE) _Atomic uint32_t gathered, arrived, ready, listening;
    /* Lines that parties 0 and 1 write in turn: how far their processors are apart. */
    struct {
        _Alignas(TRIAL_LINE) _Atomic uint32_t turn;
    } probe[2];
    _Atomic uint64_t sum; /* that parties have come to, where the workload has one */
    /* How many items there are: UINT64_MAX until the sender knows. */
    _Alignas(TRIAL_LINE) _Atomic uint64_t last;

    /* The item that the receiver is about to sleep for, and when the sender began to send it.
     */
    _Alignas(TRIAL_LINE) _Atomic uint64_t sleeping_for;
    _Alignas(TRIAL_LINE) _Atomic uint64_t sent_at; /* ticks of loops.h */

    _Alignas(TRIAL_LINE) int64_t began_ns, ended_ns;
    uint64_t done;                     /* items that came, or round trips */
    double hop_p50, hop_p99, hop_p999; /* ns of half a round trip, or of a wake; 0: none */
    double apart_ns[2]; /* a cache line from one to the other, before and after; 0: not known */
    double share;       /* of a processor that the parties took, where the workload looks */
    char failed[128];   /* why there is no result; "": there is */
    struct party party[TRIAL_PARTIES];
};

/* How much the machine's other work came between: the largest share of the time that a party
 * was ready to run and had no processor. Of no meaning if parties share processors: they wait
 * for each other too. */
double trial_disturbance(const struct trial *trial);
bool trial_crowded(const struct trial *trial);

/* A new one, in memory that parties which another program starts can attach to: trial_path
 * tells them where it is, as long as this process lives. NULL: there is no memory. */
struct trial *trial_new(void);
void trial_free(struct trial *trial);
void trial_path(char *path, size_t room);
struct trial *trial_attach(const char *path);

/* Runs it, in a process of its own. False: it failed, and `failed` says why. */
bool trial_run(struct trial *trial);

/* For a handler of signals: ends the trial that runs, and no other begins. */
void trial_stop(int signal);
bool trial_stopped(void);

/* --- For the parties ------------------------------------------------------------------ */

int64_t trial_now_ns(void);

/* Until all parties have come so far; each calls it equally often. For what is not measured. */
void trial_gather(struct trial *trial);

/* Until all parties of the trial are here and run, once; from now on the processor time is
 * counted. */
void trial_meet(struct trial *trial, unsigned self);

/* The work is done: the counts are taken. Then trial_part, once all have come: for those whose
 * leaving would take away what others still have to read. */
void trial_count(struct trial *trial, unsigned self, uint64_t wrong);
void trial_part(struct trial *trial);

/* How long a cache line takes between the processors of parties 0 and 1: before it all
 * (trial_meet sees to it), and after. Processors that are virtual move. */
void trial_probe(struct trial *trial, unsigned self, unsigned after);

/* Until the process of another party sleeps: it waits for what only this one can give. */
void trial_await_sleep(const struct trial *trial, unsigned party);

/* One tells that it listens, the others wait for it. */
void trial_listen(struct trial *trial);
void trial_await_listener(struct trial *trial);

/* Memory that the parties share, zeroed, touched. */
void *trial_share(size_t size);

/* Ends the process, with the reason. */
_Noreturn void trial_fail(const char *what);
_Noreturn void trial_fail_with(struct trial *trial, const char *what);

/* Each party is pinned before its part; or not any more, where it starts processes itself. */
void trial_pin(struct trial *trial, unsigned self);
void trial_unpin(void);

/* Lets others run. */
void trial_yield(void);

/* Waiting for another party, in turn: pauses, and lets others run when it takes long, as it
 * does where processors are fewer than parties. */
static inline void trial_relax(unsigned *turns)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
    if (++*turns % 1024 == 0)
        trial_yield();
}

#endif /* TESTS_BENCH_TRIAL_H */
