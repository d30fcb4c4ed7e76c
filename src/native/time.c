/* Natives of package time. */
#include "native/native.h"
#include "rt/bubble.h"

RtResult native_sleep(M *m, uint64_t *args) {
    int64_t ns = (int64_t)args[0];
    return ns <= 0 ? RT_OK : timer_sleep(m, ns);
}

/* newTimer(when, period int64, f func(any, uintptr, int64), arg any, cp unsafe.Pointer) *Timer */
RtResult native_new_timer(M *m, uint64_t *args) {
    GoEface arg = {(const GoType *)args[3], (void *)args[4]};
    args[6] = (uint64_t)timer_new(m, (int64_t)args[0], (int64_t)args[1], (GoFunc *)args[2], arg, (Chan *)args[5]);
    return RT_OK;
}

RtResult native_stop_timer(M *m, uint64_t *args) {
    args[1] = timer_stop(m, (void *)args[0]);
    return RT_OK;
}

RtResult native_reset_timer(M *m, uint64_t *args) {
    args[3] = timer_reset(m, (void *)args[0], (int64_t)args[1], (int64_t)args[2]);
    return RT_OK;
}

RtResult native_time_now(M *m, uint64_t *args) {
    Bubble *b = m->g->bubble;
    if (b) {
        args[0] = (uint64_t)(b->now / 1000000000);
        args[1] = (uint64_t)(b->now % 1000000000);
        args[2] = 0; /* no monotonic reading: times from inside and outside would not compare */
        return RT_OK;
    }
    int32_t nsec;
    rt_walltime(m, (int64_t *)&args[0], &nsec);
    args[1] = (uint64_t)(int64_t)nsec;
    args[2] = (uint64_t)rt_nanotime(m);
    return RT_OK;
}

RtResult native_is_bubbled(M *m, uint64_t *args) {
    args[0] = m->g->bubble != NULL;
    return RT_OK;
}

RtResult native_time_nano(M *m, uint64_t *args) {
    args[0] = (uint64_t)timer_clock(m);
    return RT_OK;
}

RtResult native_nanotime(M *m, uint64_t *args) {
    args[0] = (uint64_t)rt_nanotime(m);
    return RT_OK;
}
