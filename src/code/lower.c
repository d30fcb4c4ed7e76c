/* lower: an emitter for each SSA op: constants, arithmetic, comparisons, conversions, strings, aggregates. The
 * rest is in lower_mem.c (memory, slices, maps, interfaces) and lower_call.c (calls, goroutines, channels). */
#include "code/code_int.h"

BcOp bc_ext_op(const IrType *t) {
    if (t->rep != REP_INT || t->is_bool) return BC_NOP;
    switch (t->size) {
    case 1: return t->is_signed ? BC_EXT8S : BC_EXT8U;
    case 2: return t->is_signed ? BC_EXT16S : BC_EXT16U;
    case 4: return t->is_signed ? BC_EXT32S : BC_EXT32U;
    default: return BC_NOP;
    }
}

/* Emits a op b for ints with the result normalised to type t. op32: forms for int32 and uint32 or BC_NOP. */
static void arith(Sel *s, const IrType *t, BcOp op, BcOp op32s, BcOp op32u, int d, int b, int c) {
    if (t->rep == REP_INT && t->size == 4 && op32s != BC_NOP) {
        emit_abc(s, t->is_signed ? op32s : op32u, d, b, c);
        return;
    }
    emit_abc(s, op, d, b, c);
    BcOp ext = bc_ext_op(t);
    if (ext != BC_NOP) emit_abc(s, ext, d, d, 0);
}

static bool is_imm(Sel *s, ValueId id, uint32_t i, int64_t *c) {
    ValueId a = sel_val(s, id)->args[i];
    return s->v[a].place == PLACE_CONST && sel_arg_folds(s, id, i) && sel_const_int(s, a, c);
}

static void lower_int(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    const IrType *t = v->type;
    ValueId x = v->args[0], y = v->args[1];
    int d = dst(s, id);
    int64_t c;
    bool sgn = t->rep == REP_INT && t->is_signed;
    if (is_imm(s, id, 0, &c)) { /* constant first */
        if (v->op == IR_SUB) {
            emit_abc(s, BC_RSUBI, d, reg(s, y), (int)c);
            BcOp ext = bc_ext_op(t);
            if (ext != BC_NOP) emit_abc(s, ext, d, d, 0);
            return;
        }
        ValueId z = x;
        x = y;
        y = z;
    } else if (!is_imm(s, id, 1, &c)) {
        int b = reg(s, x), r = reg(s, y);
        const IrType *ct = sel_val(s, y)->type;
        switch (v->op) {
        case IR_ADD: arith(s, t, BC_ADD, BC_ADD32S, BC_ADD32U, d, b, r); return;
        case IR_SUB: arith(s, t, BC_SUB, BC_SUB32S, BC_SUB32U, d, b, r); return;
        case IR_MUL: arith(s, t, BC_MUL, BC_MUL32S, BC_MUL32U, d, b, r); return;
        case IR_AND: emit_abc(s, BC_AND, d, b, r); return;
        case IR_OR: emit_abc(s, BC_OR, d, b, r); return;
        case IR_XOR: emit_abc(s, BC_XOR, d, b, r); return;
        case IR_ANDNOT: emit_abc(s, BC_ANDN, d, b, r); return;
        case IR_DIV: arith(s, t, sgn ? BC_DIVS : BC_DIVU, BC_NOP, BC_NOP, d, b, r); return;
        case IR_MOD: emit_abc(s, sgn ? BC_MODS : BC_MODU, d, b, r); return;
        case IR_SHL: case IR_SHR:
            if (ct->is_signed && !(v->flags & IRF_INBOUNDS)) emit_abc(s, BC_CHKSHIFT, r, 0, 0);
            if (v->op == IR_SHL) arith(s, t, BC_SHL, BC_SHL32S, BC_SHL32U, d, b, r);
            else emit_abc(s, sgn ? BC_SAR : BC_SHR, d, b, r);
            return;
        default: bug("integer op %s", ir_op_info[v->op].name);
        }
    }
    int b = reg(s, x), i = (int)c;
    switch (v->op) {
    case IR_ADD: arith(s, t, BC_ADDI, BC_ADDI32S, BC_ADDI32U, d, b, i); return;
    case IR_SUB: arith(s, t, BC_ADDI, BC_ADDI32S, BC_ADDI32U, d, b, -i); return;
    case IR_MUL: arith(s, t, BC_MULI, BC_MULI32S, BC_MULI32U, d, b, i); return;
    case IR_AND: emit_abc(s, BC_ANDI, d, b, i); return;
    case IR_OR: emit_abc(s, BC_ORI, d, b, i); return;
    case IR_XOR: emit_abc(s, BC_XORI, d, b, i); return;
    case IR_ANDNOT: emit_abc(s, BC_ANDI, d, b, ~i); return;
    case IR_DIV: case IR_MOD:
        if (sgn && i > 1 && !(i & (i - 1))) {
            emit_abc(s, v->op == IR_DIV ? BC_DIVP2 : BC_MODP2, d, b, __builtin_ctz((unsigned)i));
            return;
        }
        break;
    default: break;
    }
    switch (v->op) {
    case IR_DIV: emit_abc(s, sgn ? BC_DIVSI : BC_DIVUI, d, b, i); return;
    case IR_MOD: emit_abc(s, sgn ? BC_MODSI : BC_MODUI, d, b, i); return;
    case IR_SHL: arith(s, t, BC_SHLI, BC_SHLI32S, BC_SHLI32U, d, b, i); return;
    case IR_SHR: emit_abc(s, sgn ? BC_SARI : BC_SHRI, d, b, i); return;
    default: bug("integer op %s", ir_op_info[v->op].name);
    }
}

static void lower_compare(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    ValueId x = v->args[0], y = v->args[1];
    const IrType *t = sel_val(s, x)->type;
    int d = dst(s, id), op = v->op;
    int64_t c;
    switch ((IrRep)t->rep) {
    case REP_NONE: emit_int(s, d, op == IR_EQ || op == IR_LE || op == IR_GE); return;
    case REP_F64: case REP_F32: case REP_STR: {
        if (t->rep == REP_STR && (op == IR_EQ || op == IR_NE)) {
            bool xe = s->v[x].place == PLACE_CONST && sel_arg_folds(s, id, 0);
            bool ye = !xe && s->v[y].place == PLACE_CONST && sel_arg_folds(s, id, 1);
            if (xe || ye) {
                emit_abc(s, op == IR_EQ ? BC_EQI : BC_NEI, d, reg(s, xe ? y : x) + 1, 0);
                return;
            }
        }
        if (op == IR_GT || op == IR_GE) {
            ValueId z = x;
            x = y;
            y = z;
            op = op == IR_GT ? IR_LT : IR_LE;
        }
        BcOp base = t->rep == REP_F64 ? BC_EQF64 : t->rep == REP_F32 ? BC_EQF32 : BC_EQSTR;
        emit_abc(s, (BcOp)(base + (op - IR_EQ)), d, reg(s, x), reg(s, y));
        return;
    }
    case REP_C64: case REP_C128:
        emit_abc(s, t->rep == REP_C64 ? BC_EQC64 : BC_EQC128, d, reg(s, x), reg(s, y));
        if (op == IR_NE) emit_abc(s, BC_NOT, d, d, 0);
        return;
    case REP_INT: case REP_PTR: break;
    default: bug("comparison of rep %d", t->rep);
    }
    bool sgn = t->rep == REP_INT && t->is_signed;
    bool imm0 = is_imm(s, id, 0, &c), imm1 = !imm0 && is_imm(s, id, 1, &c);
    if (imm0) {
        static const uint8_t mirror[] = {IR_EQ, IR_NE, IR_GT, IR_GE, IR_LT, IR_LE};
        op = mirror[op - IR_EQ];
        x = y;
    }
    if (imm0 || imm1) {
        static const BcOp si[] = {BC_EQI, BC_NEI, BC_LTSI, BC_LESI, BC_GTSI, BC_GESI};
        static const BcOp ui[] = {BC_EQI, BC_NEI, BC_LTUI, BC_LEUI, BC_GTUI, BC_GEUI};
        emit_abc(s, (sgn ? si : ui)[op - IR_EQ], d, reg(s, x), (int)c);
        return;
    }
    if (op == IR_GT || op == IR_GE) {
        ValueId z = x;
        x = y;
        y = z;
        op = op == IR_GT ? IR_LT : IR_LE;
    }
    static const BcOp sr[] = {BC_EQ, BC_NE, BC_LTS, BC_LES}, ur[] = {BC_EQ, BC_NE, BC_LTU, BC_LEU};
    emit_abc(s, (sgn ? sr : ur)[op - IR_EQ], d, reg(s, x), reg(s, y));
}

static void lower_conv(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    const IrType *to = v->type, *from = sel_val(s, v->args[0])->type;
    int d = dst(s, id), b = reg(s, v->args[0]);
    bool uns = from->rep == REP_PTR || !from->is_signed;
    switch ((IrRep)to->rep) {
    case REP_INT:
        if (from->rep == REP_F64 || from->rep == REP_F32) {
            bool f64 = from->rep == REP_F64, big = !to->is_signed && to->size == 8;
            emit_abc(s, f64 ? big ? BC_F64TOU : BC_F64TOS : big ? BC_F32TOU : BC_F32TOS, d, b, 0);
            BcOp ext = bc_ext_op(to);
            if (ext != BC_NOP) emit_abc(s, ext, d, d, 0);
        } else emit_ext(s, to, d, b);
        return;
    case REP_PTR: emit_mov(s, d, b, 1); return;
    case REP_F64: case REP_F32: {
        bool f64 = to->rep == REP_F64;
        if (from->rep == REP_F32 || from->rep == REP_F64) {
            emit_abc(s, f64 ? BC_F32TOF64 : BC_F64TOF32, d, b, 0);
            return;
        }
        bool u64 = uns && from->size == 8;
        emit_abc(s, f64 ? u64 ? BC_UTOF64 : BC_STOF64 : u64 ? BC_UTOF32 : BC_STOF32, d, b, 0);
        return;
    }
    case REP_C128: emit_abc(s, BC_C64TOC128, d, b, 0); return;
    case REP_C64: emit_abc(s, BC_C128TOC64, d, b, 0); return;
    default: emit_mov(s, d, b, (int)to->nslots); return;
    }
}

/* ---- Parts of aggregates ----------------------------------------------------------------------------- */

/* Puts value v at byte offset off of an aggregate in slots from `at`. */
void put_part(Sel *s, ValueId v, int at, int64_t off) {
    const IrType *t = sel_val(s, v)->type;
    if (!t->nslots || s->v[v].place == PLACE_NONE) return;
    if (off % 8 == 0 && t->size % 8 == 0) {
        Moves m = {0};
        moves_add(s, &m, v, at + (int)(off / 8));
        emit_moves(s, &m);
        return;
    }
    int r;
    if (s->v[v].place == PLACE_CONST) {
        r = tmp(s, (int)t->nslots);
        emit_const(s, v, r);
    } else r = reg(s, v);
    int64_t byte = (int64_t)at * 8 + off;
    switch (mem_kind(t)) {
    case MEM_8S: case MEM_8U: emit_ai(s, BC_STL8, r, byte); break;
    case MEM_16S: case MEM_16U: emit_ai(s, BC_STL16, r, byte); break;
    case MEM_32S: case MEM_32U: emit_ai(s, BC_STL32, r, byte); break;
    case MEM_64: emit_ai(s, BC_STL64, r, byte); break;
    default:
        emit_abc(s, BC_MOVB, 0, 0, (int)t->size);
        check(t->size <= 0xffff);
        emit_extra(s, (uint64_t)(uint32_t)byte | (uint64_t)(uint32_t)(r * 8) << 32);
    }
}

/* Reads a value of type t at byte offset off of slots from `at`. */
void get_part(Sel *s, const IrType *t, int d, int at, int64_t off) {
    if (!t->nslots) return;
    if (off % 8 == 0 && t->size % 8 == 0) {
        emit_mov(s, d, at + (int)(off / 8), (int)t->nslots);
        return;
    }
    MemKind k = mem_kind(t);
    int64_t byte = (int64_t)at * 8 + off;
    if (k <= MEM_64) {
        emit_ai(s, (BcOp)(BC_LDL8S + k), d, byte);
        return;
    }
    emit_ai(s, BC_LDI, d + (int)t->nslots - 1, 0); /* the tail is zero */
    emit_abc(s, BC_MOVB, 0, 0, (int)t->size);
    emit_extra(s, (uint64_t)(uint32_t)(d * 8) | (uint64_t)(uint32_t)byte << 32);
}

static void lower_agg(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    const IrType *t = v->type;
    int d = dst(s, id);
    if (v->op == IR_AGGGET) {
        get_part(s, t, d, reg(s, v->args[0]), v->aux2);
        return;
    }
    if (v->op == IR_AGGSET) {
        if (s->v[v->args[0]].place == PLACE_CONST) emit_const(s, v->args[0], d);
        else emit_mov(s, d, reg(s, v->args[0]), (int)t->nslots);
        put_part(s, v->args[1], d, v->aux2);
        return;
    }
    const int64_t *offs = v->aux.p;
    uint64_t covered = 0;
    for (uint32_t i = 0; i < v->nargs; i++) {
        const IrType *at = sel_val(s, v->args[i])->type;
        if (offs[i] % 8 == 0 && at->size % 8 == 0) covered += at->nslots;
    }
    if (covered < t->nslots) {
        if (t->nslots == 1) emit_ai(s, BC_LDI, d, 0);
        else emit_ai(s, BC_ZERON, d, t->nslots);
    }
    for (uint32_t i = 0; i < v->nargs; i++) put_part(s, v->args[i], d, offs[i]);
}

static bool plain_slot(IrVar *var, const IrType *t, int64_t off) {
    return off == 0 && !var->addressed && var->type->rep != REP_AGG && var->type->nslots == t->nslots;
}

static void lower_local(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    IrVar *var = v->aux.var;
    int at = sel_var_slot(s, var);
    switch (v->op) {
    case IR_LOCALGET:
        if (plain_slot(var, v->type, v->aux2)) emit_mov(s, dst(s, id), at, (int)v->type->nslots);
        else get_part(s, v->type, dst(s, id), at, v->aux2);
        break;
    case IR_LOCALSET: {
        const IrType *t = sel_val(s, v->args[0])->type;
        if (plain_slot(var, t, v->aux2) || (v->aux2 == 0 && t->size == var->type->size)) {
            Moves m = {0};
            moves_add(s, &m, v->args[0], at);
            emit_moves(s, &m);
        } else put_part(s, v->args[0], at, v->aux2);
        break;
    }
    default:
        if (var->type->nslots == 1) emit_ai(s, BC_LDI, at, 0);
        else if (var->type->nslots) emit_ai(s, BC_ZERON, at, var->type->nslots);
    }
}

/* ---- Dispatch -------------------------------------------------------------------------------------------- */

static void lower_float(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    int d = dst(s, id), x = reg(s, v->args[0]), y = v->nargs > 1 ? reg(s, v->args[1]) : 0;
    static const BcOp f64[] = {BC_ADDF64, BC_SUBF64, BC_MULF64, BC_DIVF64, BC_NEGF64};
    static const BcOp f32[] = {BC_ADDF32, BC_SUBF32, BC_MULF32, BC_DIVF32, BC_NEGF32};
    static const BcOp c128[] = {BC_ADDC128, BC_SUBC128, BC_MULC128, BC_DIVC128, BC_NEGC128};
    static const BcOp c64[] = {BC_ADDC64, BC_SUBC64, BC_MULC64, BC_DIVC64, BC_NEGC64};
    if (v->op >= IR_CADD) emit_abc(s, (v->type->rep == REP_C64 ? c64 : c128)[v->op - IR_CADD], d, x, y);
    else emit_abc(s, (v->type->rep == REP_F32 ? f32 : f64)[v->op - IR_FADD], d, x, y);
}

void lower_inst(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    if (v->op == IR_ZERO) return; /* of nothing: the others are constants */
    switch (v->op) {
    case IR_ZERO: return; /* of a type without slots */
    case IR_LOCALGET: case IR_LOCALSET: case IR_LOCALZERO: lower_local(s, id); return;
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_DIV: case IR_MOD: case IR_AND: case IR_OR: case IR_XOR:
    case IR_ANDNOT: case IR_SHL: case IR_SHR: lower_int(s, id); return;
    case IR_NEG: case IR_COM: {
        int d = dst(s, id);
        emit_abc(s, v->op == IR_NEG ? BC_NEG : BC_COM, d, reg(s, v->args[0]), 0);
        BcOp ext = bc_ext_op(v->type);
        if (ext != BC_NOP && !(v->op == IR_COM && v->type->is_signed)) emit_abc(s, ext, d, d, 0);
        return;
    }
    case IR_NOT: emit_abc(s, BC_NOT, dst(s, id), reg(s, v->args[0]), 0); return;
    case IR_CONV: lower_conv(s, id); return;
    case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV: case IR_FNEG:
    case IR_CADD: case IR_CSUB: case IR_CMUL: case IR_CDIV: case IR_CNEG: lower_float(s, id); return;
    case IR_CMAKE:
        if (v->type->rep == REP_C64) emit_abc(s, BC_MAKEC64, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        else goto make;
        return;
    case IR_CREAL: emit_abc(s, BC_REALC64, dst(s, id), reg(s, v->args[0]), 0); return;
    case IR_CIMAG: emit_abc(s, BC_IMAGC64, dst(s, id), reg(s, v->args[0]), 0); return;
    case IR_EQ: case IR_NE: case IR_LT: case IR_LE: case IR_GT: case IR_GE: lower_compare(s, id); return;
    case IR_IFACEEQ:
        emit_abc(s, sel_val(s, v->args[0])->type->eface ? BC_EQEFACE : BC_EQIFACE, dst(s, id), reg(s, v->args[0]),
                 reg(s, v->args[1]));
        return;
    case IR_MEMEQ:
        emit_abc(s, BC_MEMEQ, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        emit_type(s, v->aux.t);
        return;
    case IR_STRMAKE: case IR_SLICEMAKE: case IR_IFACEMAKE:
    make: {
        Moves m = {0};
        int d = dst(s, id);
        for (uint32_t i = 0; i < v->nargs; i++) moves_add(s, &m, v->args[i], d + (int)i);
        emit_moves(s, &m);
        return;
    }
    case IR_AGGMAKE: case IR_AGGGET: case IR_AGGSET: lower_agg(s, id); return;
    case IR_STRINDEX:
        emit_index_sign(s, v->args[1]);
        emit_abc(s, BC_LDX8U, dst(s, id), reg(s, v->args[0]), reg(s, v->args[1]));
        return;
    case IR_STRCONCAT: {
        Moves m = {0};
        int d = dst(s, id);
        for (uint32_t i = 0; i < v->nargs; i++) moves_add(s, &m, v->args[i], s->out_base + (int)i * 2);
        emit_moves(s, &m);
        int at = sel_region_slot(s, id);
        emit_abc(s, at < 0 ? BC_CONCAT : BC_CONCATTMP, d, s->out_base, (int)v->nargs);
        if (at >= 0) emit_extra(s, (uint64_t)at);
        emit_safe(s, id);
        return;
    }
    case IR_STRDECODE: {
        ValInfo *vi = &s->v[id];
        int t = tmp(s, 2);
        emit_abc(s, BC_STRRUNE, t, reg(s, v->args[0]), reg(s, v->args[1]));
        for (int i = 0; i < vi->nresults; i++)
            if (vi->results[i]) emit_mov(s, dst(s, vi->results[i]), t + i, 1);
        return;
    }
    case IR_STRFROMBYTES: case IR_BYTESFROMSTR: case IR_STRFROMRUNES: case IR_RUNESFROMSTR: case IR_STRFROMRUNE: {
        BcOp op = v->op == IR_STRFROMBYTES ? BC_STRFROMBYTES : v->op == IR_BYTESFROMSTR ? BC_BYTESFROMSTR
                : v->op == IR_STRFROMRUNES ? BC_STRFROMRUNES : v->op == IR_RUNESFROMSTR ? BC_RUNESFROMSTR
                                                                                        : BC_STRFROMRUNE;
        int at = sel_region_slot(s, id);
        emit_abc(s, op, dst(s, id), reg(s, v->args[0]), at < 0 ? 0 : at);
        emit_safe(s, id);
        return;
    }
    default: break;
    }
    if (lower_mem(s, id) || lower_call(s, id)) return;
    bug("no lowering of %s", ir_op_info[v->op].name);
}
