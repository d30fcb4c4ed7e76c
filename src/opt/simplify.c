/* simplify: constants, algebraic identities, parts of what was just put together. One walk in reverse
 * postorder, so that operands are simplified before their users. */
#include "opt/opt_int.h"

bool opt_const_int(Opt *o, ValueId id, int64_t *out) {
    IrValue *v = oval(o, opt_resolve(o, id));
    if (v->op == IR_CONST && v->type->rep == REP_INT) *out = v->aux.i;
    else if (v->op == IR_ZERO && v->type->rep == REP_INT) *out = 0;
    else return false;
    return true;
}

int64_t opt_wrap(const IrType *t, int64_t x) {
    if (t->rep != REP_INT) return x;
    switch (t->size) {
    case 1: return t->is_signed ? (int8_t)x : (int64_t)(uint8_t)x;
    case 2: return t->is_signed ? (int16_t)x : (int64_t)(uint16_t)x;
    case 4: return t->is_signed ? (int32_t)x : (int64_t)(uint32_t)x;
    default: return x;
    }
}

static void make_const(Opt *o, IrValue *v, int64_t x) {
    v->op = IR_CONST;
    v->nargs = 0;
    v->flags = 0;
    v->aux.i = opt_wrap(v->type, x);
    v->aux2 = 0;
    o->changed = true;
}

static bool fold_binary(int op, const IrType *t, int64_t a, int64_t b, int64_t *out) {
    bool sgn = t->is_signed;
    uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
    switch (op) {
    case IR_ADD: *out = (int64_t)(ua + ub); return true;
    case IR_SUB: *out = (int64_t)(ua - ub); return true;
    case IR_MUL: *out = (int64_t)(ua * ub); return true;
    case IR_AND: *out = a & b; return true;
    case IR_OR: *out = a | b; return true;
    case IR_XOR: *out = a ^ b; return true;
    case IR_ANDNOT: *out = a & ~b; return true;
    case IR_DIV:
        if (!b) return false;
        *out = sgn ? b == -1 ? (int64_t)(0 - ua) : a / b : (int64_t)(ua / ub);
        return true;
    case IR_MOD:
        if (!b) return false;
        *out = sgn ? b == -1 ? 0 : a % b : (int64_t)(ua % ub);
        return true;
    default: return false;
    }
}

static bool compare(int op, bool sgn, int64_t a, int64_t b) {
    uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
    switch (op) {
    case IR_EQ: return a == b;
    case IR_NE: return a != b;
    case IR_LT: return sgn ? a < b : ua < ub;
    case IR_LE: return sgn ? a <= b : ua <= ub;
    case IR_GT: return sgn ? a > b : ua > ub;
    default: return sgn ? a >= b : ua >= ub;
    }
}

/* Places a constant of type t before instruction *k of block b; returns its id. */
static ValueId new_const(Opt *o, IrBlock *b, int *k, const IrType *t, int64_t x, Pos pos) {
    IrFunc *f = o->f;
    ValueId id = ir_value_new(f, b->id, IR_CONST, t, pos, 0, NULL);
    b = &f->blocks.at[b->id];
    ir_val(f, id)->aux.i = opt_wrap(t, x);
    memmove(b->insts.at + *k + 1, b->insts.at + *k, sizeof(ValueId) * (size_t)(b->insts.len - 1 - *k));
    b->insts.at[*k] = id;
    ++*k;
    return id;
}

static bool is_power(int64_t c, int *shift) {
    if (c <= 0 || (c & (c - 1))) return false;
    *shift = __builtin_ctzll((uint64_t)c);
    return true;
}

static void simplify_int(Opt *o, ValueId id, IrBlock *b, int *k) {
    IrValue *v = oval(o, id);
    const IrType *t = v->type;
    if (t->rep != REP_INT) return;
    int64_t x, y, r;
    bool cx = opt_const_int(o, v->args[0], &x), cy = opt_const_int(o, v->args[1], &y);
    bool shift = v->op == IR_SHL || v->op == IR_SHR;
    if (shift) {
        const IrType *ct = oval(o, v->args[1])->type;
        if (!cy || (ct->is_signed && y < 0)) return;
        uint64_t n = (uint64_t)y;
        if (cx) {
            if (v->op == IR_SHL) r = n >= 64 ? 0 : (int64_t)((uint64_t)x << n);
            else if (t->is_signed) r = x >> (n > 63 ? 63 : n);
            else r = n >= 64 ? 0 : (int64_t)((uint64_t)x >> n);
            make_const(o, v, r);
        } else if (!n) opt_replace(o, id, v->args[0]);
        else v->flags |= IRF_INBOUNDS;
        return;
    }
    if (cx && cy) {
        if (fold_binary(v->op, t, x, y, &r)) make_const(o, v, r);
        return;
    }
    bool comm = v->op == IR_ADD || v->op == IR_MUL || v->op == IR_AND || v->op == IR_OR || v->op == IR_XOR;
    if (cx && comm) { /* constants to the right */
        ValueId z = v->args[0];
        v->args[0] = v->args[1];
        v->args[1] = z;
        cx = false;
        cy = true;
        y = x;
    }
    if (!cy) {
        if (v->args[0] == v->args[1]) {
            if (v->op == IR_SUB || v->op == IR_XOR || v->op == IR_ANDNOT) make_const(o, v, 0);
            else if (v->op == IR_AND || v->op == IR_OR) opt_replace(o, id, v->args[0]);
        }
        return;
    }
    int sh;
    switch (v->op) {
    case IR_ADD: case IR_SUB: {
        if (y == 0) {
            opt_replace(o, id, v->args[0]);
            return;
        }
        IrValue *a = oval(o, v->args[0]);
        int64_t c;
        if ((a->op == IR_ADD || a->op == IR_SUB) && a->type->rep == REP_INT && a->type->size == t->size &&
            a->type->is_signed == t->is_signed && opt_const_int(o, a->args[1], &c)) {
            int64_t sum = (a->op == IR_ADD ? c : -c) + (v->op == IR_ADD ? y : -y);
            ValueId base = a->args[0];
            ValueId cst = new_const(o, b, k, t, sum, v->pos);
            v = oval(o, id);
            v->op = IR_ADD;
            v->args[0] = base;
            v->args[1] = cst;
            o->changed = true;
        }
        return;
    }
    case IR_MUL:
        if (y == 1) opt_replace(o, id, v->args[0]);
        else if (y == 0) make_const(o, v, 0);
        return;
    case IR_OR: case IR_XOR: case IR_ANDNOT:
        if (y == 0) opt_replace(o, id, v->args[0]);
        return;
    case IR_AND:
        if (y == 0) make_const(o, v, 0);
        else if (y == -1 || (!t->is_signed && y == opt_wrap(t, -1))) opt_replace(o, id, v->args[0]);
        return;
    case IR_DIV:
        if (y == 1) opt_replace(o, id, v->args[0]);
        else if (y && !t->is_signed && is_power(y, &sh)) {
            ValueId cst = new_const(o, b, k, t, sh, v->pos);
            v = oval(o, id);
            v->op = IR_SHR;
            v->args[1] = cst;
            v->flags |= IRF_INBOUNDS;
        } else if (y) v->flags |= IRF_INBOUNDS;
        return;
    case IR_MOD:
        if (y && !t->is_signed && is_power(y, &sh)) {
            ValueId cst = new_const(o, b, k, t, y - 1, v->pos);
            v = oval(o, id);
            v->op = IR_AND;
            v->args[1] = cst;
        } else if (y) v->flags |= IRF_INBOUNDS;
        return;
    default: return;
    }
}

static void simplify_compare(Opt *o, ValueId id) {
    IrValue *v = oval(o, id);
    const IrType *t = oval(o, v->args[0])->type;
    int64_t x, y;
    if (t->rep == REP_INT) {
        bool cx = opt_const_int(o, v->args[0], &x), cy = opt_const_int(o, v->args[1], &y);
        if (cx && cy) make_const(o, v, compare(v->op, t->is_signed, x, y));
        else if (v->args[0] == v->args[1]) make_const(o, v, v->op == IR_EQ || v->op == IR_LE || v->op == IR_GE);
        else if (t->is_bool && cy && (v->op == IR_EQ || v->op == IR_NE)) {
            if ((v->op == IR_EQ) == (y != 0)) opt_replace(o, id, v->args[0]);
            else {
                v->op = IR_NOT;
                v->nargs = 1;
            }
        } else if (!t->is_signed && cy && y == 0 && (v->op == IR_LT || v->op == IR_GE)) make_const(o, v, v->op == IR_GE);
        return;
    }
    if (t->rep == REP_PTR && (v->op == IR_EQ || v->op == IR_NE)) {
        IrValue *a = oval(o, v->args[0]), *b = oval(o, v->args[1]);
        bool na = (a->op == IR_CONST && !a->aux.i) || a->op == IR_ZERO;
        bool nb = (b->op == IR_CONST && !b->aux.i) || b->op == IR_ZERO;
        bool xa = a->op == IR_SYMADDR || a->op == IR_LOCALADDR || a->op == IR_NEW || a->op == IR_CLOSURE;
        bool xb = b->op == IR_SYMADDR || b->op == IR_LOCALADDR || b->op == IR_NEW || b->op == IR_CLOSURE;
        if (v->args[0] == v->args[1] || (na && nb)) make_const(o, v, v->op == IR_EQ);
        else if ((na && xb) || (nb && xa)) make_const(o, v, v->op == IR_NE);
        else if (a->op == IR_SYMADDR && b->op == IR_SYMADDR && a->aux.sym == b->aux.sym && a->aux2 == b->aux2)
            make_const(o, v, v->op == IR_EQ);
    }
}

static bool rep_same(const IrType *a, const IrType *b) {
    return a->rep == b->rep && a->nslots == b->nslots && a->size == b->size &&
           (a->rep != REP_INT || a->is_signed == b->is_signed);
}

static bool zero_of(Opt *o, ValueId id, IrValue *v) { /* v is a part of a zero value */
    if (oval(o, id)->op != IR_ZERO) return false;
    v->op = IR_ZERO;
    v->nargs = 0;
    v->aux.i = v->aux2 = 0;
    o->changed = true;
    return true;
}

static void part_of_make(Opt *o, ValueId id, IrOp make, int k) {
    IrValue *v = oval(o, id), *a = oval(o, v->args[0]);
    if (a->op == make && (int)a->nargs > k) opt_replace(o, id, a->args[k]);
    else zero_of(o, v->args[0], v);
}

static void simplify_aggget(Opt *o, ValueId id) {
    IrValue *v = oval(o, id);
    for (;;) {
        IrValue *a = oval(o, opt_resolve(o, v->args[0]));
        int64_t lo = v->aux2, hi = lo + (int64_t)v->type->size;
        if (lo == 0 && rep_same(a->type, v->type)) {
            opt_replace(o, id, v->args[0]);
            return;
        }
        if (a->op == IR_AGGGET) {
            v->aux2 += a->aux2;
            v->args[0] = a->args[0];
            o->changed = true;
            continue;
        }
        if (a->op == IR_AGGSET) {
            const IrType *pt = oval(o, opt_resolve(o, a->args[1]))->type;
            int64_t plo = a->aux2, phi = plo + (int64_t)pt->size;
            if (hi <= plo || lo >= phi) {
                v->args[0] = a->args[0];
                o->changed = true;
                continue;
            }
            if (lo < plo || hi > phi) return;
            if (lo == plo && rep_same(pt, v->type)) {
                opt_replace(o, id, a->args[1]);
                return;
            }
            if (pt->rep != REP_AGG) return;
            v->aux2 -= plo;
            v->args[0] = a->args[1];
            o->changed = true;
            continue;
        }
        if (a->op == IR_AGGMAKE) {
            const int64_t *offs = a->aux.p;
            bool hit = false, inside = false;
            for (uint32_t i = 0; i < a->nargs; i++) {
                const IrType *pt = oval(o, opt_resolve(o, a->args[i]))->type;
                int64_t plo = offs[i], phi = plo + (int64_t)pt->size;
                if (!pt->size || hi <= plo || lo >= phi) continue;
                hit = true;
                if (lo == plo && rep_same(pt, v->type)) {
                    opt_replace(o, id, a->args[i]);
                    return;
                }
                if (lo >= plo && hi <= phi && pt->rep == REP_AGG) {
                    v->aux2 -= plo;
                    v->args[0] = a->args[i];
                    o->changed = inside = true;
                }
                break;
            }
            if (inside) continue;
            if (!hit) {
                v->op = IR_ZERO;
                v->nargs = 0;
                v->aux.i = v->aux2 = 0;
                o->changed = true;
            }
            return;
        }
        zero_of(o, v->args[0], v);
        return;
    }
}

static bool is_nonnil(Opt *o, ValueId p) {
    IrValue *v = oval(o, opt_resolve(o, p));
    switch (v->op) {
    case IR_NEW: case IR_LOCALADDR: case IR_SYMADDR: case IR_CLOSURE: case IR_FIELDADDR: case IR_ELEMADDR:
    case IR_ARRADDR: case IR_CTX: case IR_MAPADDR:
        return true;
    case IR_LOAD: return (v->flags & IRF_INBOUNDS) != 0;
    default: return false;
    }
}

static void simplify_conv(Opt *o, ValueId id) {
    IrValue *v = oval(o, id), *a = oval(o, v->args[0]);
    int64_t c;
    if (rep_same(v->type, a->type)) opt_replace(o, id, v->args[0]);
    else if (v->type->rep == REP_INT && opt_const_int(o, v->args[0], &c)) make_const(o, v, c);
    else if ((v->type->rep == REP_F64 || v->type->rep == REP_F32) && a->op == IR_FCONST) {
        double d = a->aux.f;
        v->op = IR_FCONST;
        v->nargs = 0;
        v->aux.f = v->type->rep == REP_F32 ? (double)(float)d : d;
        o->changed = true;
    }
}

static void simplify_value(Opt *o, ValueId id, IrBlock *b, int *k) {
    IrValue *v = oval(o, id);
    for (uint32_t i = 0; i < v->nargs; i++)
        if (v->args[i]) v->args[i] = opt_resolve(o, v->args[i]);
    IrValue *a = v->nargs ? oval(o, v->args[0]) : NULL;
    int64_t c;
    switch (v->op) {
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_DIV: case IR_MOD: case IR_AND: case IR_OR: case IR_XOR:
    case IR_ANDNOT: case IR_SHL: case IR_SHR: simplify_int(o, id, b, k); return;
    case IR_EQ: case IR_NE: case IR_LT: case IR_LE: case IR_GT: case IR_GE: simplify_compare(o, id); return;
    case IR_NEG:
        if (opt_const_int(o, v->args[0], &c)) make_const(o, v, (int64_t)(0 - (uint64_t)c));
        return;
    case IR_COM:
        if (opt_const_int(o, v->args[0], &c)) make_const(o, v, ~c);
        return;
    case IR_NOT:
        if (opt_const_int(o, v->args[0], &c)) make_const(o, v, !c);
        else if (a->op == IR_NOT) opt_replace(o, id, a->args[0]);
        return;
    case IR_CONV: simplify_conv(o, id); return;
    case IR_STRPTR: part_of_make(o, id, IR_STRMAKE, 0); return;
    case IR_STRLEN:
        if (a->op == IR_STRCONST) make_const(o, v, a->aux2);
        else part_of_make(o, id, IR_STRMAKE, 1);
        return;
    case IR_SLICEPTR: part_of_make(o, id, IR_SLICEMAKE, 0); return;
    case IR_SLICELEN:
        if (a->op == IR_MAKESLICE) opt_replace(o, id, a->args[0]);
        else part_of_make(o, id, IR_SLICEMAKE, 1);
        return;
    case IR_SLICECAP:
        if (a->op == IR_MAKESLICE) opt_replace(o, id, a->args[1]);
        else part_of_make(o, id, IR_SLICEMAKE, 2);
        return;
    case IR_IFACETAB: part_of_make(o, id, IR_IFACEMAKE, 0); return;
    case IR_IFACEDATA: part_of_make(o, id, IR_IFACEMAKE, 1); return;
    case IR_IFACETYPE:
        if (a->type->eface) part_of_make(o, id, IR_IFACEMAKE, 0);
        return;
    case IR_UNBOX:
        if (a->op == IR_BOX && rep_same(oval(o, a->args[0])->type, v->type)) opt_replace(o, id, a->args[0]);
        return;
    case IR_CREAL: part_of_make(o, id, IR_CMAKE, 0); return;
    case IR_CIMAG: part_of_make(o, id, IR_CMAKE, 1); return;
    case IR_AGGGET: simplify_aggget(o, id); return;
    case IR_LOAD: case IR_STORE: case IR_FIELDADDR: case IR_NILCHECK:
        if (is_nonnil(o, v->args[0])) v->flags |= IRF_NONNIL;
        return;
    default: return;
    }
}

void opt_simplify(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    opt_begin(o);
    for (int i = 0; i < o->nrpo; i++) {
        BlockId b = o->rpo[i];
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            ValueId id = f->blocks.at[b].insts.at[k];
            if (id < (ValueId)o->nrepl && o->repl[id]) continue;
            simplify_value(o, id, &f->blocks.at[b], &k);
        }
    }
    opt_apply(o);
}
