/* Natives of internal/poll: the network poller. */
#include "native/native.h"
#include "rt/sched_int.h"

RtResult native_poll_open(M *m, uint64_t *args) {
    void *d = NULL;
    int err = poll_open(m, (int)args[0], &d);
    args[1] = (uint64_t)d;
    args[2] = (uint64_t)(int64_t)err;
    return RT_OK;
}

RtResult native_poll_close(M *m, uint64_t *args) {
    poll_close(m, (void *)args[0]);
    return RT_OK;
}

RtResult native_poll_reset(M *m, uint64_t *args) {
    args[2] = (uint64_t)(int64_t)poll_reset(m, (void *)args[0], (int)args[1]);
    return RT_OK;
}

RtResult native_poll_wait(M *m, uint64_t *args) {
    return poll_wait(m, (void *)args[0], (int)args[1], (int64_t *)&args[2]);
}

/* The operation was cancelled by the kernel side: waits for readiness whatever the deadline says. */
RtResult native_poll_wait_canceled(M *m, uint64_t *args) { return RT_OK; }

RtResult native_poll_set_deadline(M *m, uint64_t *args) {
    poll_set_deadline(m, (void *)args[0], (int64_t)args[1], (int)args[2]);
    return RT_OK;
}

RtResult native_poll_unblock(M *m, uint64_t *args) {
    poll_unblock(m, (void *)args[0]);
    return RT_OK;
}

RtResult native_is_poll_descriptor(M *m, uint64_t *args) {
    Sched *s = m->vm->sched;
    args[1] = (int)args[0] >= 0 && ((int)args[0] == s->epfd || (int)args[0] == s->wakefd);
    return RT_OK;
}
