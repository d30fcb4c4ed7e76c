/* lower_mem: loads and stores, allocation, slices, interfaces, maps. */
#include "code/code_int.h"

MemKind mem_kind(const IrType *t) {
    switch ((IrRep)t->rep) {
    case REP_INT:
        switch (t->size) {
        case 1: return t->is_signed ? MEM_8S : MEM_8U;
        case 2: return t->is_signed ? MEM_16S : MEM_16U;
        case 4: return t->is_signed ? MEM_32S : MEM_32U;
        default: return MEM_64;
        }
    case REP_F32: return MEM_32U;
    case REP_PTR: case REP_F64: case REP_C64: return MEM_64;
    case REP_STR: case REP_IFACE: case REP_C128: return MEM_2;
    case REP_SLICE: return MEM_3;
    default:
        switch (t->size) {
        case 1: return MEM_8U;
        case 2: return MEM_16U;
        case 4: return MEM_32U;
        case 8: return MEM_64;
        case 16: return MEM_2;
        case 24: return MEM_3;
        default: return t->size % 8 ? MEM_B : MEM_N;
        }
    }
}

/* Index of a store in the order 8 16 32 64 P 2 2P 3 3P N NP B. */
static int store_index(MemKind k, bool ptr) {
    switch (k) {
    case MEM_8S: case MEM_8U: return 0;
    case MEM_16S: case MEM_16U: return 1;
    case MEM_32S: case MEM_32U: return 2;
    case MEM_64: return 3 + ptr;
    case MEM_2: return 5 + ptr;
    case MEM_3: return 7 + ptr;
    case MEM_N: return 9 + ptr;
    default: return 11;
    }
}

static uint64_t count_word(const IrType *t, MemKind k) { return k == MEM_B ? t->size : t->size / 8; }

/* A slot with the pointer of an Addr PTR or GLOBAL, its offset left in *off when it fits. */
static int pointer(Sel *s, const Addr *a, int *off) {
    if (a->kind == ADDR_GLOBAL) {
        int t = tmp(s, 1);
        emit_ai(s, BC_LDADDR, t, 0);
        emit_addr(s, a->sym, a->off);
        *off = 0;
        return t;
    }
    int b = reg(s, a->base);
    if (a->off >= 0 && a->off <= 0xffff) {
        *off = (int)a->off;
        return b;
    }
    int t = tmp(s, 1);
    emit_abc(s, BC_LEAFAR, t, b, 0);
    emit_extra(s, (uint64_t)a->off);
    *off = 0;
    return t;
}

static void load_from(Sel *s, int d, int p, int off, const IrType *t) {
    if (!t->nslots) return;
    MemKind k = mem_kind(t);
    emit_abc(s, (BcOp)(BC_LD8S + k), d, p, off);
    if (k >= MEM_N) emit_extra(s, count_word(t, k));
}

static void store_to(Sel *s, int r, int p, int off, const IrType *t, bool ptr) {
    if (!t->nslots) return;
    MemKind k = mem_kind(t);
    emit_abc(s, (BcOp)(BC_ST8 + store_index(k, ptr)), r, p, off);
    if (k >= MEM_N) emit_extra(s, count_word(t, k));
}

/* d = p ? *p : zero */
static void load_or_zero(Sel *s, int d, int p, const IrType *t) {
    if (!t->nslots) return;
    MemKind k = mem_kind(t);
    if (k <= MEM_3) {
        emit_abc(s, (BcOp)(BC_LDZ8S + k), d, p, 0);
    } else {
        emit_abc(s, BC_LDZB, d, p, 0);
        emit_extra(s, t->size);
    }
}

/* The line of an index check is that of the index expression. */
static void index_pos(Sel *s, const Addr *a, ValueId p) {
    if (a->kind < ADDR_SLICE) return;
    if (sel_val(s, p)->pos) s->pos = (struct WordPos){.pos = sel_val(s, p)->pos, .inl = sel_val(s, p)->inl};
    emit_index_sign(s, a->index);
}

static void lower_load(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    const IrType *t = v->type;
    Addr a = sel_addr(s, v->args[0], v->aux2);
    index_pos(s, &a, v->args[0]);
    if (!t->nslots) { /* only the nil check is left */
        if (a.kind == ADDR_PTR) emit_abc(s, BC_NILCHECK, reg(s, a.base), 0, 0);
        return;
    }
    int d = dst(s, id), off;
    MemKind k = mem_kind(t);
    switch (a.kind) {
    case ADDR_LOCAL: get_part(s, t, d, sel_var_slot(s, a.var), a.off); return;
    case ADDR_GLOBAL:
        if (k <= MEM_3) {
            emit_ai(s, (BcOp)(BC_LDG8S + k), d, 0);
            emit_addr(s, a.sym, a.off);
            return;
        }
        /* fallthrough */
    case ADDR_PTR: {
        int p = pointer(s, &a, &off);
        load_from(s, d, p, off, t);
        return;
    }
    case ADDR_SLICE: emit_abc(s, (BcOp)(BC_LDX8S + k), d, reg(s, a.base), reg(s, a.index)); return;
    case ADDR_ARRPTR: emit_abc(s, (BcOp)(BC_LDXA8S + k), d, reg(s, a.base), reg(s, a.index)); break;
    case ADDR_ARRLOCAL:
        emit_abc(s, (BcOp)(BC_LDXL8S + k), d, sel_var_slot(s, a.var) + (int)(a.off / 8), reg(s, a.index));
        break;
    }
    emit_extra(s, (uint64_t)a.len);
}

static void zero_memory(Sel *s, const Addr *a, const IrType *t) {
    int off, p = pointer(s, a, &off);
    if (off) {
        int q = tmp(s, 1);
        emit_abc(s, BC_LEA, q, p, off);
        p = q;
    }
    if (t->has_ptrs && (t->type || t->desc)) {
        emit_abc(s, BC_ZEROMEMT, p, 0, 0);
        emit_type(s, t);
    } else {
        emit_abc(s, BC_ZEROMEM, p, 0, 0);
        emit_extra(s, t->size);
    }
}

static void lower_store(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    ValueId x = v->args[1];
    const IrType *t = v->aux.t ? v->aux.t : sel_val(s, x)->type;
    Addr a = sel_addr(s, v->args[0], v->aux2);
    index_pos(s, &a, v->args[0]);
    if (!t->nslots) {
        if (a.kind == ADDR_PTR) emit_abc(s, BC_NILCHECK, reg(s, a.base), 0, 0);
        return;
    }
    MemKind k = mem_kind(t);
    bool ptr = t->has_ptrs && !(v->flags & IRF_NOWB);
    int off;
    if (a.kind == ADDR_LOCAL) {
        put_part(s, x, sel_var_slot(s, a.var), a.off);
        return;
    }
    if (sel_val(s, x)->op == IR_ZERO && t->nslots > 1) {
        zero_memory(s, &a, t);
        return;
    }
    int r = reg(s, x);
    switch (a.kind) {
    case ADDR_GLOBAL:
        if (k <= MEM_3) {
            int i = store_index(k, t->has_ptrs);
            emit_ai(s, (BcOp)(k == MEM_2 ? BC_STG2P : k == MEM_3 ? BC_STG3P : BC_STG8 + i), r, 0);
            emit_addr(s, a.sym, a.off);
            return;
        }
        /* fallthrough */
    case ADDR_PTR: {
        int p = pointer(s, &a, &off);
        store_to(s, r, p, off, t, ptr);
        return;
    }
    case ADDR_SLICE:
        emit_abc(s, (BcOp)(BC_STX8 + store_index(k, ptr)), r, reg(s, a.base), reg(s, a.index));
        return;
    case ADDR_ARRPTR:
        emit_abc(s, (BcOp)(BC_STXA8 + store_index(k, ptr)), r, reg(s, a.base), reg(s, a.index));
        break;
    default:
        emit_abc(s, (BcOp)(BC_STXL8 + store_index(k, false)), r, sel_var_slot(s, a.var) + (int)(a.off / 8),
                 reg(s, a.index));
    }
    emit_extra(s, (uint64_t)a.len);
}

/* ---- Slices ------------------------------------------------------------------------------------------------ */

/* An operand whose 64 bits are unsigned. */
static bool is_unsigned64(Sel *s, ValueId v) {
    const IrType *t = sel_val(s, v)->type;
    return t->rep == REP_INT && t->size == 8 && !t->is_signed && sel_val(s, v)->op != IR_CONST;
}

void emit_index_sign(Sel *s, ValueId index) { s->pos.index_unsigned = is_unsigned64(s, index); }

static uint64_t slice_bounds(Sel *s, IrValue *v, int nargs) {
    uint64_t w = 0, flags = 0;
    for (int i = 1; i < nargs; i++) {
        if (!v->args[i]) continue;
        w |= (uint64_t)(uint16_t)reg(s, v->args[i]) << ((i - 1) * 16);
        flags |= 1ull << (i - 1);
        if (is_unsigned64(s, v->args[i])) flags |= 8ull << (i - 1);
    }
    return w | flags << 48;
}

static void zero_slots(Sel *s, int at, int n) {
    if (n == 1) emit_ai(s, BC_LDI, at, 0);
    else if (n) emit_ai(s, BC_ZERON, at, n);
}

static bool lower_slice(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    switch (v->op) {
    case IR_SLICESLICE:
        if (v->aux.i >= 0 && v->aux.i <= 0xffff) {
            emit_abc(s, BC_SLICE, dst(s, id), reg(s, v->args[0]), (int)v->aux.i);
            emit_extra(s, slice_bounds(s, v, 4));
        } else {
            emit_abc(s, BC_SLICEFAR, dst(s, id), reg(s, v->args[0]), 0);
            emit_extra(s, slice_bounds(s, v, 4));
            emit_extra(s, (uint64_t)v->aux.i);
        }
        return true;
    case IR_STRSLICE:
        emit_abc(s, BC_SLICESTR, dst(s, id), reg(s, v->args[0]), 0);
        emit_extra(s, slice_bounds(s, v, 3));
        return true;
    case IR_ARRSLICE:
        emit_abc(s, BC_SLICEARR, dst(s, id), reg(s, v->args[0]), 0);
        emit_extra(s, slice_bounds(s, v, 4));
        emit_extra(s, (uint64_t)v->aux.i);
        emit_extra(s, (uint64_t)v->aux2);
        return true;
    case IR_ELEMADDR:
        emit_index_sign(s, v->args[1]);
        emit_abc(s, BC_EA, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        emit_extra(s, (uint64_t)v->aux.i);
        return true;
    case IR_ARRADDR:
        emit_index_sign(s, v->args[1]);
        if ((uint64_t)v->aux2 > UINT32_MAX || (uint64_t)v->aux.i > UINT32_MAX) { /* as a slice */
            int t = tmp(s, 2), p = reg(s, v->args[0]);
            emit_abc(s, BC_NILCHECK, p, 0, 0);
            emit_mov(s, t, p, 1);
            emit_int(s, t + 1, v->aux2);
            emit_abc(s, BC_EA, dst(s, id), t, reg(s, v->args[1]));
            emit_extra(s, (uint64_t)v->aux.i);
            return true;
        }
        emit_abc(s, BC_EAP, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        emit_extra(s, (uint64_t)v->aux2 | (uint64_t)v->aux.i << 32);
        return true;
    case IR_SLICETOARR:
        emit_abc(s, BC_SLICETOARR, dst(s, id), reg(s, v->args[0]), 0);
        emit_extra(s, (uint64_t)v->aux.i);
        return true;
    case IR_MAKESLICE: {
        int d = dst(s, id), at = sel_region_slot(s, id);
        if (at >= 0) {
            int64_t len, cap;
            if (!sel_const_int(s, v->args[0], &len) || !sel_const_int(s, v->args[1], &cap)) {
                uint32_t n;
                const uint8_t *mask;
                sel_noescape_region(s, id, &n, &mask);
                emit_abc(s, BC_MAKESLICETMP, d, reg(s, v->args[0]), reg(s, v->args[1]));
                emit_type(s, v->aux.t);
                emit_extra(s, (uint64_t)at | (uint64_t)n * 8 << 32);
                emit_safe(s, id);
                return true;
            }
            zero_slots(s, at, (int)((v->aux.t->size * (uint64_t)cap + 7) / 8));
            emit_ai(s, BC_LEAFP, d, (int64_t)at * 8);
            emit_int(s, d + 1, len);
            emit_int(s, d + 2, cap);
            return true;
        }
        emit_abc(s, BC_MAKESLICE, d, reg(s, v->args[0]), reg(s, v->args[1]));
        emit_type(s, v->aux.t);
        emit_safe(s, id);
        return true;
    }
    case IR_APPEND: {
        const IrType *t = v->aux.t;
        int d = dst(s, id), b = reg(s, v->args[0]);
        BcOp op = BC_APPEND;
        if (t->size == 1) op = BC_APPEND8;
        else if (t->size == 4) op = BC_APPEND32;
        else if (t->size == 8) op = BC_APPEND64;
        else if (t->size == 16) op = BC_APPEND2;
        if (v->nargs == 1) {
            emit_mov(s, d, b, 3);
            return true;
        }
        if (v->nargs > 2) {
            check(v->nargs <= 0x10000);
            emit_abc(s, BC_APPENDGROW, d, b, (int)v->nargs - 1);
            emit_type(s, t);
            emit_safe(s, id);
            b = d;
        }
        for (uint32_t i = 1; i < v->nargs; i++) {
            emit_abc(s, op, d, b, reg(s, v->args[i]));
            emit_type(s, t);
            emit_safe(s, id);
            b = d;
        }
        return true;
    }
    case IR_APPENDSLICE:
        emit_abc(s, BC_APPENDSLICE, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        emit_type(s, v->aux.t);
        emit_safe(s, id);
        return true;
    case IR_COPY:
        emit_abc(s, BC_COPY, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        emit_type(s, v->aux.t);
        return true;
    case IR_CLEARSLICE:
        emit_abc(s, BC_CLEARSLICE, reg(s, v->args[0]), 0, 0);
        emit_type(s, v->aux.t);
        return true;
    case IR_UNSAFESLICE:
        emit_abc(s, BC_UNSAFESLICE, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        emit_extra(s, v->aux.t->size);
        return true;
    case IR_UNSAFESTRING:
        emit_abc(s, BC_UNSAFESTR, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        return true;
    default: return false;
    }
}

/* ---- Interfaces ----------------------------------------------------------------------------------------------- */

static ValueId result(Sel *s, ValueId id, int i) {
    ValInfo *vi = &s->v[id];
    if (i >= vi->nresults || !vi->results[i] || s->v[vi->results[i]].place == PLACE_NONE) return 0;
    return vi->results[i];
}

static bool lower_iface(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    switch (v->op) {
    case IR_IFACETYPE: emit_abc(s, BC_IFACETYPE, dst(s, id), reg(s, v->args[0]), 0); return true;
    case IR_BOX: {
        const IrType *t = v->aux.t;
        int d = dst(s, id), at = sel_region_slot(s, id);
        if (at >= 0) {
            put_part(s, v->args[0], at, 0);
            emit_ai(s, BC_LEAFP, d, (int64_t)at * 8);
            return true;
        }
        BcOp op = t->rep == REP_STR ? BC_BOXSTR : t->size == 8 && !t->has_ptrs ? BC_BOX64 : BC_BOX;
        emit_abc(s, op, d, reg(s, v->args[0]), 0);
        emit_type(s, t);
        emit_safe(s, id);
        return true;
    }
    case IR_UNBOX: load_from(s, dst(s, id), reg(s, v->args[0]), 0, v->aux.t); return true;
    case IR_ASSERTTYPE: {
        const IrType *t = v->aux.t, *it = sel_val(s, v->args[0])->type;
        bool byaddr = v->flags & IRF_BYADDR;
        int a = t->nslots == 1 || byaddr ? dst(s, id) : tmp(s, 1);
        emit_abc(s, BC_ASSERTTYPE, a, reg(s, v->args[0]), it->eface);
        emit_type(s, t);
        emit_type(s, it);
        if (!byaddr && !sel_is_direct(t) && t->nslots && s->v[id].uses) load_from(s, dst(s, id), a, 0, t);
        return true;
    }
    case IR_ASSERTTYPEOK: {
        const IrType *t = v->aux.t, *it = sel_val(s, v->args[0])->type;
        ValueId val = result(s, id, 0), ok = result(s, id, 1);
        if (!val || !t->nslots) {
            emit_abc(s, BC_TYPEIS, dst(s, ok), reg(s, v->args[0]), it->eface);
            emit_type(s, t);
            return true;
        }
        bool byaddr = v->flags & IRF_BYADDR;
        int a = t->nslots == 1 || byaddr ? dst(s, val) : tmp(s, 1);
        emit_abc(s, BC_ASSERTTYPEOK, a, reg(s, v->args[0]), dst(s, ok));
        emit_type(s, t);
        emit_extra(s, it->eface);
        if (!byaddr && !sel_is_direct(t)) load_or_zero(s, dst(s, val), a, t);
        return true;
    }
    case IR_ASSERTIFACE: {
        const IrType *it = sel_val(s, v->args[0])->type;
        int d = dst(s, id), b = reg(s, v->args[0]);
        if (v->aux2 == 1 && v->type->eface) {
            if (it->eface) emit_mov(s, d, b, 2);
            else {
                emit_abc(s, BC_IFACETYPE, d, b, 0);
                emit_mov(s, d + 1, b + 1, 1);
            }
            return true;
        }
        emit_abc(s, BC_ASSERTIFACE, d, b, (int)it->eface | (v->aux2 == 1 ? 2 : 0));
        emit_type(s, v->aux.t);
        emit_safe(s, id);
        return true;
    }
    case IR_ASSERTIFACEOK: {
        const IrType *it = sel_val(s, v->args[0])->type;
        ValueId val = result(s, id, 0), ok = result(s, id, 1);
        int d = val ? dst(s, val) : tmp(s, 2);
        emit_abc(s, BC_ASSERTIFACEOK, d, reg(s, v->args[0]), dst(s, ok));
        emit_type(s, v->aux.t);
        emit_extra(s, it->eface);
        emit_safe(s, id);
        return true;
    }
    default: return false;
    }
}

/* ---- Maps ------------------------------------------------------------------------------------------------------- */

typedef enum KeyKind { KEY_ANY, KEY_32, KEY_64, KEY_STR } KeyKind;
static KeyKind key_kind(const IrType *t) {
    if (t->rep == REP_STR) return KEY_STR;
    if (t->rep == REP_PTR || (t->rep == REP_INT && t->size == 8)) return KEY_64;
    if (t->rep == REP_INT && t->size == 4) return KEY_32;
    return KEY_ANY;
}

static void map_get(Sel *s, IrValue *v, int a) {
    static const BcOp ops[] = {BC_MAPGET, BC_MAPGET32, BC_MAPGET64, BC_MAPGETSTR};
    emit_abc(s, ops[key_kind(sel_val(s, v->args[1])->type)], a, reg(s, v->args[0]), reg(s, v->args[1]));
    emit_type(s, v->aux.t);
}

static void map_set(Sel *s, ValueId id, int a) {
    IrValue *v = sel_val(s, id);
    static const BcOp ops[] = {BC_MAPSET, BC_MAPSET, BC_MAPSET64, BC_MAPSETSTR};
    emit_abc(s, ops[key_kind(sel_val(s, v->args[1])->type)], a, reg(s, v->args[0]), reg(s, v->args[1]));
    emit_type(s, v->aux.t);
    emit_safe(s, id);
}

static bool lower_map(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    int at;
    switch (v->op) {
    case IR_MAKEMAP:
        at = sel_region_slot(s, id);
        emit_abc(s, BC_MAKEMAP, dst(s, id), reg(s, v->args[0]), at < 0 ? 0 : at);
        emit_type(s, v->aux.t);
        uint32_t room = 0;
        const uint8_t *mask;
        if (at >= 0) sel_noescape_region(s, id, &room, &mask);
        emit_extra(s, (uint64_t)room * 8);
        emit_safe(s, id);
        return true;
    case IR_MAPGET: {
        if (v->flags & IRF_BYADDR) {
            map_get(s, v, dst(s, id));
            return true;
        }
        int t = tmp(s, 1);
        map_get(s, v, t);
        load_or_zero(s, dst(s, id), t, v->type);
        return true;
    }
    case IR_MAPGETOK: {
        ValueId val = result(s, id, 0), ok = result(s, id, 1);
        bool byaddr = val && (v->flags & IRF_BYADDR);
        int t = byaddr ? dst(s, val) : tmp(s, 1);
        map_get(s, v, t);
        if (val && !byaddr) load_or_zero(s, dst(s, val), t, sel_val(s, val)->type);
        if (ok) emit_abc(s, BC_NEI, dst(s, ok), t, 0);
        return true;
    }
    case IR_MAPSET: {
        int t = tmp(s, 1);
        map_set(s, id, t);
        const IrType *et = sel_val(s, v->args[2])->type;
        store_to(s, reg(s, v->args[2]), t, 0, et, et->has_ptrs);
        return true;
    }
    case IR_MAPADDR: map_set(s, id, dst(s, id)); return true;
    case IR_MAPDELETE:
        emit_abc(s, BC_MAPDELETE, reg(s, v->args[0]), reg(s, v->args[1]), 0);
        emit_type(s, v->aux.t);
        return true;
    case IR_MAPLEN: emit_abc(s, BC_MAPLEN, dst(s, id), reg(s, v->args[0]), 0); return true;
    case IR_MAPCLEAR:
        emit_abc(s, BC_MAPCLEAR, reg(s, v->args[0]), 0, 0);
        emit_type(s, v->aux.t);
        return true;
    case IR_MAPITERINIT:
        emit_abc(s, BC_MAPITERINIT, reg(s, v->args[0]), reg(s, v->args[1]), 0);
        emit_type(s, v->aux.t);
        return true;
    case IR_MAPITERNEXT: {
        ValueId key = result(s, id, 0), elem = result(s, id, 1);
        emit_abc(s, BC_MAPITERNEXT, dst(s, key), reg(s, v->args[0]), dst(s, elem));
        return true;
    }
    default: return false;
    }
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

bool lower_mem(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    switch (v->op) {
    case IR_LOAD: lower_load(s, id); return true;
    case IR_STORE: lower_store(s, id); return true;
    case IR_MOVE: case IR_MOVESOME: {
        int past = v->op == IR_MOVESOME ? emit_label_new(s) : -1;
        if (past >= 0) emit_jump(s, BC_JF, reg(s, v->args[1]), 0, past);
        if (v->aux.t->has_ptrs) {
            if (!v->aux.t->type && !v->aux.t->desc)
                bug("copy of pointers without a type, that is without a write barrier, in %.*s", STR_FMT(s->f->name));
            emit_abc(s, BC_MOVET, reg(s, v->args[0]), reg(s, v->args[1]), 0);
            emit_type(s, v->aux.t);
        } else {
            emit_abc(s, BC_MOVE, reg(s, v->args[0]), reg(s, v->args[1]), 0);
            emit_extra(s, v->aux.t->size);
        }
        if (past >= 0) emit_bind(s, past);
        return true;
    }
    case IR_ZEROMEM: {
        Addr a = {.kind = ADDR_PTR, .base = v->args[0], .off = v->aux2};
        zero_memory(s, &a, v->aux.t);
        return true;
    }
    case IR_FIELDADDR: {
        int d = dst(s, id), b = reg(s, v->args[0]);
        int64_t off = v->aux2;
        if ((v->flags & IRF_NONNIL) && off == 0) emit_mov(s, d, b, 1);
        else if ((v->flags & IRF_NONNIL) && off > 0 && off <= INT16_MAX) emit_abc(s, BC_ADDI, d, b, (int)off);
        else if (off >= 0 && off <= 0xffff) emit_abc(s, BC_LEA, d, b, (int)off);
        else {
            emit_abc(s, BC_LEAFAR, d, b, 0);
            emit_extra(s, (uint64_t)off);
        }
        return true;
    }
    case IR_NILCHECK: emit_abc(s, BC_NILCHECK, reg(s, v->args[0]), 0, 0); return true;
    case IR_NEW: {
        int d = dst(s, id), at = sel_region_slot(s, id);
        if (at >= 0) {
            zero_slots(s, at, (int)v->aux.t->nslots);
            emit_ai(s, BC_LEAFP, d, (int64_t)at * 8);
            return true;
        }
        emit_ai(s, BC_NEW, d, 0);
        emit_type(s, v->aux.t);
        emit_safe(s, id);
        return true;
    }
    default: return lower_slice(s, id) || lower_iface(s, id) || lower_map(s, id);
    }
}
