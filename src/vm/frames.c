/* Stacks: chunks that never move, each holding whole frames.
 *
 * A call that does not fit goes on in a new chunk: header and parameters are copied there, the return pc
 * is the stub STUB_CHUNK, and the chunk remembers the true return pc (ret_pc) and where the frame would
 * have stood (ret_fp); on return the stub copies the results there. FRAME_CALLER is always the true one,
 * so walks follow it. The chunk left behind is given back; a goroutine that comes back often keeps it as `next`,
 * so that a call in a loop at the border does not allocate. While few goroutines live, new ones get a first chunk that
 * is as large as earlier ones with the same first function needed (StackHint). */
#include "vm/vm_int.h"

#define STACK_MAX_BYTES 1000000000ull
#define KEEP_AFTER 8
#define HINT_MAX_WORDS 250 /* sched_free_g keeps chunks up to there */
#define CHUNK_MAX_WORDS (4u << 20) /* chunks double up to 32 MB */

void g_set_stack(G *g, StackChunk *c) {
    g->stack = c;
    g_set_limit(g, c->hi);
    if (atomic_load_explicit(&g->preempt, memory_order_relaxed)) g_set_limit(g, G_PREEMPT_LIMIT);
}

static size_t chunk_words(const StackChunk *c) { return (size_t)(c->hi - c->words); }

static noreturn_ void stack_overflow(M *m, G *g) {
    fflush(stdout);
    fprintf(stderr, "runtime: goroutine stack exceeds 1000000000-byte limit\n");
    fprintf(stderr, "runtime: sp=%p stack=[%p, %p]\n", (void *)g->fp, (void *)g->stack->words,
            (void *)g->stack->hi);
    rt_fatal(m->vm, "stack overflow");
}

static StackChunk *chunk_grow(M *m, G *g, size_t need) {
    StackChunk *next = g->stack->next;
    if (next && chunk_words(next) >= need) return next;
    if (next) {
        g->stack->next = NULL;
        while (next) {
            StackChunk *n = next->next;
            stack_chunk_free(m, next);
            next = n;
        }
    }
    bool many = unlikely(m->vm->stress.stack); /* chunks of one frame: they are counted now and then */
    if (!many || !((uintptr_t)g->stack >> 4 & 1023)) {
        size_t total = 0;
        for (StackChunk *c = g->stack; c; c = c->prev) total += chunk_words(c);
        if (total * 8 > STACK_MAX_BYTES) stack_overflow(m, g);
    }
    size_t words = chunk_words(g->stack) * 2;
    if (words < 128 - sizeof(StackChunk) / 8) words = 128 - sizeof(StackChunk) / 8;
    if (words > CHUNK_MAX_WORDS) words = CHUNK_MAX_WORDS;
    while (words < need + 32) words *= 2;
    if (many) words = need; /* as many chunks as possible */
    StackChunk *c = stack_chunk_new(m, words);
    c->prev = g->stack;
    c->next = NULL;
    g->stack->next = c;
    return c;
}

uint64_t *frame_push(M *m, uint64_t *base, uint64_t *caller_fp, const uint64_t *ret_pc,
                     const VmFunc *fn, const void *ctx, uint32_t need) {
    G *g = m->g;
    if (need < fn->frame_slots) need = fn->frame_slots;
    uint64_t *fp = base;
    if (base + need > g->stack->hi) {
        StackChunk *c = chunk_grow(m, g, need);
        c->ret_pc = ret_pc;
        c->ret_fp = base;
        g_set_stack(g, c);
        fp = c->words;
        ret_pc = vm_stubs[STUB_CHUNK].code;
    }
    fp[FRAME_RETPC] = (uint64_t)ret_pc;
    fp[FRAME_CALLER] = (uint64_t)caller_fp;
    fp[FRAME_FUNC] = (uint64_t)fn;
    fp[FRAME_CTX] = (uint64_t)ctx;
    return fp;
}

/* Natives of any signature (reflect's stubs) say that they have more slots than their callers made room for. */
static size_t words_within(const StackChunk *c, const uint64_t *fp, size_t n) {
    size_t room = (size_t)(c->hi - (fp + FRAME_ARGS));
    return n < room ? n : room;
}

static void copy_words(uint64_t *to, const uint64_t *from, size_t n) { /* mostly none or few */
    if (n > 4) {
        memcpy(to, from, n * 8);
        return;
    }
    for (size_t i = 0; i < n; i++) to[i] = from[i];
}

uint64_t *frame_overflow(M *m, uint64_t *newfp) {
    const VmFunc *fn = (const VmFunc *)newfp[FRAME_FUNC];
    const StackChunk *old = m->g->stack;
    if (newfp + fn->frame_slots <= old->hi) return newfp; /* only preemption */
    if (!old->prev && vm_m(m)) {
        const VmFunc *first = (const VmFunc *)old->words[FRAME_FUNC];
        StackHint *h = vm_stack_hint(vm_m(m), first);
        size_t need = (size_t)(newfp + fn->frame_slots - old->words);
        if (need <= HINT_MAX_WORDS && (h->fn != first || h->words < need)) *h = (StackHint){first, (uint32_t)need};
    }
    uint64_t *fp = frame_push(m, newfp, (uint64_t *)newfp[FRAME_CALLER],
                              (const uint64_t *)newfp[FRAME_RETPC], fn, (void *)newfp[FRAME_CTX], 0);
    copy_words(fp + FRAME_ARGS, newfp + FRAME_ARGS, words_within(old, newfp, fn->param_slots));
    return fp;
}

void frame_chunk_return(M *m, G *g) {
    StackChunk *c = g->stack;
    const VmFunc *fn = (const VmFunc *)c->words[FRAME_FUNC];
    size_t at = FRAME_ARGS + fn->param_slots, n = fn->result_slots;
    if (fn->native && !n && fn->param_slots) { /* its results lie among what counts as parameters */
        at = FRAME_ARGS;
        n = words_within(c->prev, c->ret_fp, fn->param_slots);
    }
    copy_words(c->ret_fp + at, c->words + at, n);
    g->fp = (uint64_t *)c->words[FRAME_CALLER];
    g->pc = c->ret_pc;
    g_set_stack(g, c->prev);
    if (g->splits >= KEEP_AFTER) return;
    g->splits++;
    g->stack->next = NULL;
    for (StackChunk *next; c; c = next) {
        next = c->next;
        stack_chunk_free(m, c);
    }
}

void frame_unwind_to(M *m, G *g, uint64_t *fp) {
    StackChunk *c = g->stack;
    while (!(fp >= c->words && fp < c->hi)) {
        c = c->prev;
        check(c);
    }
    if (c != g->stack) g_set_stack(g, c);
}

/* *from: the chunk to look from, for walks: older frames lie in older chunks. */
static const uint64_t *return_from(G *g, const uint64_t *fp, StackChunk **from) {
    const uint64_t *ret = (const uint64_t *)fp[FRAME_RETPC];
    if (ret != vm_stubs[STUB_CHUNK].code) return ret;
    StackChunk *c = *from;
    while (c && c->words != fp) c = c->prev;
    if (!c && *from != g->stack) {
        c = g->stack;
        while (c && c->words != fp) c = c->prev;
    }
    if (c) *from = c;
    return c ? c->ret_pc : NULL;
}

const uint64_t *frame_return(G *g, const uint64_t *fp) { return return_from(g, fp, &(StackChunk *){g->stack}); }

int vm_inlined_at(const VmFunc *f, const uint64_t *pc) {
    int line, inl = -1;
    if (!f->info || !f->info->ninlines || pc <= f->code || !image_pc_line(f, pc - 1, &line, &inl)) return -1;
    return inl;
}

void frame_iter_init(FrameIter *it, G *g) {
    *it = (FrameIter){.g = g, .fp = g->fp, .pc = g->pc, .first = true, .chunk = g->stack};
}

bool frame_iter_next(FrameIter *it, FrameView *out) {
    uint64_t *fp = it->fp;
    if (!fp) return false;
    *out = (FrameView){.func = (const VmFunc *)fp[FRAME_FUNC], .pc = it->pc, .fp = fp};
    const uint64_t *ret = return_from(it->g, fp, &it->chunk);
    it->fp = frame_caller(fp);
    it->pc = ret;
    it->first = false;
    return true;
}
