/* Natives of package regexp: the backtracking matcher and the match of one rune. They are tried before the Go
 * bodies, which go on where the natives cannot: input from a reader, case folding outside ASCII.
 *
 * The structs below are the beginnings of Go's. All state is kept in the bitState as the Go body keeps it, so that
 * it can take over between two jobs. */
#include "native/native.h"
#include "native/utf8.h"

typedef struct Slice { void *p; int64_t len, cap; } Slice;
typedef struct Inst { uint8_t op; uint32_t out, arg; int32_t *runes; int64_t nrunes, runes_cap; } Inst;
typedef struct Prog { Inst *inst; int64_t ninst; } Prog;
typedef struct Regexp {
    GoString expr;
    Prog *prog;
    void *onepass;
    int64_t num_subexp, max_bit_state_len;
    Slice subexp_names;
    GoString prefix;
    Slice prefix_bytes;
    int32_t prefix_rune;
    uint32_t prefix_end;
    int64_t mpool, matchcap;
    bool prefix_complete;
    uint8_t cond;
    int64_t min_input_len;
    bool longest;
} Regexp;
typedef struct Job { uint32_t pc; bool arg; int64_t pos; } Job;
typedef struct BitState {
    int64_t end;
    struct { int64_t *p; int64_t len, cap; } caps, matchcaps;
    struct { Job *p; int64_t len, cap; } jobs;
    struct { uint32_t *p; int64_t len, cap; } visited;
    Slice bytes;     /* inputs: the address says which one is in use */
    GoString string;
} BitState;
_Static_assert(sizeof(Inst) == 40 && offsetof(Regexp, longest) == 152 && offsetof(BitState, string) == 128, "regexp's structs");

enum { ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, MATCH, FAIL, NOP, RUNE, RUNE1, RUNE_ANY, RUNE_ANY_NOT_NL }; /* syntax.InstOp */
enum { BEGIN_LINE = 1, END_LINE = 2, BEGIN_TEXT = 4, END_TEXT = 8, WORD_BOUNDARY = 16, NO_WORD_BOUNDARY = 32 }; /* EmptyOp */
enum { FOLD_CASE = 1 }; /* syntax.Flags */
enum { UNKNOWN = -2 };

/* Index of the pair of runes that holds r, -1: none, UNKNOWN: needs Unicode's folding. */
static int match_rune(const Inst *in, int32_t r) {
    const int32_t *p = in->runes;
    int64_t n = in->nrunes;
    if (n == 1) {
        if (r == p[0]) return 0;
        if (!(in->arg & FOLD_CASE)) return -1;
        int32_t a = p[0];
        if (a < 0 || a >= 0x80 || r >= 0x80) return r < 0 ? -1 : UNKNOWN;
        return r >= 0 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z' && (a | 0x20) == (r | 0x20) ? 0 : -1;
    }
    if (n <= 8) {
        for (int64_t j = 0; j + 1 < n; j += 2) {
            if (r < p[j]) return -1;
            if (r <= p[j + 1]) return (int)(j / 2);
        }
        return -1;
    }
    int64_t lo = 0, hi = n / 2;
    while (lo < hi) {
        int64_t m = (lo + hi) / 2;
        if (p[2 * m] > r) hi = m;
        else if (r <= p[2 * m + 1]) return (int)m;
        else lo = m + 1;
    }
    return -1;
}

/* (i *Inst) MatchRunePos(r rune) int */
RtResult native_match_rune(M *m, uint64_t *args) {
    int k = args[0] ? match_rune((const Inst *)args[0], (int32_t)args[1]) : UNKNOWN;
    if (k == UNKNOWN) return RT_FALSE;
    args[2] = (uint64_t)(int64_t)k;
    return RT_OK;
}

static bool is_word(int32_t r) { return (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z') || r == '_'; }

/* Whether the assertions hold between two runes (-1: no rune). */
static bool empty_holds(uint32_t op, int32_t before, int32_t after) {
    if (op & BEGIN_LINE && before != '\n' && before >= 0) return false;
    if (op & BEGIN_TEXT && before >= 0) return false;
    if (op & END_LINE && after != '\n' && after >= 0) return false;
    if (op & END_TEXT && after >= 0) return false;
    uint32_t words = op & ~(BEGIN_LINE | BEGIN_TEXT | END_LINE | END_TEXT);
    return !(words & ~(uint32_t)(is_word(before) != is_word(after) ? WORD_BOUNDARY : NO_WORD_BOUNDARY));
}

static bool visit(BitState *b, uint32_t pc, int64_t pos) {
    uint64_t n = (uint64_t)pc * (uint64_t)(b->end + 1) + (uint64_t)pos;
    uint32_t *word = &b->visited.p[n / 32], bit = 1u << (n & 31);
    if ((int64_t)(n / 32) >= b->visited.len) bug("regexp: position %lld is outside the bit state", (long long)pos);
    if (*word & bit) return false;
    *word |= bit;
    return true;
}

static void push(M *m, BitState *b, Job j) {
    if (b->jobs.len == b->jobs.cap) {
        int64_t cap = b->jobs.cap * 2 + 16;
        Job *p = mem_alloc_noscan(m, (size_t)cap * sizeof(Job), true);
        if (b->jobs.len) memcpy(p, b->jobs.p, (size_t)b->jobs.len * sizeof(Job));
        b->jobs.p = p;
        b->jobs.cap = cap;
    }
    b->jobs.p[b->jobs.len++] = j;
}

static void push_visit(M *m, const Prog *prog, BitState *b, uint32_t pc, int64_t pos) {
    if (prog->inst[pc].op != FAIL && visit(b, pc, pos)) push(m, b, (Job){pc, false, pos});
}

/* (re *Regexp) tryBacktrack(b *bitState, i input, pc uint32, pos int) bool */
RtResult native_backtrack(M *m, uint64_t *args) {
    const Regexp *re = (const Regexp *)args[0];
    BitState *b = (BitState *)args[1];
    const Prog *prog = re->prog;
    const uint8_t *text;
    int64_t n;
    if (args[3] == (uint64_t)&b->bytes) text = b->bytes.p, n = b->bytes.len;
    else if (args[3] == (uint64_t)&b->string) text = b->string.p, n = b->string.n;
    else return RT_FALSE;
    bool matched = false;
    push_visit(m, prog, b, (uint32_t)args[4], (int64_t)args[5]);
    while (b->jobs.len) {
        Job j = b->jobs.p[--b->jobs.len];
        uint32_t pc = j.pc;
        int64_t pos = j.pos;
        bool arg = j.arg, go_on = true;
        do {
            const Inst *in = &prog->inst[pc];
            switch (in->op) {
            case ALT:
                if (arg) {
                    arg = false;
                    pc = in->arg;
                } else { /* come back for the second branch */
                    push(m, b, (Job){pc, true, pos});
                    pc = in->out;
                }
                break;
            case ALT_MATCH: {
                uint8_t op = prog->inst[in->out].op;
                if (op >= RUNE && op <= RUNE_ANY_NOT_NL) {
                    push_visit(m, prog, b, in->arg, pos);
                    pc = in->arg;
                    pos = b->end;
                } else {
                    push_visit(m, prog, b, in->out, b->end);
                    pc = in->out;
                }
                break;
            }
            case RUNE: case RUNE1: case RUNE_ANY: case RUNE_ANY_NOT_NL: {
                int32_t r = -1;
                int width = pos < n ? utf8_decode_go(text + pos, (uint64_t)(n - pos), &r) : 0;
                if (in->op == RUNE) {
                    int k = match_rune(in, r);
                    if (k == UNKNOWN) {
                        push(m, b, (Job){pc, arg, pos});
                        return RT_FALSE;
                    }
                    go_on = k >= 0;
                } else if (in->op == RUNE1) {
                    go_on = r == in->runes[0];
                } else {
                    go_on = r >= 0 && !(in->op == RUNE_ANY_NOT_NL && r == '\n');
                }
                pos += width;
                pc = in->out;
                break;
            }
            case CAPTURE:
                if (arg) { /* what followed is done: the old value again */
                    b->caps.p[in->arg] = pos;
                    go_on = false;
                    break;
                }
                if (in->arg < (uint64_t)b->caps.len) {
                    push(m, b, (Job){pc, true, b->caps.p[in->arg]});
                    b->caps.p[in->arg] = pos;
                }
                pc = in->out;
                break;
            case EMPTY_WIDTH: {
                int32_t before = -1, after = -1;
                if (pos > 0 && pos <= n) utf8_decode_last_go(text, (uint64_t)pos, &before);
                if (pos >= 0 && pos < n) utf8_decode_go(text + pos, (uint64_t)(n - pos), &after);
                go_on = empty_holds((uint8_t)in->arg, before, after);
                pc = in->out;
                break;
            }
            case NOP: pc = in->out; break;
            case MATCH: {
                go_on = false;
                if (!b->caps.len) {
                    matched = true;
                    goto done;
                }
                if (b->caps.len > 1) b->caps.p[1] = pos;
                int64_t old = b->matchcaps.p[1];
                if (old == -1 || (re->longest && pos > 0 && pos > old)) {
                    int64_t k = b->matchcaps.len < b->caps.len ? b->matchcaps.len : b->caps.len;
                    memcpy(b->matchcaps.p, b->caps.p, (size_t)k * 8);
                }
                if (!re->longest || pos == b->end) {
                    matched = true;
                    goto done;
                }
                break;
            }
            default: bug("regexp: instruction %d", in->op);
            }
        } while (go_on && visit(b, pc, pos));
    }
    matched = re->longest && b->matchcaps.len > 1 && b->matchcaps.p[1] >= 0;
done:
    args[6] = matched;
    return RT_OK;
}
