/* The heap and the collector. */
#include "rt_stub.h"

#include <unistd.h>

typedef struct Node { struct Node *l, *r; } Node;
static Node *tree(M *m, int depth) {
    Node *n = mem_new(m, &type_pair);
    assert_null(n->l);
    assert_null(n->r);
    if (depth) {
        m->no_gc++; /* n is only in a C variable */
        n->l = tree(m, depth - 1);
        n->r = tree(m, depth - 1);
        m->no_gc--;
    }
    return n;
}
static int count(Node *n) { return n ? 1 + count(n->l) + count(n->r) : 0; }

static void test_trees(void **state) {
    World *w = world_new();
    roots[0] = tree(&w->m, 14);
    for (int i = 0; i < 150; i++) {
        gc_poll(&w->m);
        roots[1 + i % 3] = tree(&w->m, 12);
        assert_int_equal(count(roots[1 + i % 3]), (1 << 13) - 1);
    }
    assert_int_equal(count(roots[0]), (1 << 15) - 1);
    mem_verify(&w->vm);
    gc_run(&w->m);
    mem_verify(&w->vm);
    MemStatsC st;
    mem_stats(&w->vm, &st);
    assert_true(st.num_gc > 2);
    assert_int_equal(st.heap_objects, (1 << 15) - 1 + 3 * ((1 << 13) - 1));
    assert_int_equal(st.alloc, 16 * st.heap_objects);
    memset(roots, 0, sizeof roots);
    gc_run(&w->m);
    mem_stats(&w->vm, &st);
    assert_int_equal(st.heap_objects, 0);
    assert_int_equal(st.heap_inuse, 0);
    world_free(w);
}

/* Random objects of all sizes and kinds, each holding the pattern of its number; a table of roots changes. */
static void test_random(void **state) {
    World *w = world_new();
    M *m = &w->m;
    static const uint8_t mask[1024] = {0x81, 1};
    size_t sizes[ARRAY_LEN(roots)] = {0};
    uint8_t *inner[ARRAY_LEN(roots)] = {0};
    for (int round = 0; round < 100000; round++) {
        uint64_t r = rt_rand(m);
        size_t k = r % 1000, size = 1 + (r >> 20) % ((r >> 60) ? (r >> 61) ? 200 : 3000 : 80000);
        if (roots[k]) {
            uint8_t *p = roots[k];
            assert_memory_equal(inner[k], &inner[k], 8);
            assert_int_equal(p[sizes[k] - 1], (uint8_t)k);
        }
        int kind = (r >> 12) % 4;
        if (kind == 0) {
            size = size < 16 ? 16 : size & ~(size_t)7;
            uint8_t *p = mem_alloc_noscan(m, size, true);
            for (size_t i = 0; i < size; i++) assert_int_equal(p[i], 0);
            roots[k] = p;
            inner[k] = p;
        } else {
            size = (size + 16) & ~(size_t)15;
            void **p = kind == 1 ? mem_alloc_array(m, &type_pair, (int64_t)size / 16)
                     : kind == 2 ? mem_alloc_array(m, &type_ptr, (int64_t)size / 8)
                                 : (void **)mem_alloc_mask(m, size < 200 ? size = 208 : size > 7000 ? size = 2048 : size, mask);
            for (size_t i = 0; i < size / 8; i++) assert_null(p[i]);
            roots[k] = (uint8_t *)p + (r >> 40) % size; /* interior */
            void *base;
            size_t got;
            assert_true(mem_find_object(&w->vm, roots[k], &base, &got));
            assert_ptr_equal(base, p);
            assert_true(got >= size);
            roots[k] = p;
            m->no_gc++;
            inner[k] = p[0] = mem_alloc_noscan(m, 24, true); /* kept by the object only */
            m->no_gc--;
        }
        memcpy(inner[k], &inner[k], 8);
        sizes[k] = size;
        ((uint8_t *)roots[k])[size - 1] = (uint8_t)k;
        if (round % 25000 == 0) mem_verify(&w->vm);
    }
    mem_release_os(m);
    world_free(w);
}

static uint64_t objects(World *w) {
    gc_run(&w->m);
    mem_verify(&w->vm);
    MemStatsC st;
    mem_stats(&w->vm, &st);
    return st.heap_objects;
}

/* Every number of workers finds the same: in a table, in one long list through all of memory (where helpers give up), behind headers. */
static void test_workers(void **state) {
    enum { N = 1 << 18, PER_ARRAY = 100, ARRAYS = N / PER_ARRAY };
    for (uint32_t workers = 1; workers <= 8; workers += workers > 2 ? 2 : 1) {
        World *w = world_new();
        M *m = &w->m;
        w->vm.nprocs = workers;
        m->no_gc++;
        Node **table = roots[0] = mem_alloc_array(m, &type_ptr, N);
        for (int i = 0; i < N; i++) table[i] = mem_new(m, &type_pair);
        for (uint64_t i = N - 1; i > 0; i--) {
            uint64_t j = rt_rand(m) % (i + 1);
            Node *n = table[i];
            table[i] = table[j];
            table[j] = n;
        }
        m->no_gc--;
        assert_int_equal(objects(w), N + 1);
        for (int i = 1; i < N; i++) table[i - 1]->r = table[i];
        Node *n = roots[1] = table[0];
        roots[0] = NULL;
        assert_int_equal(objects(w), N);
        m->no_gc++;
        table = roots[0] = mem_alloc_array(m, &type_ptr, ARRAYS);
        for (int i = 0; i < ARRAYS; i++) {
            Node **a = mem_alloc_array(m, &type_ptr, PER_ARRAY);
            ((Node ***)(void *)table)[i] = a;
            for (int k = 0; k < PER_ARRAY; k++) {
                Node *next = n->r;
                n->r = NULL;
                a[k] = n;
                n = next;
            }
        }
        roots[1] = n;
        m->no_gc--;
        assert_int_equal(objects(w), N + ARRAYS + 1);
        roots[1] = NULL;
        assert_int_equal(objects(w), ARRAYS * PER_ARRAY + ARRAYS + 1);
        roots[0] = NULL;
        assert_int_equal(objects(w), 0);
        world_free(w);
    }
}

/* While a thread marks, nodes move between a table, each other and new nodes; none is lost. `held` says what each one holds. */
static void run_beside(World *w, int cycles, uint64_t n) {
    typedef struct Numbered { struct Numbered *l, *r; uint64_t number[6]; } Numbered;
    static const uint8_t mask[8] = {3};
    M *m = &w->m;
    m->no_gc++;
    Numbered **table = roots[0] = mem_alloc_array(m, &type_ptr, (int64_t)n);
    uint64_t next = 1;
    for (uint64_t i = 0; i < n; i++) {
        table[i] = mem_alloc_mask(m, sizeof **table, mask);
        table[i]->number[0] = next++;
    }
    m->no_gc--;
    uint64_t *held = calloc(n, sizeof *held); /* number of what the node in this place has in l */
    int ends = 0;
    for (bool on = false; ends < cycles;) {
        gc_poll(m);
        bool now = w->vm.heap->concurrent.on;
        ends += on && !now;
        on = now;
        for (int k = 0; k < 100; k++) {
            uint64_t i = rt_rand(m) % n, j = rt_rand(m) % n;
            if (i == j) continue;
            m->no_gc++;
            Numbered *new = mem_alloc_mask(m, sizeof *new, mask), *old = table[i];
            m->no_gc--;
            new->number[0] = next++;
            assert_int_equal(old->l ? old->l->number[0] : 0, held[i]);
            mem_barrier(m, &old->l, 8); /* a new node takes the place and what the old one has */
            new->l = old->l;
            old->l = NULL;
            mem_barrier(m, &new, 8);
            table[i] = new;
            mem_barrier(m, &old, 8); /* which goes to another */
            table[j]->l = old;
            held[j] = old->number[0];
        }
    }
    for (uint64_t i = 0; i < n; i++) assert_int_equal(table[i]->l ? table[i]->l->number[0] : 0, held[i]);
    free(held);
    mem_verify(&w->vm);
    gc_run(m); /* perhaps in the middle of a cycle */
    mem_verify(&w->vm);
    roots[0] = NULL;
    assert_int_equal(objects(w), 0);
}

static void test_beside(void **state) {
    for (int kind = 0; kind < 3; kind++) {
        World *w = world_new();
        w->vm.stress.sched_seed = -1;
        w->vm.nprocs = kind ? 1 : 2;
        w->vm.stress.mark = kind ? 300 : 0;
        w->vm.stress.mark_thread = kind == 2;
        run_beside(w, kind ? 50 : 4, kind ? 3000 : 300000);
        world_free(w);
    }
}

/* Objects of one size with their pointers at different places share spans: what looks like a pointer elsewhere keeps nothing. */
static void test_masks(void **state) {
    static const uint8_t masks[] = {3, 1, 2};
    enum { N = 30000 };
    for (int order = 0; order < 3; order++) {
        World *w = world_new();
        M *m = &w->m;
        m->no_gc++;
        void **table = roots[0] = mem_alloc_array(m, &type_ptr, N);
        uint64_t kept = 1;
        for (int i = 0; i < N; i++) {
            uint8_t mask = masks[(i < N / 2 ? 0 : i + order) % 3];
            void **p = table[i] = mem_alloc_mask(m, 16, &mask);
            for (int k = 0; k < 2; k++) p[k] = mem_alloc_noscan(m, 32, true);
            kept += 1 + (uint64_t)__builtin_popcount(mask);
        }
        m->no_gc--;
        assert_int_equal(objects(w), kept);
        for (int i = 0; i < N; i += 2) table[i] = NULL;
        uint64_t half = objects(w);
        m->no_gc++;
        for (int i = 0; i < N; i += 2) { /* into the gaps */
            void **p = table[i] = mem_alloc_mask(m, 16, &masks[order]);
            for (int k = 0; k < 2; k++) p[k] = mem_alloc_noscan(m, 32, true);
        }
        m->no_gc--;
        assert_int_equal(objects(w), half + N / 2 * (1 + (uint64_t)__builtin_popcount(masks[order])));
        roots[0] = NULL;
        assert_int_equal(objects(w), 0);
        world_free(w);
    }
}

/* Objects of all size classes are zero, also in memory that was used before, but those that need not be. */
static void test_cleared(void **state) {
    World *w = world_new();
    M *m = &w->m;
    enum { N = 3000 };
    static uint64_t *kept[N];
    static uint8_t bits[MEM_SMALL_MAX / 64]; /* large objects refer to it */
    memset(bits, 0xff, sizeof bits);
    for (int round = 0; round < 3; round++)
        for (size_t size = 8; size <= MEM_SMALL_MAX; size += size < 256 ? 8 : size / 4 & ~(size_t)7) {
            m->no_gc++;
            size_t n = size < 256 ? N : 50;
            for (size_t i = 0; i < n; i++) {
                uint64_t *p = i % 2 ? mem_alloc_noscan(m, size, true) : mem_alloc_mask(m, size, bits);
                for (size_t k = 0; k < size / 8; k++) assert_int_equal(p[k], 0);
                memset(p, 0xff, size);
                kept[i] = p;
            }
            m->no_gc--;
            for (size_t i = 0; i < n; i += 3) kept[i] = NULL; /* what lives leaves gaps */
            void *table = roots[0] = mem_alloc_array(m, &type_ptr, (int64_t)n);
            memcpy(table, kept, n * 8);
            gc_run(m);
            for (size_t i = 0; i < n; i++)
                if (kept[i]) assert_true(kept[i][0] == UINT64_MAX && kept[i][size / 8 - 1] == UINT64_MAX);
            mem_verify(&w->vm);
        }
    world_free(w);
}

static void test_specials(void **state) {
    World *w = world_new();
    M *m = &w->m;
    Node *a = mem_new(m, &type_pair), *b = mem_new(m, &type_pair);
    GoFunc *fa = mem_new(m, &type_ptr), *fb = mem_new(m, &type_ptr), *fc = mem_new(m, &type_ptr);
    a->l = b;
    roots[0] = a;
    void *wa = weak_register(m, a);
    roots[1] = wa;
    assert_ptr_equal(weak_register(m, a), wa);
    assert_true(finalizer_set(m, a, fa, &type_ptr, 0));
    assert_false(finalizer_set(m, a, fa, &type_ptr, 0));
    assert_true(finalizer_set(m, b, fb, &type_ptr, 0));
    uint64_t id = cleanup_add(m, b, fc);
    cleanup_stop(m, a, id);
    FinalizerCall c;
    gc_run(m);
    assert_false(finalizer_next(m, &c));
    assert_ptr_equal(weak_get(m, wa), a);
    roots[0] = NULL;
    gc_run(m);
    assert_null(weak_get(m, wa));
    assert_true(finalizer_next(m, &c)); /* a first: it refers to b */
    assert_ptr_equal(c.fn, fa);
    assert_ptr_equal(c.arg, a);
    assert_false(finalizer_next(m, &c));
    gc_run(m);
    assert_true(finalizer_next(m, &c));
    assert_ptr_equal(c.fn, fb);
    assert_false(finalizer_next(m, &c));
    gc_run(m);
    assert_true(finalizer_next(m, &c));
    assert_ptr_equal(c.fn, fc);
    assert_true(c.is_cleanup);
    gc_run(m);
    assert_false(finalizer_next(m, &c));
    world_free(w);
}

static void test_limits(void **state) {
    World *w = world_new();
    M *m = &w->m;
    MemStatsC st;
    gc_set_percent(m, -1);
    for (int i = 0; i < 1000; i++) mem_alloc_noscan(m, 100000, true);
    mem_stats(&w->vm, &st);
    assert_int_equal(st.num_gc, 0);
    mem_set_limit(m, 200 << 20);
    gc_set_percent(m, -1);
    for (int i = 0; i < 5000; i++) mem_alloc_noscan(m, 100000, true);
    mem_stats(&w->vm, &st);
    assert_true(st.num_gc >= 2 && st.num_gc < 10);
    assert_true(st.heap_sys < 220 << 20);
    mem_release_os(m);
    mem_stats(&w->vm, &st);
    assert_int_equal(st.heap_released, st.heap_idle);
    assert_int_equal(mem_round_size(100, true), 112);
    assert_int_equal(mem_round_size(520, false), 568);
    assert_int_equal(mem_round_size(33000, true), 40960);
    world_free(w);
}

static void test_stacks(void **state) {
    World *w = world_new();
    static StackChunk *c[20000];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20000; i++) {
            size_t words = 8 + (size_t)(i % 50) * (i % 1000 == 0 ? 1000 : 10);
            c[i] = stack_chunk_new(&w->m, words);
            assert_true(c[i]->hi >= c[i]->words + words);
            memset(c[i]->words, i, words * 8);
        }
        for (int i = 0; i < 20000; i++) stack_chunk_free(&w->m, c[i]);
        assert_int_equal(w->vm.heap->stack_inuse, 0);
    }
    assert_true(w->vm.heap->stack_sys < 64 << 20);
    world_free(w);
}

static size_t resident(const void *from, size_t n) { /* bytes */
    static unsigned char in[1 << 16];
    size_t count = 0;
    for (size_t at = 0; at < n; at += sizeof in << 12) {
        size_t k = n - at < sizeof in << 12 ? n - at : sizeof in << 12;
        assert_int_equal(mincore((uint8_t *)from + at, k, in), 0);
        for (size_t i = 0; i < k >> 12; i++) count += in[i] & 1;
    }
    return count << 12;
}

static bool wants_huge(const void *p) { /* is the mapping of p one with MADV_HUGEPAGE? */
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool here = false, huge = false;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        uint64_t lo, hi;
        if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2) here = (uintptr_t)p >= lo && (uintptr_t)p < hi;
        if (here && !strncmp(line, "VmFlags:", 8)) huge = strstr(line, " hg") != NULL;
    }
    fclose(f);
    return huge;
}

/* What was given back and then made resident by a huge page that a neighbour touched goes back once more; with few
 * stacks in use there are no huge pages. */
static void release_stacks(bool slow) {
    enum { CHUNKS = 3000, BYTES = 16000 }; /* 48 MB */
    World *w = world_new();
    Heap *h = w->vm.heap;
    static StackChunk *c[CHUNKS];
    w->vm.sched = (void *)w; /* there is one to trim */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CHUNKS; i++) {
            if (!c[i]) c[i] = stack_chunk_new(&w->m, BYTES / 8);
            memset(c[i]->words, i, BYTES);
        }
        assert_true(h->stack_sys > 40 << 20);
        int regions = h->regions.len;
        assert_true(regions > 4);
        void *last = h->regions.at[regions - 1].p;
        /* How long this machine takes for a huge page must not matter here. */
        h->huge_no_use = false;
        stack_huge_pages(h, true);
        assert_true(wants_huge(last));
        for (int i = 0; slow && i < 2; i++) {
            assert_true(h->stacks_huge);
            huge_took(h, 20);
            huge_took(h, 5000000);
        }
        if (slow) huge_took(h, 5000000);
        assert_true(h->stacks_huge == !slow && h->huge_no_use == slow && wants_huge(last) == !slow);
        for (int i = 0; i < CHUNKS; i++)
            if (i % 500) {
                stack_chunk_free(&w->m, c[i]);
                c[i] = NULL;
            }
        mem_release_os(&w->m);
        assert_true(h->stack_sys <= (CHUNKS / 500 + 2) * SLAB_BYTES);
        assert_false(wants_huge(last));
        for (int again = 0; again < 2; again++) {
            size_t n = 0;
            for (int i = 0; i < regions; i++) n += resident(h->regions.at[i].p, h->regions.at[i].n);
            assert_true(n <= h->stack_sys);
            for (int i = 0; i < h->free_slabs.len; i++) ((uint8_t *)h->free_slabs.at[i])[4096 * i % SLAB_BYTES] = 0;
            mem_release_os(&w->m);
        }
        for (int i = 1; i < h->free_slabs.len; i++) /* the lowest is taken first */
            assert_true(h->free_slabs.at[i - 1] > h->free_slabs.at[i]);
        StackChunk *k = stack_chunk_new(&w->m, BYTES / 8);
        stack_chunk_free(&w->m, k);
    }
    for (int i = 0; i < CHUNKS; i++) {
        if (c[i]) stack_chunk_free(&w->m, c[i]);
        c[i] = NULL;
    }
    w->vm.sched = NULL;
    world_free(w);
}

static void test_release_stacks(void **state) { release_stacks(false); }
static void test_huge_slow(void **state) { release_stacks(true); }

/* Runs that were given back at different times are one run again: memory does not crumble. */
static void test_release_heap(void **state) {
    enum { N = 400, BYTES = 64 << 10 };
    World *w = world_new();
    Heap *h = w->vm.heap;
    M *m = &w->m;
    gc_set_percent(m, -1);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) memset(roots[i] = mem_alloc_noscan(m, BYTES, true), 1, BYTES);
        size_t used = h->used;
        for (int part = 0; part < 3; part++) {
            for (int i = part; i < N; i += 3) roots[i] = NULL;
            part == 1 ? gc_run(m) : mem_release_os(m);
            mem_verify(&w->vm);
        }
        assert_int_equal(h->inuse_pages, 0);
        assert_int_equal(h->free_pages, h->released_pages);
        assert_int_equal(resident(h->base, h->used), 0);
        h->base[h->used / 2] = 0;
        mem_release_os(m);
        assert_int_equal(resident(h->base, h->mapped), 0);
        uint8_t *all = roots[0] = mem_alloc_noscan(m, (size_t)N * BYTES, true);
        for (size_t i = 0; i < (size_t)N * BYTES; i += 4096) assert_int_equal(all[i], 0);
        assert_int_equal(h->used, used);
        roots[0] = NULL;
        /* Given back bit by bit by the collector itself. */
        for (int i = 0; i < N; i++) memset(roots[i] = mem_alloc_noscan(m, BYTES, true), 1, BYTES);
        for (int part = 0; part < 4; part++) {
            for (int i = part; i < N; i += 4) roots[i] = NULL;
            gc_run(m);
            mem_verify(&w->vm);
        }
        int runs = 0;
        for (int b = 1; b <= NBINS; b++)
            for (Span *s = h->bins[b]; s; s = s->next) runs++;
        assert_in_range(runs, 1, 16);
        mem_release_os(m);
    }
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trees), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_workers), cmocka_unit_test(test_beside), cmocka_unit_test(test_masks),
                                       cmocka_unit_test(test_cleared), cmocka_unit_test(test_specials), cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_stacks), cmocka_unit_test(test_release_stacks), cmocka_unit_test(test_huge_slow),
                                       cmocka_unit_test(test_release_heap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
