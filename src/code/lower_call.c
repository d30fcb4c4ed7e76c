/* lower_call: calls, goroutines, defer and panic, closures, channels, intrinsics. */
#include "code/code_int.h"

/* Moves the arguments from `first` on to slots from `at`. Returns the slot after them. */
static int place_args(Sel *s, IrValue *v, uint32_t first, int at) {
    Moves m = {0};
    for (uint32_t i = first; i < v->nargs; i++) {
        moves_add(s, &m, v->args[i], at);
        at += sel_nslots(s, v->args[i]);
    }
    emit_moves(s, &m);
    return at;
}

/* An operand that must survive the moves of arguments into the outgoing area. */
static int safe_reg(Sel *s, ValueId v, int n) {
    int r = reg(s, v);
    if (r < s->out_base) return r;
    int t = tmp(s, n);
    emit_mov(s, t, r, n);
    return t;
}

/* Fetches the results of a call that begin at slot `at`. */
static void take_results(Sel *s, ValueId id, int at) {
    IrValue *v = sel_val(s, id);
    if (!v->type) return;
    if (v->type->rep != REP_TUPLE) {
        if (sel_is_root(s, id) && s->v[id].slot >= 0) emit_mov(s, dst(s, id), at, (int)v->type->nslots);
        return;
    }
    for (int i = 0; i < v->type->nelems; i++) {
        ValueId r = i < s->v[id].nresults ? s->v[id].results[i] : 0;
        int n = (int)v->type->elems[i]->nslots;
        if (r && sel_is_root(s, r) && s->v[r].slot >= 0) emit_mov(s, dst(s, r), at, n);
        at += n;
    }
}

/* Whether a wrapper returns what this call of an interface's method does, and the arguments are its own parameters,
 * still in their slots: the method may then run in the wrapper's frame, and how many wrappers lie around a value
 * costs no stack and does not show in how long its frames take to walk. */
static bool is_tail_call(Sel *s, ValueId id) {
    IrFunc *f = s->f;
    IrValue *v = sel_val(s, id);
    if (!f->is_wrapper || f->has_ctx || f->has_defer || (int)v->nargs != f->nparams || f->params[0]->nslots != 1) return false;
    for (int i = 1; i < f->nparams; i++) {
        IrValue *a = sel_val(s, v->args[i]);
        if (!f->params[i]->nslots) continue;
        if (a->op != IR_PARAM || a->aux.i != i || reg(s, v->args[i]) != s->param_slots[i]) return false;
    }
    IrBlock *b = &f->blocks.at[v->block];
    uint32_t at = 0;
    while (b->insts.at[at] != id) at++;
    while (sel_val(s, b->insts.at[++at])->op == IR_RESULT) {}
    IrValue *ret = sel_val(s, b->insts.at[at]);
    if (ret->op != IR_RET || (int)ret->nargs != f->nresults) return false;
    for (int i = 0; i < f->nresults; i++) {
        IrValue *r = sel_val(s, ret->args[i]);
        if (v->type->rep != REP_TUPLE ? ret->args[i] != id : r->op != IR_RESULT || r->args[0] != id || r->aux.i != i)
            return false;
    }
    return true;
}

static void lower_plain_call(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    int base = s->out_base, at = base + FRAME_ARGS;
    switch (v->op) {
    case IR_CALL:
        at = place_args(s, v, 0, at);
        fuse_call(s, BC_CALL, base, 0);
        sym_set_func(v->aux.sym);
        emit_addr(s, v->aux.sym, 0);
        break;
    case IR_CALLCLOSURE: {
        int f = safe_reg(s, v->args[0], 1);
        at = place_args(s, v, 1, at);
        fuse_call(s, BC_CALLC, base, f);
        break;
    }
    default: {
        int f = safe_reg(s, v->args[0], 2);
        if (is_tail_call(s, id)) emit_abc(s, BC_TAILI, 0, f, (int)v->aux.i);
        at = place_args(s, v, 1, at + 1);
        emit_abc(s, BC_CALLI, base, f, (int)v->aux.i);
    }
    }
    emit_safe(s, id);
    take_results(s, id, at);
}

static void lower_closure(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    int d = dst(s, id);
    MapEntry *e = map_find_ptr(&s->regions, (void *)(uintptr_t)id);
    if (e) {
        int at = (int)e->num;
        Moves m = {0};
        int k = at + 1;
        for (uint32_t i = 0; i < v->nargs; i++) {
            moves_add(s, &m, v->args[i], k);
            k += sel_nslots(s, v->args[i]);
        }
        emit_moves(s, &m);
        emit_ai(s, BC_LDADDR, at, 0);
        emit_addr(s, v->aux.sym, 0);
        emit_ai(s, BC_LEAFP, d, (int64_t)at * 8);
        return;
    }
    int n = 0, base = s->out_base;
    for (uint32_t i = 0; i < v->nargs; i++) n += sel_nslots(s, v->args[i]);
    uint8_t *mask = arena_alloc(&s->arena, (size_t)n / 8 + 9);
    int w = 0;
    for (uint32_t i = 0; i < v->nargs; i++) {
        const IrType *t = sel_val(s, v->args[i])->type;
        for (uint32_t k = 0; k < t->nslots; k++, w++)
            if (t->has_ptrs && (t->ptrmask[k / 8] >> (k % 8) & 1)) mask[w / 8] |= (uint8_t)(1 << (w % 8));
    }
    if (v->nargs == 1 && s->v[v->args[0]].place != PLACE_CONST) base = reg(s, v->args[0]);
    else place_args(s, v, 0, base);
    emit_abc(s, n <= 64 ? BC_CLOSURE : BC_CLOSUREN, d, base, n);
    emit_addr(s, v->aux.sym, 0);
    if (n <= 64) {
        uint64_t word;
        memcpy(&word, mask, 8);
        emit_extra(s, word);
    } else {
        size_t bytes = ((size_t)n + 7) / 8;
        emit_addr(s, sym_string_bytes(s->u->syms, (Str){(char *)mask, bytes}), 0);
    }
    emit_safe(s, id);
}

static void clear(Sel *s, int at, int n) {
    if (n == 1) emit_ai(s, BC_LDI, at, 0);
    else if (n) emit_ai(s, BC_ZERON, at, n);
}

/* After a value of type t was written through the slot's address. */
static void extend(Sel *s, const IrType *t, int at) {
    BcOp op = bc_ext_op(t);
    if (op != BC_NOP && t->is_signed) emit_abc(s, op, at, at, 0);
}

static ValueId result(Sel *s, ValueId id, int i) {
    ValInfo *vi = &s->v[id];
    if (i >= vi->nresults || !vi->results[i] || s->v[vi->results[i]].place == PLACE_NONE) return 0;
    return vi->results[i];
}

static bool lower_chan(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    switch (v->op) {
    case IR_MAKECHAN:
        emit_abc(s, BC_MAKECHAN, dst(s, id), reg(s, v->args[0]), 0);
        emit_type(s, v->aux.t);
        break;
    case IR_SEND: emit_abc(s, BC_SEND, reg(s, v->args[0]), reg(s, v->args[1]), 0); break;
    case IR_RECV: {
        int n = (int)v->type->nslots, d = dst(s, id);
        clear(s, d, n);
        emit_abc(s, BC_RECV, d, reg(s, v->args[0]), 0);
        emit_safe(s, id);
        extend(s, v->type, d);
        return true;
    }
    case IR_RECVOK: {
        const IrType *t = v->type->elems[0];
        ValueId val = result(s, id, 0), ok = result(s, id, 1);
        int d = val ? dst(s, val) : tmp(s, t->nslots ? (int)t->nslots : 1), o = dst(s, ok);
        clear(s, d, (int)t->nslots);
        clear(s, o, 1);
        emit_abc(s, BC_RECVOK, d, reg(s, v->args[0]), o);
        emit_safe(s, id);
        extend(s, t, d);
        return true;
    }
    case IR_CHANCLOSE: emit_abc(s, BC_CHANCLOSE, reg(s, v->args[0]), 0, 0); break;
    case IR_CHANLEN: emit_abc(s, BC_CHANLEN, dst(s, id), reg(s, v->args[0]), 0); return true;
    case IR_CHANCAP: emit_abc(s, BC_CHANCAP, dst(s, id), reg(s, v->args[0]), 0); return true;
    case IR_SELECT: {
        IrSelect *sel = v->aux.p;
        int n = sel->ncases, t = tmp(s, 2);
        place_args(s, v, 0, s->out_base);
        emit_ai(s, BC_ZERON, t, 2);
        emit_abc(s, BC_SELECT, t, n ? s->out_base : t, n);
        emit_extra(s, sel->has_default);
        for (int w = 0; w < (n + 63) / 64; w++) {
            uint64_t bits = 0;
            for (int i = w * 64; i < n && i < w * 64 + 64; i++)
                if (sel->is_send[i]) bits |= 1ull << (i % 64);
            emit_extra(s, bits);
        }
        emit_safe(s, id);
        for (int i = 0; i < 2; i++) {
            ValueId r = result(s, id, i);
            if (r) emit_mov(s, dst(s, r), t + i, 1);
        }
        return true;
    }
    default: return false;
    }
    emit_safe(s, id);
    return true;
}

/* Loads of one word are atomic; where the machine keeps them in order they need no more than that. */
static bool plain_atomic_load(IrValue *v) {
#if defined(__x86_64__)
    return (v->aux.i == INTRIN_ATOMIC_LOAD8 || v->aux.i == INTRIN_ATOMIC_LOAD32 || v->aux.i == INTRIN_ATOMIC_LOAD64 ||
            v->aux.i == INTRIN_ATOMIC_LOADPTR) && v->type && v->type->nslots == 1;
#else
    return false;
#endif
}

static void lower_intrinsic(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    int b = s->out_base;
    bool pure = v->op == IR_PURE;
    int64_t count;
    if (pure && v->aux.i == INTRIN_SQRT) {
        emit_abc(s, BC_SQRTF64, dst(s, id), reg(s, v->args[0]), 0);
        return;
    }
    if (sel_rotates(s, id, &count)) {
        bool wide = v->aux.i == INTRIN_ROTL64;
        emit_abc(s, wide ? BC_ROTLI : BC_ROTLI32U, dst(s, id), reg(s, v->args[0]), (int)count & (wide ? 63 : 31));
        return;
    }
    if (plain_atomic_load(v)) {
        emit_abc(s, (BcOp)(BC_LD8S + mem_kind(v->type)), dst(s, id), reg(s, v->args[0]), 0);
        emit_safe(s, id);
        return;
    }
    if (v->nargs == 1) b = reg(s, v->args[0]);
    else place_args(s, v, 0, b);
    if (v->type && v->type->rep == REP_TUPLE) {
        int n = v->type->nelems, t = tmp(s, n);
        emit_abc(s, BC_INTR, t, b, (int)v->aux.i);
        if (!pure) emit_safe(s, id);
        for (int i = 0; i < n; i++) {
            ValueId r = result(s, id, i);
            if (r) emit_ext(s, v->type->elems[i], dst(s, r), t + i);
        }
        return;
    }
    int d = v->type && v->type->nslots ? dst(s, id) : tmp(s, 1);
    emit_abc(s, BC_INTR, d, b, (int)v->aux.i);
    if (!pure) emit_safe(s, id);
    if (v->type && v->type->rep == REP_INT && v->type->is_signed) emit_ext(s, v->type, d, d); /* others are as wanted */
}

bool lower_call(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    switch (v->op) {
    case IR_CALL: case IR_CALLCLOSURE: case IR_CALLIFACE: lower_plain_call(s, id); return true;
    case IR_GO: {
        int at = s->out_base + FRAME_ARGS;
        if (v->aux.sym) {
            int n = place_args(s, v, 0, at) - at;
            emit_abc(s, BC_GO, s->out_base, n, 0);
            emit_addr(s, v->aux.sym, 0);
        } else {
            int f = safe_reg(s, v->args[0], 1);
            int n = place_args(s, v, 1, at) - at;
            emit_abc(s, BC_GOC, s->out_base, f, n);
        }
        emit_safe(s, id);
        return true;
    }
    case IR_DEFER:
        if (v->nargs > 1) emit_abc(s, BC_DEFERTO, reg(s, v->args[0]), reg(s, v->args[1]), 0);
        else emit_abc(s, BC_DEFER, reg(s, v->args[0]), 0, 0);
        emit_safe(s, id);
        return true;
    case IR_FRAMETOKEN: emit_ai(s, BC_LEAFP, dst(s, id), 0); return true;
    case IR_DEFERRETURN:
        emit_ai(s, BC_DEFERRETURN, s->out_base, 0);
        emit_safe(s, id);
        emit_ai(s, BC_JMP, 0, -2); /* where a deferred closure returns to; skipped when none is left */
        return true;
    case IR_RECOVER:
        emit_ai(s, BC_RECOVER, s->v[id].uses ? dst(s, id) : tmp(s, 2), s->f->values.at[id].aux.i);
        emit_safe(s, id);
        return true;
    case IR_CLOSURE: lower_closure(s, id); return true;
    case IR_INTRINSIC: case IR_PURE: lower_intrinsic(s, id); return true;
    case IR_KEEPALIVE: return true;
    default: return lower_chan(s, id);
    }
}
