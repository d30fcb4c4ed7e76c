/* Natives of internal/synctest: see rt/bubble.h. */
#include "native/native.h"
#include "image/image.h"
#include "rt/bubble.h"

RtResult native_in_bubble(M *m, uint64_t *args) { return args[0] = m->g->bubble != NULL, RT_OK; }
RtResult native_bubble_run(M *m, uint64_t *args) { return bubble_run(m, (GoFunc *)args[0], native_retry_pc(m->g)); }
RtResult native_bubble_wait(M *m, uint64_t *args) { return bubble_wait(m, native_retry_pc(m->g)); }

static int object_index(M *m, Bubble *b, void *p) {
    for (int i = 0; i < b->objects.len; i++)
        if (weak_get(m, b->objects.at[i]) == p) return i;
    return -1;
}

/* associate(p) int: 0 it cannot be associated, 1 with this bubble, 2 with another one. */
RtResult native_bubble_associate(M *m, uint64_t *args) {
    void *p = (void *)args[0];
    Bubble *mine = m->g->bubble;
    args[1] = 0;
    if (!mem_is_heap(m->vm, p)) return RT_OK; /* package-level variables */
    Sched *s = m->vm->sched;
    void *handle = mine ? weak_register(m, p) : NULL; /* addresses are used again */
    pthread_mutex_lock(&s->lock);
    Bubble *owner = NULL;
    for (Bubble *b = s->bubbles; b && !owner; b = b->next)
        if (object_index(m, b, p) >= 0) owner = b;
    if (!owner && mine) vec_push(&mine->objects, handle), owner = mine;
    pthread_mutex_unlock(&s->lock);
    args[1] = owner ? owner == mine ? 1 : 2 : 0;
    return RT_OK;
}

RtResult native_bubble_is_associated(M *m, uint64_t *args) {
    Bubble *b = m->g->bubble;
    pthread_mutex_lock(&m->vm->sched->lock);
    args[1] = b && object_index(m, b, (void *)args[0]) >= 0;
    pthread_mutex_unlock(&m->vm->sched->lock);
    return RT_OK;
}

RtResult native_bubble_disassociate(M *m, uint64_t *args) {
    Sched *s = m->vm->sched;
    pthread_mutex_lock(&s->lock);
    for (Bubble *b = s->bubbles; b; b = b->next) {
        int i = object_index(m, b, (void *)args[0]);
        if (i >= 0) b->objects.at[i] = b->objects.at[--b->objects.len];
    }
    pthread_mutex_unlock(&s->lock);
    return RT_OK;
}

/* acquire() any: a reference that keeps the bubble's clock from moving; nil outside. Bubbles are C memory. */
RtResult native_bubble_acquire(M *m, uint64_t *args) {
    Bubble *b = m->g->bubble;
    args[0] = args[1] = 0;
    if (!b) return RT_OK;
    spin_lock(&b->lock);
    b->active++;
    spin_unlock(&b->lock);
    args[0] = image_lookup(m->vm->images, STR("type:unsafe.Pointer"));
    args[1] = (uint64_t)b;
    return RT_OK;
}

RtResult native_bubble_release(M *m, uint64_t *args) {
    Bubble *b = (Bubble *)args[1];
    if (!b) return RT_OK;
    spin_lock(&b->lock);
    b->active--;
    spin_unlock(&b->lock);
    return RT_OK;
}

static RtResult left_bubble(M *m, uint64_t *args, void *state) {
    m->g->bubble = NULL;
    return RT_OK;
}

/* inBubble(ref any, f func()): runs f as if in the bubble; its goroutines belong to it. */
RtResult native_bubble_in(M *m, uint64_t *args) {
    if (m->g->bubble) {
        vm_panic_text(m, "goroutine is already bubbled");
        return RT_PANIC;
    }
    m->g->bubble = (Bubble *)args[1];
    NativeCall *nc = vm_native_call(m, (GoFunc *)args[2], 0, 0);
    nc->then = left_bubble;
    return RT_CALL;
}
