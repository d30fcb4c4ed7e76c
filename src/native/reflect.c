/* reflect and internal/reflectlite.
 *
 * Calls: lib/reflect/abi.go lays argument frames out like the engine's slots, so a frame is copied as it is;
 * only small signed integers must be sign-extended. Functions made by reflect (MakeFunc, method values) have
 * the code of makeFuncStub or methodValueCall: their argument slots are the frame that callReflect reads. */
#include <stdlib.h>
#include "image/image.h"
#include "native/native.h"

typedef struct SignList { uint8_t *at; int n; } SignList;
struct ReflectState {
    pthread_mutex_t lock;
    VEC(SignList) signs;
    GoFunc call[2];          /* callReflect, callMethod */
    const GoType **links;    /* sorted by string */
    int64_t nlinks;
};
typedef struct ReflectState ReflectState;

static ReflectState *state_of(Vm *vm) {
    NativeState *ns = native_state(vm);
    ReflectState *s = __atomic_load_n(&ns->reflect, __ATOMIC_ACQUIRE);
    if (likely(s != NULL)) return s;
    pthread_mutex_lock(&ns->lock);
    s = ns->reflect;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) base_oom();
        pthread_mutex_init(&s->lock, NULL);
        s->call[0].fn = (const VmFunc *)(uintptr_t)image_lookup(vm->images, STR("reflect.callReflect"));
        s->call[1].fn = (const VmFunc *)(uintptr_t)image_lookup(vm->images, STR("reflect.callMethod"));
        __atomic_store_n(&ns->reflect, s, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&ns->lock);
    return s;
}

#define TYPE(i) ((const GoType *)args[i])
#define PTR(i) ((void *)args[i])

/* ---- Offsets and types -------------------------------------------------------------------------------- */

RtResult reflect_resolve_off(M *m, uint64_t *args) { /* (base, off int32) pointer */
    args[2] = (uint64_t)image_off((int32_t)args[1]);
    return RT_OK;
}
RtResult reflect_add_off(M *m, uint64_t *args) {
    args[1] = (uint64_t)(int64_t)image_off_add(m->vm, PTR(0));
    return RT_OK;
}
RtResult reflect_same_ptr(M *m, uint64_t *args) {
    args[1] = args[0];
    return RT_OK;
}

static bool is_link(const GoType *t) {
    if (t->tflag & TFLAG_NAMED) return false;
    switch (t->kind) {
    case KIND_POINTER: case KIND_CHAN: case KIND_MAP: case KIND_SLICE: case KIND_ARRAY: case KIND_FUNC:
    case KIND_STRUCT: return true;
    default: return false;
    }
}
static void add_link(void *ctx, Str name, uint64_t addr) {
    ReflectState *s = ctx;
    const GoType *t = (const GoType *)(uintptr_t)addr;
    if (!is_link(t)) return;
    if (!(s->nlinks & (s->nlinks - 1))) {
        s->links = realloc(s->links, (size_t)(s->nlinks ? s->nlinks * 2 : 1) * sizeof *s->links);
        if (!s->links) base_oom();
    }
    s->links[s->nlinks++] = t;
}
static int compare_links(const void *a, const void *b) {
    return str_cmp(type_name(*(const GoType *const *)a), type_name(*(const GoType *const *)b));
}
RtResult reflect_typelinks(M *m, uint64_t *args) { /* () ([]*abi.Type, [][]*abi.Type) */
    ReflectState *s = state_of(m->vm);
    pthread_mutex_lock(&s->lock);
    if (!s->links) {
        Images *im = m->vm->images;
        for (int i = 0; i < im->list.len; i++) image_each_symbol(im->list.at[i], "type:", add_link, s);
        if (s->nlinks) qsort(s->links, (size_t)s->nlinks, sizeof *s->links, compare_links);
    }
    pthread_mutex_unlock(&s->lock);
    memset(args, 0, 6 * sizeof *args);
    args[0] = (uint64_t)s->links;
    args[1] = args[2] = (uint64_t)s->nlinks;
    return RT_OK;
}

RtResult reflect_static_uint64s(M *m, uint64_t *args) {
    args[0] = (uint64_t)value_small_ints;
    return RT_OK;
}

/* ---- Memory ---------------------------------------------------------------------------------------------- */

RtResult reflect_new(M *m, uint64_t *args) {
    args[1] = (uint64_t)mem_alloc(m, TYPE(0)->size, TYPE(0));
    return RT_OK;
}
RtResult reflect_new_array(M *m, uint64_t *args) { /* (t, n) */
    uint64_t bytes;
    if ((int64_t)args[1] < 0 || __builtin_mul_overflow(args[1], TYPE(0)->size, &bytes) || bytes >> 47) {
        vm_panic_text(m, "runtime: allocation size out of range");
        return RT_PANIC;
    }
    args[2] = (uint64_t)mem_alloc_array(m, TYPE(0), (int64_t)args[1]);
    return RT_OK;
}
RtResult reflect_memmove(M *m, uint64_t *args) { /* (dst, src, size) */
    mem_barrier(m, PTR(1), args[2]);
    if (args[2]) memmove(PTR(0), PTR(1), args[2]);
    return RT_OK;
}
RtResult reflect_typedmemmove(M *m, uint64_t *args) { /* (t, dst, src) */
    if (TYPE(0)->size) typed_copy(m, TYPE(0), PTR(1), PTR(2));
    return RT_OK;
}
RtResult reflect_typedmemclr(M *m, uint64_t *args) {
    if (TYPE(0)->size) memset(PTR(1), 0, TYPE(0)->size);
    return RT_OK;
}
RtResult reflect_typedmemclrpartial(M *m, uint64_t *args) { /* (t, ptr, off, size): ptr is at the part */
    if (args[3]) memset(PTR(1), 0, args[3]);
    return RT_OK;
}
RtResult reflect_typedslicecopy(M *m, uint64_t *args) { /* (t, dst, src) int */
    uint64_t n = args[2] < args[5] ? args[2] : args[5];
    mem_barrier_typed(m, TYPE(0), PTR(4), n);
    if (n && TYPE(0)->size) memmove(PTR(1), PTR(4), n * TYPE(0)->size);
    args[7] = n;
    return RT_OK;
}
RtResult reflect_typedarrayclear(M *m, uint64_t *args) { /* (t, ptr, len) */
    if (args[2] && TYPE(0)->size) memset(PTR(1), 0, TYPE(0)->size * args[2]);
    return RT_OK;
}
RtResult reflect_typehash(M *m, uint64_t *args) { /* (t, p, seed) */
    return value_hash(m, TYPE(0), PTR(1), args[2], &args[3]) ? RT_OK : RT_PANIC;
}
RtResult reflect_verify_not_heap(M *m, uint64_t *args) {
    args[1] = !mem_is_heap(m->vm, PTR(0));
    return RT_OK;
}
RtResult reflect_growslice(M *m, uint64_t *args) { /* (t, old, num) slice: room for num more elements */
    GoSlice old = {PTR(1), (int64_t)args[2], (int64_t)args[3]}, out;
    int64_t need;
    if (__builtin_add_overflow(old.len, (int64_t)args[4], &need)) need = -1;
    RtResult r = slice_grow(m, TYPE(0), (GoSlice){old.p, old.cap, old.cap}, need, &out);
    if (r != RT_OK) return r;
    args[5] = (uint64_t)out.p;
    args[6] = (uint64_t)old.len;
    args[7] = (uint64_t)out.cap;
    return RT_OK;
}
RtResult reflect_unsafeslice(M *m, uint64_t *args) { /* (t, ptr, len): checks */
    int64_t n = (int64_t)args[2];
    uint64_t bytes;
    if (n < 0 || __builtin_mul_overflow((uint64_t)n, TYPE(0)->size, &bytes) || bytes > -args[1]) {
        if (n > 0 && !args[1]) vm_panic_text(m, "runtime error: unsafe.Slice: ptr is nil and len is not zero");
        else vm_panic_text(m, "runtime error: unsafe.Slice: len out of range");
        return RT_PANIC;
    }
    return RT_OK;
}
RtResult reflect_iface_e2i(M *m, uint64_t *args) { /* (t, src any, dst) */
    const GoInterfaceType *t = PTR(0);
    const GoType *dyn = TYPE(1);
    GoIface *dst = PTR(3);
    Str missing = {0};
    mem_barrier(m, &args[2], 8);
    if (!t->methods.len) {
        *(GoEface *)dst = (GoEface){dyn, PTR(2)};
        return RT_OK;
    }
    const GoItab *tab = dyn ? itab_get(m->vm, t, dyn, &missing) : NULL;
    if (!tab) {
        Str want = type_name(&t->t), have = dyn ? type_name(dyn) : STR("nil");
        vm_panic_text(m, "interface conversion: %.*s is not %.*s: missing method %.*s", STR_FMT(have), STR_FMT(want),
                      STR_FMT(missing));
        return RT_PANIC;
    }
    *dst = (GoIface){tab, PTR(2)};
    return RT_OK;
}

/* ---- Channels ---------------------------------------------------------------------------------------------- */

RtResult reflect_chanlen(M *m, uint64_t *args) {
    args[1] = (uint64_t)(args[0] ? chan_len(PTR(0)) : 0);
    return RT_OK;
}
RtResult reflect_chancap(M *m, uint64_t *args) {
    args[1] = (uint64_t)(args[0] ? chan_cap(PTR(0)) : 0);
    return RT_OK;
}
RtResult reflect_chanclose(M *m, uint64_t *args) { return chan_close(m, PTR(0)); }
RtResult reflect_chanrecv(M *m, uint64_t *args) { /* (ch, nb, val) (selected, received) */
    args[3] = 1;
    args[4] = 0;
    RtResult r = chan_recv(m, PTR(0), PTR(2), (bool *)&args[4], !(args[1] & 1));
    if (r != RT_FALSE) return r;
    args[3] = 0;
    return RT_OK;
}
RtResult reflect_chansend(M *m, uint64_t *args) { /* (ch, val, nb) bool */
    args[3] = 1;
    RtResult r = chan_send(m, PTR(0), PTR(1), !(args[2] & 1));
    if (r != RT_FALSE) return r;
    args[3] = 0;
    return RT_OK;
}
RtResult reflect_makechan(M *m, uint64_t *args) { return chan_make(m, TYPE(0), (int64_t)args[1], (Chan **)&args[2]); }

/* ([]runtimeSelect) (int, bool); the default case becomes a case on no channel, which keeps the numbers. */
RtResult reflect_rselect(M *m, uint64_t *args) {
    typedef struct { uint64_t dir; const GoType *type; Chan *ch; void *val; } Case;
    enum { SEND = 1, RECV, DEFAULT };
    const Case *in = PTR(0);
    int n = (int)args[1], def = -1;
    SelectCase small[16], *cases = n <= 16 ? small : calloc((size_t)n, sizeof *cases);
    if (!cases) base_oom();
    for (int i = 0; i < n; i++) {
        cases[i] = (SelectCase){in[i].ch, in[i].val, in[i].dir == SEND};
        if (in[i].dir == DEFAULT) {
            def = i;
            cases[i] = (SelectCase){0};
        }
    }
    args[4] = 0;
    RtResult r = select_go(m, cases, n, def >= 0, (int64_t *)&args[3], (bool *)&args[4]);
    if (cases != small) free(cases);
    if (r == RT_FALSE) r = RT_OK;
    if (r == RT_OK && (int64_t)args[3] < 0) args[3] = (uint64_t)def;
    return r;
}

/* ---- Maps ---------------------------------------------------------------------------------------------------- */

#define MAPTYPE ((const GoMapType *)args[0])
RtResult reflect_makemap(M *m, uint64_t *args) {
    args[2] = (uint64_t)map_make(m, MAPTYPE, (int64_t)args[1], NULL, 0);
    return RT_OK;
}
RtResult reflect_mapaccess(M *m, uint64_t *args) { /* (t, m, key) elem */
    bool panicked;
    args[3] = (uint64_t)map_lookup(m, MAPTYPE, PTR(1), PTR(2), &panicked);
    return panicked ? RT_PANIC : RT_OK;
}
RtResult reflect_mapaccess_str(M *m, uint64_t *args) { /* (t, m, key string) elem */
    args[4] = (uint64_t)map_lookup_str(m, MAPTYPE, PTR(1), (GoString){PTR(2), (int64_t)args[3]});
    return RT_OK;
}
RtResult reflect_mapassign(M *m, uint64_t *args) { /* (t, m, key, val) */
    void *e = map_assign(m, MAPTYPE, PTR(1), PTR(2));
    if (!e) return RT_PANIC;
    typed_copy(m, MAPTYPE->elem, e, PTR(3));
    return RT_OK;
}
RtResult reflect_mapassign_place(M *m, uint64_t *args) { /* (t, m, key) place */
    args[3] = (uint64_t)map_assign(m, MAPTYPE, PTR(1), PTR(2));
    return args[3] ? RT_OK : RT_PANIC;
}
RtResult reflect_mapassign_str(M *m, uint64_t *args) { /* (t, m, key string, val) */
    void *e = map_assign_str(m, MAPTYPE, PTR(1), (GoString){PTR(2), (int64_t)args[3]});
    if (!e) return RT_PANIC;
    typed_copy(m, MAPTYPE->elem, e, PTR(4));
    return RT_OK;
}
RtResult reflect_mapdelete(M *m, uint64_t *args) { return map_delete(m, MAPTYPE, PTR(1), PTR(2)); }
RtResult reflect_mapdelete_str(M *m, uint64_t *args) {
    GoString key = {PTR(2), (int64_t)args[3]};
    return map_delete(m, MAPTYPE, PTR(1), &key);
}
RtResult reflect_maplen(M *m, uint64_t *args) {
    args[1] = (uint64_t)map_len(PTR(0));
    return RT_OK;
}
RtResult reflect_mapclear(M *m, uint64_t *args) {
    map_clear(m, MAPTYPE, PTR(1));
    return RT_OK;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------ */

RtResult reflect_sign_list(M *m, uint64_t *args) { /* (p *byte, n int) id */
    ReflectState *s = state_of(m->vm);
    int n = (int)args[1];
    pthread_mutex_lock(&s->lock);
    int i = 0;
    while (i < s->signs.len && (s->signs.at[i].n != n || memcmp(s->signs.at[i].at, PTR(0), (size_t)n))) i++;
    if (i == s->signs.len) {
        SignList l = {malloc((size_t)n), n};
        if (!l.at) base_oom();
        memcpy(l.at, PTR(0), (size_t)n);
        vec_push(&s->signs, l);
    }
    pthread_mutex_unlock(&s->lock);
    args[2] = (uint64_t)i + 1;
    return RT_OK;
}

static uint64_t sign_extend(uint64_t x, int bytes) {
    switch (bytes) {
    case 1: return (uint64_t)(int64_t)(int8_t)x;
    case 2: return (uint64_t)(int64_t)(int16_t)x;
    case 4: return (uint64_t)(int64_t)(int32_t)x;
    default: return x;
    }
}

/* A word of a sign list: WORD_BIG begins a value that functions get or give by address; its number of words follows in
 * eight bytes (lib/reflect/abi.go). */
enum { WORD_BIG = 255 };

static uint64_t big_words(const uint8_t *at) {
    uint64_t n;
    memcpy(&n, at + 1, 8);
    return n;
}

static SignList sign_list(M *m, uint32_t id) {
    if (!id) return (SignList){0};
    ReflectState *s = state_of(m->vm);
    pthread_mutex_lock(&s->lock);
    check(id <= (uint32_t)s->signs.len);
    SignList l = s->signs.at[id - 1];
    pthread_mutex_unlock(&s->lock);
    return l;
}

static int word_at(const SignList *l, uint32_t i) { return i < (uint32_t)l->n ? l->at[i] : 0; }

typedef struct BigResults { SignList list; uint32_t from, to; uint64_t *frame, slots[]; } BigResults;

static RtResult big_results(M *m, uint64_t *args, void *state) {
    BigResults *b = state;
    const uint64_t *slot = b->slots;
    for (uint32_t i = b->from; i < b->to; slot++) {
        uint64_t n = 1;
        if (word_at(&b->list, i) == WORD_BIG) {
            n = big_words(b->list.at + i);
            mem_barrier(m, (const void *)*slot, n * 8);
            memcpy(b->frame + i, (const void *)*slot, n * 8); /* the frame's values are padded to words, as objects are */
        } else {
            mem_barrier(m, slot, 8);
            b->frame[i] = *slot;
        }
        i += (uint32_t)n;
    }
    free(b);
    return RT_OK;
}

/* (argsType, fn, args, argsSize, retOffset, frameSize, regs); frameSize - argsSize is the number of a sign list. */
RtResult reflect_call(M *m, uint64_t *args) {
    GoFunc *fn = PTR(1);
    uint64_t *frame = PTR(2);
    uint32_t size = (uint32_t)args[3], ret = (uint32_t)args[4], id = (uint32_t)args[5] - ((size + 7) & ~7u);
    if (!fn) {
        vm_panic_text(m, "runtime error: invalid memory address or nil pointer dereference");
        return RT_PANIC;
    }
    SignList l = sign_list(m, id);
    uint32_t nargs = ret / 8, words = (size + 7) / 8, nslots = 0, nres = 0;
    bool big_in = false, big_out = false;
    for (uint32_t i = 0; i < words;) {
        bool big = word_at(&l, i) == WORD_BIG;
        *(i < nargs ? &nslots : &nres) += 1;
        *(i < nargs ? &big_in : &big_out) |= big;
        i += big ? (uint32_t)big_words(l.at + i) : 1;
    }
    uint64_t *from = frame;
    if (big_in) { /* nobody may write what is passed by address, but reflect uses its frame again */
        from = mem_alloc(m, TYPE(0)->size, TYPE(0));
        mem_barrier(m, frame, size);
        memcpy(from, frame, size);
    }
    NativeCall *nc = vm_native_call(m, fn, nslots, nres);
    for (uint32_t i = 0, k = 0; i < nargs; k++) {
        int w = word_at(&l, i);
        nc->args[k] = w == WORD_BIG ? (uint64_t)(from + i) : w ? sign_extend(from[i], w) : from[i];
        i += w == WORD_BIG ? (uint32_t)big_words(l.at + i) : 1;
    }
    nc->results = nres ? frame + nargs : NULL;
    if (big_out) {
        BigResults *b = calloc(1, sizeof *b + 8 * nres);
        if (!b) base_oom();
        *b = (BigResults){.list = l, .from = nargs, .to = words, .frame = frame};
        nc->results = b->slots;
        nc->then = big_results;
        nc->state = b;
    }
    return RT_CALL;
}

/* makeFuncImpl and methodValue begin with {fn, stack, argLen, regPtrs}; then {ftyp, ..} or {method, rcvr}. */
enum { IMPL_ARGLEN = 2, IMPL_FTYP = 4, IMPL_RCVR = 5, MAX_STUB_SLOTS = 256 };

typedef struct StubCall { uint64_t valid, regs; const GoFuncType *ftyp; uint64_t ret; } StubCall;

static const GoType *const *func_types(const GoFuncType *t) {
    return (const GoType *const *)((const uint8_t *)(t + 1) + (t->t.tflag & TFLAG_UNCOMMON ? sizeof(GoUncommon) : 0));
}
static RtResult stub_done(M *m, uint64_t *args, void *state) {
    StubCall *c = state;
    uint64_t *r = args + c->ret / 8;
    int nout = c->ftyp ? c->ftyp->nout & 0x7fff : 0;
    for (int i = 0; i < nout; i++) {
        const GoType *t = func_types(c->ftyp)[c->ftyp->nin + i];
        if (t->kind == KIND_INT8 || t->kind == KIND_INT16 || t->kind == KIND_INT32) *r = sign_extend(*r, (int)t->size);
        r += (t->size + 7) / 8;
    }
    free(c);
    return RT_OK;
}

static RtResult stub_call(M *m, uint64_t *args, int which, const GoFuncType *ftyp) {
    uint64_t *impl = (uint64_t *)args[(int)FRAME_CTX - (int)FRAME_ARGS];
    ReflectState *s = state_of(m->vm);
    if (!s->call[which].fn) rt_fatal(m->vm, "the program has no reflect.callReflect");
    StubCall *c = calloc(1, sizeof *c);
    if (!c) base_oom();
    c->ftyp = ftyp;
    c->ret = impl[IMPL_ARGLEN];
    uint64_t slots = c->ret / 8;
    for (int i = 0; i < (ftyp->nout & 0x7fff); i++) {
        uint64_t n = (func_types(ftyp)[ftyp->nin + i]->size + 7) / 8;
        if (slots + n <= MAX_STUB_SLOTS) memset(args + slots, 0, n * 8);
        slots += n;
    }
    if (slots > MAX_STUB_SLOTS) rt_fatal(m->vm, "vole: function made by reflect has more than %d words of arguments", MAX_STUB_SLOTS);
    NativeCall *nc = vm_native_call(m, &s->call[which], 4, 0);
    nc->args[0] = (uint64_t)impl;
    nc->args[1] = (uint64_t)args;
    nc->args[2] = (uint64_t)&c->valid;
    nc->args[3] = (uint64_t)&c->regs;
    nc->then = stub_done;
    nc->state = c;
    return RT_CALL;
}

RtResult reflect_make_func_stub(M *m, uint64_t *args) {
    const uint64_t *impl = (const uint64_t *)args[(int)FRAME_CTX - (int)FRAME_ARGS];
    return stub_call(m, args, 0, (const GoFuncType *)impl[IMPL_FTYP]);
}

/* methodValue {ctxt; method int; rcvr Value{typ, ptr, flag}}: the function type is found as methodReceiver does. */
RtResult reflect_method_value_call(M *m, uint64_t *args) {
    const uint64_t *impl = (const uint64_t *)args[(int)FRAME_CTX - (int)FRAME_ARGS];
    const GoType *t = (const GoType *)impl[IMPL_RCVR];
    uint64_t i = impl[IMPL_FTYP]; /* method */
    const GoFuncType *f;
    if (t->kind == KIND_INTERFACE) {
        f = image_off(((const GoInterfaceType *)t)->methods.p[i].type);
    } else {
        const GoUncommon *u = type_uncommon(t);
        f = image_off(((const GoMethod *)((const uint8_t *)u + u->moff))[i].mtyp);
    }
    return stub_call(m, args, 1, f);
}
