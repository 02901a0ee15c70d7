/* SPDX-License-Identifier: MIT */
/* loop_libev.c - receives on three channels, and has a timer, in one loop of libev. */
#include <ev.h>

#include "programs/event_loop.h"

static ev_io watchers[CHANNELS];
static int open_ones = CHANNELS;
static int ticks;

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
    ticks++;
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
    struct channel *channel = watcher->data;

    (void)events;
    if (readable(channel))
        return;
    ev_io_stop(loop, watcher);
    close_channel(channel);
    if (--open_ones == 0)
        ev_break(loop, EVBREAK_ALL);
}

int main(void)
{
    struct ev_loop *loop = ev_default_loop(0);
    ev_timer timer;

    open_channels();
    for (int i = 0; i < CHANNELS; i++) {
        ev_io_init(&watchers[i], on_readable, channels[i].fd, EV_READ);
        watchers[i].data = &channels[i];
        ev_io_start(loop, &watchers[i]);
    }
    ev_timer_init(&timer, on_tick, 0.001, 0.001);
    ev_timer_start(loop, &timer);
    ev_run(loop, 0);
    ev_loop_destroy(loop);
    return report(ticks);
}
