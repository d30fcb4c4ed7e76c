/* base: what every layer stands on. Arenas, strings, vectors, hash maps, interned names, buffers,
 * files. Knows nothing of Go.
 *
 * Ownership is by lifetime class: everything that an Arena hands out lives until arena_free or
 * arena_reset; nothing is freed singly. VEC and Map may live in an arena (arena != NULL) or on the
 * C heap (arena == NULL, then vec_free/map_free).
 * Running out of memory ends the process through base_oom() with one message and exit status 1. */
#ifndef VOLE_BASE_H
#define VOLE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define nodiscard __attribute__((warn_unused_result))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* Code that reads or writes the memory of Go programs: a fault in it is theirs (vm.c). */
#define GUARDED __attribute__((section("guarded"), noinline))
#define noreturn_ __attribute__((noreturn))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Assertions --------------------------------------------------------------------------- */

/* Always on: cheap invariants at layer boundaries. Prints "vole: internal error: ..." with file and
 * line, asks for a report, exits 3. */
#define check(c) (likely(c) ? (void)0 : base_bug(__FILE__, __LINE__, "%s", #c))
#define bug(...) base_bug(__FILE__, __LINE__, __VA_ARGS__)
#ifdef VOLE_DEBUG
#define dcheck(c) check(c)
#else
#define dcheck(c) ((void)0)
#endif
noreturn_ void base_bug(const char *file, int line, const char *fmt, ...) printf_like(3, 4);
noreturn_ void base_oom(void);
size_t address_limit(void); /* bytes of addresses that the process may use (ulimit -v); SIZE_MAX: no limit */
/* Of the process, which has one memory: what base_oom does instead; fn ends the process. */
void base_on_oom(void (*fn)(void *ctx), void *ctx);

/* A line that base_bug prints so that an internal error names its stage and position; set by the
 * stages ("building SSA of fmt.Fprintf"), thread-local, may be NULL. */
extern _Thread_local const char *base_stage;

/* ---- Arena -------------------------------------------------------------------------------- */

typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
    char *at, *end;
    ArenaChunk *chunks; /* newest first */
    size_t total;       /* bytes obtained */
} Arena;

/* A zeroed Arena is a valid empty one. */
void *arena_alloc_slow(Arena *a, size_t size);
void arena_free(Arena *a);  /* gives all memory back; the arena is empty again */
void arena_reset(Arena *a); /* forgets all contents, keeps one chunk for reuse */

/* Returns zeroed memory aligned to 16 bytes; size may be 0. */
static inline void *arena_alloc(Arena *a, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (likely(size <= (size_t)(a->end - a->at))) {
        void *p = a->at;
        a->at += size;
        return p; /* chunks are zeroed when obtained and when reset */
    }
    return arena_alloc_slow(a, size);
}
#define arena_new(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))
void *arena_memdup(Arena *a, const void *p, size_t n);
char *arena_printf(Arena *a, const char *fmt, ...) printf_like(2, 3); /* NUL-terminated */

/* ---- Strings ------------------------------------------------------------------------------ */

/* A byte string; not NUL-terminated unless said. */
typedef struct Str {
    const char *p;
    size_t n;
} Str;
#define STR(lit) ((Str){(lit), sizeof(lit) - 1})
static inline Str str_c(const char *s) { return (Str){s, strlen(s)}; }
static inline bool str_eq(Str a, Str b) { return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n)); }
static inline bool str_is(Str a, const char *s) { return str_eq(a, str_c(s)); }
bool str_has_prefix(Str s, const char *prefix);
bool str_has_suffix(Str s, const char *suffix);
Str str_trim(Str s); /* without spaces, tabs, CR and LF at both ends */
int str_cmp(Str a, Str b); /* bytewise: <0, 0, >0 */
Str str_dup(Arena *a, Str s);                           /* the copy is NUL-terminated */
Str str_printf(Arena *a, const char *fmt, ...) printf_like(2, 3);
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed); /* not for untrusted keys in Go maps */
#define STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

/* A growing byte buffer on the C heap. A zeroed Buf is empty. data is NUL-terminated after each call. */
typedef struct Buf {
    char *data;
    size_t len, cap;
} Buf;
void buf_put(Buf *b, const void *p, size_t n);
void buf_putc(Buf *b, char c);
void buf_puts(Buf *b, const char *s);
void buf_printf(Buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_vprintf(Buf *b, const char *fmt, va_list ap);
void buf_reserve(Buf *b, size_t extra);
void buf_free(Buf *b);
static inline Str buf_str(const Buf *b) { return (Str){b->data ? b->data : "", b->len}; }

/* ---- Interned names ----------------------------------------------------------------------- */

/* Equal spellings give the same pointer, so names compare by pointer. Never freed before the
 * Interner. The interner is not locked: one a front-end session. */
typedef struct Name {
    const char *p; /* NUL-terminated */
    uint32_t n;
    uint32_t hash;
    uint16_t token;   /* keyword token number + 1, or 0; filled by syntax */
    bool exported;    /* first rune is upper case (Unicode class Lu) */
    bool blank;       /* "_" */
} Name;
typedef struct Interner Interner;
Interner *interner_new(void);
void interner_free(Interner *in);
Name *intern(Interner *in, const char *p, size_t n);
static inline Str name_str(const Name *n) { return (Str){n->p, n->n}; }

/* ---- Vectors ------------------------------------------------------------------------------ */

/* VEC(T) declares a struct {T *at; int len, cap; Arena *arena}. Zeroed is empty on the C heap; set
 * .arena first to grow in an arena. */
#define VEC(T) \
    struct { \
        T *at; \
        int len, cap; \
        Arena *arena; \
    }
void vec_grow_(void *vec, size_t elem, int need);
#define vec_reserve(v, extra) \
    ((v)->len + (extra) > (v)->cap ? vec_grow_((v), sizeof(*(v)->at), (v)->len + (extra)) : (void)0)
#define vec_push(v, x) (vec_reserve(v, 1), (v)->at[(v)->len++] = (x))
#define vec_pop(v) ((v)->at[--(v)->len])
#define vec_last(v) ((v)->at[(v)->len - 1])
#define vec_free(v) (vec_free_(v), (v)->len = 0)
void vec_free_(void *vec);

/* ---- Hash maps ---------------------------------------------------------------------------- */

/* Open addressing, pointer or string keys, pointer-sized values; iteration in insertion order
 * (so that everything made from one is deterministic). Zeroed is empty; arena as in VEC. */
typedef struct MapEntry {
    Str key; /* pointer keys: key.p is the pointer, key.n is 0 */
    uint64_t hash;
    union {
        void *val;
        uint64_t num;
    };
} MapEntry;
typedef struct Map {
    MapEntry *entries; /* in insertion order */
    uint32_t *index;
    int len, cap, nindex;
    Arena *arena;
} Map;
MapEntry *map_find_str(const Map *m, Str key);       /* NULL when absent */
MapEntry *map_put_str(Map *m, Str key, bool *fresh); /* finds or adds (val 0); key is not copied */
MapEntry *map_find_ptr(const Map *m, const void *key);
MapEntry *map_put_ptr(Map *m, const void *key, bool *fresh);
void *map_get_ptr(const Map *m, const void *key); /* the value or NULL */
void *map_get_str(const Map *m, Str key);
void map_set_ptr(Map *m, const void *key, void *val);
void map_set_str(Map *m, Str key, void *val);
void map_free(Map *m);
/* Entries cannot be removed; overwrite val instead. */

/* ---- UTF-8 -------------------------------------------------------------------------------- */

/* Decodes one rune of p[0..n), n > 0; returns its width (1 and 0xFFFD for a bad byte). */
int utf8_decode(const char *p, size_t n, int32_t *rune);
int utf8_encode(char out[4], int32_t rune); /* invalid runes give U+FFFD */
bool rune_is_letter(int32_t r);             /* Unicode categories L* and '_' is not included */
bool rune_is_digit(int32_t r);              /* category Nd */
bool rune_is_upper(int32_t r);              /* category Lu */

/* ---- Files -------------------------------------------------------------------------------- */

/* Reads a whole file into the arena, NUL-terminated. On failure returns false and *err points to a
 * message "open x: no such file or directory" in the arena. */
nodiscard bool file_read(Arena *a, const char *path, Str *out, const char **err);
/* Writes by way of a temporary name in the same directory and rename: no partial file is left. What exists and is no
 * regular file (/dev/null) is written to directly. */
nodiscard bool file_write_atomic(Arena *a, const char *path, Str data, int mode, const char **err);
bool file_exists(const char *path);
bool file_is_dir(const char *path);
char *path_join(Arena *a, const char *dir, const char *name); /* cleans "." and ".." */
uint64_t time_now_ns(void);                                   /* monotonic */

#endif
