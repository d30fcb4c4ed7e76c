/* The SSA verifier: run after the builder and between passes in debug builds, so that a broken rule is
 * reported where it was broken. Dominators by the iterative algorithm over reverse postorder. */
#include "ir/ir.h"

#include <stdlib.h>

typedef struct Verifier {
    IrFunc *f;
    const char *after;
    int *rpo_num; /* per block; -1: unreachable */
    BlockId *rpo;
    int nrpo;
    BlockId *idom;
    uint32_t
        *where; /* per value: position in its block + 1; block parameters 0; UINT32_MAX: nowhere */
} Verifier;

static void fail(Verifier *v, BlockId b, ValueId id, const char *what) {
    Buf text = {0};
    ir_print(&text, v->f);
    fprintf(stderr, "%s\n", text.data);
    bug("SSA of %.*s is broken after %s: block b%u, value v%u (%s): %s", STR_FMT(v->f->name),
        v->after, b, id,
        id && id < (ValueId)v->f->values.len ? ir_op_info[ir_val(v->f, id)->op].name : "-", what);
}

static void number_blocks(Verifier *v) {
    IrFunc *f = v->f;
    int n = f->blocks.len;
    for (int i = 0; i < n; i++) v->rpo_num[i] = -1;
    int *stack = malloc(sizeof(int) * (size_t)n * 2 + 16), sp = 0;
    BlockId *post = malloc(sizeof(BlockId) * (size_t)n + 16);
    int npost = 0;
    stack[sp++] = 0;
    stack[sp++] = 0;
    v->rpo_num[0] = 0;
    while (sp) {
        int next = stack[sp - 1], b = stack[sp - 2];
        IrBlock *bl = &f->blocks.at[b];
        if (next < bl->nsucc) {
            stack[sp - 1]++;
            BlockId to = bl->succ[next].to;
            if (v->rpo_num[to] < 0) {
                v->rpo_num[to] = 0;
                stack[sp++] = (int)to;
                stack[sp++] = 0;
            }
        } else {
            post[npost++] = (BlockId)b;
            sp -= 2;
        }
    }
    v->nrpo = npost;
    for (int i = 0; i < npost; i++) {
        v->rpo[i] = post[npost - 1 - i];
        v->rpo_num[v->rpo[i]] = i;
    }
    free(stack);
    free(post);
}

/* Works on rpo numbers: idom[i] of the block with rpo number i. The recover block is entered from outside;
 * it is treated as a second entry whose dominator is the entry block. */
static void dominators(Verifier *v) {
    IrFunc *f = v->f;
    int *idom = (int *)v->idom;
    for (int i = 0; i < v->nrpo; i++) idom[i] = -1;
    idom[0] = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < v->nrpo; i++) {
            IrBlock *bl = &f->blocks.at[v->rpo[i]];
            if (idom[i] < 0) continue;
            for (int k = 0; k < bl->nsucc; k++) {
                int s = v->rpo_num[bl->succ[k].to];
                if (!s) continue;
                int d = i;
                if (idom[s] >= 0) {
                    int a = idom[s];
                    while (a != d) {
                        while (a > d) a = idom[a];
                        while (d > a) d = idom[d];
                    }
                }
                if (idom[s] != d) {
                    idom[s] = d;
                    changed = true;
                }
            }
        }
    }
}

static bool dominates(Verifier *v, BlockId a, BlockId b) {
    int ra = v->rpo_num[a], rb = v->rpo_num[b];
    int *idom = (int *)v->idom;
    while (rb > ra) rb = idom[rb];
    return ra == rb;
}

static void check_use(Verifier *v, BlockId b, ValueId user, uint32_t user_pos, ValueId arg) {
    IrFunc *f = v->f;
    if (!arg || arg >= (ValueId)f->values.len) fail(v, b, user, "argument number out of range");
    if (v->where[arg] == UINT32_MAX) fail(v, b, user, "argument is in no block");
    IrValue *a = ir_val(f, arg);
    if (!a->type || (a->type->rep == REP_NONE && !(ir_op_info[a->op].effects & EFF_CALL) &&
                     a->op != IR_ZERO && !a->type->type))
        fail(v, b, user, "argument has no value");
    if (v->rpo_num[b] < 0) return; /* dominance means nothing in dead blocks */
    if (v->rpo_num[a->block] < 0) fail(v, b, user, "argument is defined in an unreachable block");
    if (a->block == b ? v->where[arg] >= user_pos : !dominates(v, a->block, b))
        fail(v, b, user, "argument does not dominate its use");
}

static bool rep_same(const IrType *a, const IrType *b) {
    if (a->rep != b->rep || a->nslots != b->nslots) return false;
    if (a->rep == REP_INT) return a->size == b->size && a->is_signed == b->is_signed;
    if (a->rep == REP_IFACE) return a->eface == b->eface;
    return true;
}

static bool optional_args(int op, int i) {
    return i > 0 && (op == IR_STRSLICE || op == IR_SLICESLICE || op == IR_ARRSLICE);
}

/* Types of operands and results, as far as each op fixes them. */
static void check_types(Verifier *v, BlockId b, ValueId id) {
    IrFunc *f = v->f;
    IrValue *x = ir_val(f, id);
    const IrType *a0 = x->nargs > 0 && x->args[0] ? ir_val(f, x->args[0])->type : NULL;
    const IrType *a1 = x->nargs > 1 && x->args[1] ? ir_val(f, x->args[1])->type : NULL;
#define NEED(c)                                                                                    \
    do {                                                                                           \
        if (!(c)) fail(v, b, id, "types do not fit: " #c);                                         \
    } while (0)
    switch ((IrOp)x->op) {
    case IR_ADD:
    case IR_SUB:
        NEED((a0->rep == REP_INT || a0->rep == REP_PTR) &&
             (a1->rep == REP_INT || a1->rep == REP_PTR));
        NEED(x->type->rep == REP_INT || x->type->rep == REP_PTR);
        break;
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_ANDNOT: NEED(a0->rep == REP_INT && rep_same(a0, a1) && rep_same(a0, x->type)); break;
    case IR_SHL:
    case IR_SHR: NEED(a0->rep == REP_INT && a1->rep == REP_INT && rep_same(a0, x->type)); break;
    case IR_NEG:
    case IR_COM: NEED(a0->rep == REP_INT && rep_same(a0, x->type)); break;
    case IR_NOT: NEED(a0->rep == REP_INT && a0->is_bool && x->type->is_bool); break;
    case IR_FADD:
    case IR_FSUB:
    case IR_FMUL:
    case IR_FDIV:
        NEED((a0->rep == REP_F32 || a0->rep == REP_F64) && rep_same(a0, a1) &&
             rep_same(a0, x->type));
        break;
    case IR_FNEG: NEED((a0->rep == REP_F32 || a0->rep == REP_F64) && rep_same(a0, x->type)); break;
    case IR_CADD:
    case IR_CSUB:
    case IR_CMUL:
    case IR_CDIV:
        NEED((a0->rep == REP_C64 || a0->rep == REP_C128) && rep_same(a0, a1) &&
             rep_same(a0, x->type));
        break;
    case IR_EQ:
    case IR_NE:
    case IR_LT:
    case IR_LE:
    case IR_GT:
    case IR_GE:
        NEED(a0->rep == a1->rep && a0->nslots == a1->nslots && a0->size == a1->size);
        NEED(x->type->is_bool && a0->rep != REP_SLICE && a0->rep != REP_AGG &&
             a0->rep != REP_IFACE);
        break;
    case IR_IFACEEQ:
        NEED(a0->rep == REP_IFACE && a1->rep == REP_IFACE && a0->eface == a1->eface);
        break;
    case IR_STRLEN:
    case IR_STRPTR: NEED(a0->rep == REP_STR); break;
    case IR_STRINDEX:
        NEED(a0->rep == REP_STR && a1->rep == REP_INT && x->type->rep == REP_INT);
        break;
    case IR_STRSLICE: NEED(a0->rep == REP_STR && x->type->rep == REP_STR); break;
    case IR_SLICEPTR:
    case IR_SLICELEN:
    case IR_SLICECAP: NEED(a0->rep == REP_SLICE); break;
    case IR_SLICESLICE: NEED(a0->rep == REP_SLICE && x->type->rep == REP_SLICE); break;
    case IR_ELEMADDR:
        NEED(a0->rep == REP_SLICE && a1->rep == REP_INT && x->type->rep == REP_PTR);
        break;
    case IR_ARRADDR:
        NEED(a0->rep == REP_PTR && a1->rep == REP_INT && x->type->rep == REP_PTR);
        break;
    case IR_LOAD:
    case IR_FIELDADDR:
    case IR_NILCHECK: NEED(a0->rep == REP_PTR); break;
    case IR_STORE:
        NEED(a0->rep == REP_PTR && x->aux.t && x->aux.t->rep == a1->rep &&
             x->aux.t->nslots == a1->nslots);
        break;
    case IR_MOVE: case IR_MOVESOME: NEED(a0->rep == REP_PTR && a1->rep == REP_PTR && x->aux.t); break;
    case IR_IFACETAB:
    case IR_IFACEDATA:
    case IR_IFACETYPE:
    case IR_ASSERTTYPE:
    case IR_ASSERTTYPEOK:
    case IR_ASSERTIFACE:
    case IR_ASSERTIFACEOK:
    case IR_CALLIFACE: NEED(a0->rep == REP_IFACE); break;
    case IR_PANIC: NEED(a0->rep == REP_IFACE && a0->eface); break;
    case IR_BR: NEED(a0->rep == REP_INT && a0->is_bool); break;
    case IR_SWITCH: NEED(a0->rep == REP_INT && x->aux2 + 1 == f->blocks.at[b].nsucc); break;
    case IR_CALLCLOSURE: NEED(a0->rep == REP_PTR); break;
    case IR_RESULT:
        NEED(a0->rep == REP_TUPLE && x->aux.i >= 0 && x->aux.i < a0->nelems);
        NEED(rep_same(a0->elems[x->aux.i], x->type));
        break;
    case IR_RET:
        if (x->nargs) {
            NEED((int)x->nargs == f->nresults);
            for (uint32_t i = 0; i < x->nargs; i++)
                NEED(rep_same(ir_val(f, x->args[i])->type, f->results[i]));
        } else NEED(!f->nresults || f->has_defer);
        break;
    case IR_PARAM:
        NEED(x->aux.i >= 0 && x->aux.i < f->nparams && rep_same(x->type, f->params[x->aux.i]));
        break;
    case IR_LOCALGET:
    case IR_LOCALSET:
    case IR_LOCALADDR:
    case IR_LOCALZERO:
        NEED(x->aux.var && x->aux.var->id < (uint32_t)f->vars.len &&
             f->vars.at[x->aux.var->id] == x->aux.var);
        break;
    case IR_STRCONST: NEED(x->aux.sym && x->type->rep == REP_STR); break;
    case IR_CALL:
    case IR_SYMADDR:
    case IR_CLOSURE: NEED(x->aux.sym); break;
    default: break;
    }
#undef NEED
}

static void check_block(Verifier *v, IrBlock *bl) {
    IrFunc *f = v->f;
    if (!bl->insts.len) fail(v, bl->id, 0, "empty block");
    for (int k = 0; k < bl->insts.len; k++) {
        ValueId id = bl->insts.at[k];
        IrValue *x = ir_val(f, id);
        bool last = k == bl->insts.len - 1, term = ir_op_info[x->op].effects & EFF_TERM;
        if (x->op == IR_BLOCKPARAM) fail(v, bl->id, id, "block parameter among the instructions");
        if (last != term)
            fail(v, bl->id, id,
                 last ? "block does not end in a terminator" : "terminator inside block");
        int want = ir_op_info[x->op].nargs;
        if (want >= 0 && (int)x->nargs != want) fail(v, bl->id, id, "wrong number of arguments");
        for (uint32_t i = 0; i < x->nargs; i++) {
            if (!x->args[i] && optional_args(x->op, (int)i)) continue;
            check_use(v, bl->id, id, v->where[id], x->args[i]);
        }
        check_types(v, bl->id, id);
        if (last) {
            int nsucc = x->op == IR_JUMP     ? 1
                        : x->op == IR_BR     ? 2
                        : x->op == IR_SWITCH ? (int)x->aux2 + 1
                                             : 0;
            if (bl->nsucc != nsucc) fail(v, bl->id, id, "wrong number of successors");
        }
    }
    ValueId term = vec_last(&bl->insts);
    for (int e = 0; e < bl->nsucc; e++) {
        IrBlock *to = &f->blocks.at[bl->succ[e].to];
        if (bl->succ[e].nargs != to->params.len)
            fail(v, bl->id, term, "edge arguments do not match the parameters");
        for (int i = 0; i < bl->succ[e].nargs; i++) {
            check_use(v, bl->id, term, UINT32_MAX - 1, bl->succ[e].args[i]);
            if (!rep_same(ir_val(f, bl->succ[e].args[i])->type, ir_val(f, to->params.at[i])->type))
                fail(v, bl->id, bl->succ[e].args[i],
                     "edge argument has another type than the parameter");
        }
    }
}

void ir_verify(IrFunc *f, const char *after) {
    Verifier v = {.f = f, .after = after};
    size_t nb = (size_t)f->blocks.len, nv = (size_t)f->values.len;
    if (!nb) fail(&v, 0, 0, "no blocks");
    v.rpo_num = malloc(sizeof(int) * nb);
    v.rpo = malloc(sizeof(BlockId) * nb);
    v.idom = malloc(sizeof(BlockId) * nb);
    v.where = malloc(sizeof(uint32_t) * nv);
    memset(v.where, 0xff, sizeof(uint32_t) * nv);
    for (size_t i = 0; i < nb; i++) {
        IrBlock *b = &f->blocks.at[i];
        if (b->id != i) fail(&v, (BlockId)i, 0, "block id differs from its index");
        for (int e = 0; e < b->nsucc; e++)
            if (b->succ[e].to >= nb) fail(&v, (BlockId)i, 0, "edge to a block that does not exist");
        for (int k = 0; k < b->params.len; k++) {
            ValueId id = b->params.at[k];
            if (!id || id >= nv || ir_val(f, id)->op != IR_BLOCKPARAM || ir_val(f, id)->block != i)
                fail(&v, (BlockId)i, id, "bad block parameter");
            v.where[id] = 0;
        }
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            if (!id || id >= nv) fail(&v, (BlockId)i, id, "instruction number out of range");
            if (v.where[id] != UINT32_MAX) fail(&v, (BlockId)i, id, "value stands in two places");
            if (ir_val(f, id)->block != i) fail(&v, (BlockId)i, id, "value's block field is wrong");
            v.where[id] = (uint32_t)k + 1;
        }
    }
    if (f->blocks.at[0].params.len) fail(&v, 0, 0, "entry block has parameters");
    number_blocks(&v);
    dominators(&v);
    for (int i = 0; i < f->blocks.len; i++) check_block(&v, &f->blocks.at[i]);
    free(v.rpo_num);
    free(v.rpo);
    free(v.idom);
    free(v.where);
}
