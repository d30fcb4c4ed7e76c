/* bigval: values too large for slots live in memory.
 *
 * After a function is built, each value of an aggregate type that irtype_is_big says is too large becomes a pointer to
 * memory that nobody writes any more: a load copies into a new object, a store copies out of it; parameters and
 * results of such types are passed as these pointers (f->params and f->results say so), by callers as by callees,
 * since all go by the type alone. What an interface holds is immutable, too, so boxes are shared. Variables of more
 * than BIG_VAR_SLOTS, and results of big types, move to an object that is allocated at entry. Instructions change in
 * place, so uses stay as they are. What remains (values sent to channels, keys of maps, captured values) is loaded
 * into the frame right before its use, as far as the frame holds it. lib/reflect/abi.go knows the limit as well. */
#include "ir/build_int.h"

enum { BIG_VAR_SLOTS = 8192 };

typedef struct Big {
    IrFunc *f;
    const IrType *ptr, *none;
    const IrType **was; /* per value that was there: its type when that is big, or NULL */
    const IrType **var_was; /* per IrVar.id: its type when it moved */
    bool *from;         /* per value: its only use reads where the load does, or zeroes */
    int nwas;
    BlockId b;
} Big;

bool irtype_is_big(const IrType *t) { return t->rep == REP_AGG && t->size > IR_BIG_BYTES; }

static bool big_var(const IrVar *v) {
    return v->type->rep == REP_AGG &&
           (v->type->size > BIG_VAR_SLOTS * 8ull || (v->result >= 0 && irtype_is_big(v->type)));
}

static const IrType *big_type(Big *g, ValueId v) { return v < (ValueId)g->nwas ? g->was[v] : NULL; }

static ValueId emit(Big *g, IrOp op, const IrType *t, const IrValue *like, int n, const ValueId *args) {
    ValueId id = ir_value_new(g->f, g->b, op, t, like->pos, n, args);
    ir_val(g->f, id)->inl = like->inl;
    return id;
}

/* p + off; traps on nil unless flags say otherwise */
static ValueId plus(Big *g, ValueId p, int64_t off, unsigned flags, const IrValue *like) {
    if (!off && (flags & IRF_NONNIL)) return p;
    ValueId id = emit(g, IR_FIELDADDR, g->ptr, like, 1, &p);
    ir_val(g->f, id)->aux2 = off;
    ir_val(g->f, id)->flags = flags & IRF_NONNIL;
    return id;
}

static void move(Big *g, ValueId to, ValueId from, const IrType *t, const IrValue *like) {
    ValueId id = emit(g, IR_MOVE, g->none, like, 2, (ValueId[]){to, from});
    ir_val(g->f, id)->aux.t = t;
    ir_val(g->f, id)->flags = IRF_NONNIL;
}

static void move_some(Big *g, ValueId to, ValueId from, const IrType *t, const IrValue *like) {
    ValueId id = emit(g, IR_MOVESOME, g->none, like, 2, (ValueId[]){to, from});
    ir_val(g->f, id)->aux.t = t;
}

/* *(t *)(p + off) = v, of any type */
static void put(Big *g, ValueId p, int64_t off, ValueId v, const IrType *t, const IrValue *like) {
    if (big_type(g, v)) {
        move(g, plus(g, p, off, IRF_NONNIL, like), v, t, like);
        return;
    }
    if (!t->nslots) return;
    ValueId id = emit(g, IR_STORE, g->none, like, 2, (ValueId[]){p, v});
    ir_val(g->f, id)->aux.t = t;
    ir_val(g->f, id)->aux2 = off;
    ir_val(g->f, id)->flags = IRF_NONNIL;
}

/* The address of off in a local variable. */
static ValueId var_addr(Big *g, IrVar *var, int64_t off, const IrValue *like) {
    if (g->var_was[var->id]) { /* moved to memory */
        ValueId p = emit(g, IR_LOCALGET, g->ptr, like, 0, NULL);
        ir_val(g->f, p)->aux.var = var;
        return plus(g, p, off, IRF_NONNIL, like);
    }
    var->addressed = true;
    ValueId p = emit(g, IR_LOCALADDR, g->ptr, like, 0, NULL);
    ir_val(g->f, p)->aux.var = var;
    ir_val(g->f, p)->aux2 = off;
    return p;
}

/* Turns instruction id into op with these arguments, at the present place. */
static void become(Big *g, ValueId id, IrOp op, const IrType *t, int n, const ValueId *args, const IrType *aux, int64_t aux2,
                   unsigned flags) {
    IrFunc *f = g->f;
    IrValue *v = ir_val(f, id);
    v->op = (uint16_t)op;
    v->type = t;
    v->nargs = (uint32_t)n;
    v->args = n ? arena_memdup(f->arena, args, sizeof(ValueId) * (size_t)n) : NULL;
    v->aux.t = aux;
    v->aux2 = aux2;
    v->flags = (uint8_t)flags;
    vec_push(&f->blocks.at[g->b].insts, id);
}
static void become_new(Big *g, ValueId id, const IrType *t) { become(g, id, IR_NEW, g->ptr, 0, NULL, t, 0, 0); }

/* The big value v in the frame. */
static ValueId reload(Big *g, ValueId v, const IrValue *like) {
    ValueId id = emit(g, IR_LOAD, g->was[v], like, 1, &v);
    ir_val(g->f, id)->flags = IRF_NONNIL;
    return id;
}

static const IrType *pointers_in(Big *g, const IrType *t) {
    if (irtype_is_big(t)) return g->ptr;
    if (t->rep != REP_TUPLE) return t;
    const IrType **e = arena_array(g->f->arena, const IrType *, t->nelems);
    bool any = false;
    for (int i = 0; i < t->nelems; i++) {
        e[i] = irtype_is_big(t->elems[i]) ? g->ptr : t->elems[i];
        any |= e[i] != t->elems[i];
    }
    return any ? irtype_tuple(g->f->unit, e, t->nelems) : t;
}

/* append(s, v...) of big elements: grows by zeros, then copies. */
static void append(Big *g, ValueId id, IrValue v) {
    IrFunc *f = g->f;
    const IrType *i64 = irtype_int(f->unit), *elem = v.aux.t;
    int n = (int)v.nargs - 1;
    ValueId old = emit(g, IR_SLICELEN, i64, &v, 1, v.args);
    ValueId nil = emit(g, IR_CONST, g->ptr, &v, 0, NULL), count = emit(g, IR_CONST, i64, &v, 0, NULL);
    ir_val(f, count)->aux.i = n;
    ValueId zeros = emit(g, IR_SLICEMAKE, v.type, &v, 3, (ValueId[]){nil, count, count});
    become(g, id, IR_APPENDSLICE, v.type, 2, (ValueId[]){v.args[0], zeros}, elem, 0, 0);
    for (int i = 0; i < n; i++) {
        ValueId k = emit(g, IR_CONST, i64, &v, 0, NULL);
        ir_val(f, k)->aux.i = i;
        k = emit(g, IR_ADD, i64, &v, 2, (ValueId[]){old, k});
        ValueId p = emit(g, IR_ELEMADDR, g->ptr, &v, 2, (ValueId[]){id, k});
        ir_val(f, p)->aux.i = (int64_t)elem->size;
        ir_val(f, p)->flags = IRF_INBOUNDS;
        move(g, p, v.args[i + 1], elem, &v);
    }
}

/* Instructions that make a big value. False: another instruction. */
static bool makes(Big *g, ValueId id, IrValue v) {
    const IrType *t = big_type(g, id);
    if (!t) return false;
    switch (v.op) {
    case IR_PARAM: case IR_CALL: case IR_CALLCLOSURE: case IR_CALLIFACE:
        become(g, id, v.op, g->ptr, (int)v.nargs, v.args, v.aux.t, v.aux2, v.flags);
        return true;
    case IR_RESULT: {
        IrValue *tuple = ir_val(g->f, v.args[0]);
        int op = tuple->op;
        if (op == IR_CALL || op == IR_CALLCLOSURE || op == IR_CALLIFACE) {
            become(g, id, IR_RESULT, g->ptr, 1, v.args, v.aux.t, 0, 0);
            return true;
        }
        if (op != IR_MAPGETOK && op != IR_ASSERTTYPEOK) break;
        ValueId r = emit(g, IR_RESULT, g->ptr, &v, 1, v.args); /* nil: the zero value */
        ir_val(g->f, r)->aux = v.aux;
        become_new(g, id, t);
        move_some(g, id, r, t, &v);
        return true;
    }
    case IR_ZERO: become_new(g, id, t); return true;
    case IR_LOCALGET: case IR_LOAD: {
        bool local = v.op == IR_LOCALGET;
        ValueId q = local ? var_addr(g, v.aux.var, v.aux2, &v) : plus(g, v.args[0], v.aux2, v.flags, &v);
        if (g->from[id]) {
            become(g, id, IR_FIELDADDR, g->ptr, 1, &q, NULL, 0, IRF_NONNIL);
            return true;
        }
        become_new(g, id, t);
        move(g, id, q, t, &v);
        return true;
    }
    case IR_UNBOX: become(g, id, IR_FIELDADDR, g->ptr, 1, v.args, NULL, 0, IRF_NONNIL); return true;
    case IR_AGGMAKE: {
        int64_t *offs = v.aux.p;
        become_new(g, id, t);
        for (uint32_t i = 0; i < v.nargs; i++) {
            const IrType *pt = big_type(g, v.args[i]);
            put(g, id, offs[i], v.args[i], pt ? pt : ir_val(g->f, v.args[i])->type, &v);
        }
        return true;
    }
    case IR_AGGGET: become(g, id, IR_FIELDADDR, g->ptr, 1, v.args, NULL, v.aux2, IRF_NONNIL); return true;
    case IR_AGGSET: {
        const IrType *pt = big_type(g, v.args[1]);
        become_new(g, id, t);
        move(g, id, v.args[0], t, &v);
        put(g, id, v.aux2, v.args[1], pt ? pt : ir_val(g->f, v.args[1])->type, &v);
        return true;
    }
    case IR_ASSERTTYPE: become(g, id, v.op, g->ptr, 1, v.args, v.aux.t, 0, IRF_BYADDR); return true;
    case IR_MAPGET: {
        ValueId a[2] = {v.args[0], big_type(g, v.args[1]) ? reload(g, v.args[1], &v) : v.args[1]};
        become_new(g, id, t);
        ValueId e = emit(g, IR_MAPGET, g->ptr, &v, 2, a);
        ir_val(g->f, e)->aux = v.aux;
        ir_val(g->f, e)->flags = IRF_BYADDR;
        move_some(g, id, e, t, &v);
        return true;
    }
    default: break;
    }
    /* made in the frame, then copied */
    for (uint32_t i = 0; i < v.nargs; i++)
        if (big_type(g, v.args[i])) v.args[i] = reload(g, v.args[i], &v);
    ValueId x = emit(g, (IrOp)v.op, t, &v, (int)v.nargs, v.args);
    ir_val(g->f, x)->aux = v.aux;
    ir_val(g->f, x)->aux2 = v.aux2;
    ir_val(g->f, x)->flags = v.flags;
    become_new(g, id, t);
    put(g, id, 0, x, t, &v);
    return true;
}

/* Instructions that use a big value or a variable that moved, or give tuples with big parts. */
static void inst(Big *g, ValueId id) {
    IrFunc *f = g->f;
    IrValue v = *ir_val(f, id);
    if (v.op == IR_ZERO && g->from[id]) return; /* its store zeroes */
    if (makes(g, id, v)) return;
    bool var_op = v.op >= IR_LOCALGET && v.op <= IR_LOCALZERO, gone = var_op && g->var_was[v.aux.var->id];
    const IrType *t;
    switch (v.op) {
    case IR_STORE: case IR_LOCALSET: {
        ValueId x = v.args[v.op == IR_STORE];
        t = big_type(g, x);
        if (!t && !gone) break;
        if (!t) {
            put(g, var_addr(g, v.aux.var, v.aux2, &v), 0, x, ir_val(f, x)->type, &v);
            return;
        }
        ValueId p = v.op == IR_STORE ? plus(g, v.args[0], v.aux2, v.flags, &v) : var_addr(g, v.aux.var, v.aux2, &v);
        if (ir_val(f, x)->op == IR_ZERO) become(g, id, IR_ZEROMEM, g->none, 1, &p, t, 0, IRF_NONNIL);
        else become(g, id, IR_MOVE, g->none, 2, (ValueId[]){p, x}, t, 0, IRF_NONNIL);
        return;
    }
    case IR_LOCALGET:
        if (!gone) break;
        become(g, id, IR_LOAD, v.type, 1, (ValueId[]){var_addr(g, v.aux.var, v.aux2, &v)}, NULL, 0, IRF_NONNIL);
        return;
    case IR_LOCALADDR:
        if (!gone) break;
        become(g, id, IR_FIELDADDR, v.type, 1, (ValueId[]){var_addr(g, v.aux.var, v.aux2, &v)}, NULL, 0, IRF_NONNIL);
        return;
    case IR_LOCALZERO:
        if (!gone) break;
        t = g->var_was[v.aux.var->id];
        become(g, id, IR_ZEROMEM, g->none, 1, (ValueId[]){var_addr(g, v.aux.var, 0, &v)}, t, 0, IRF_NONNIL);
        return;
    case IR_AGGGET:
        if (!big_type(g, v.args[0])) break;
        become(g, id, IR_LOAD, v.type, 1, v.args, NULL, v.aux2, IRF_NONNIL);
        return;
    case IR_BOX:
        if (!big_type(g, v.args[0])) break;
        become(g, id, IR_FIELDADDR, v.type, 1, v.args, NULL, 0, IRF_NONNIL);
        return;
    case IR_MAPSET: {
        if (!big_type(g, v.args[2])) break;
        ValueId a[2] = {v.args[0], big_type(g, v.args[1]) ? reload(g, v.args[1], &v) : v.args[1]};
        ValueId p = emit(g, IR_MAPADDR, g->ptr, &v, 2, a);
        ir_val(f, p)->aux = v.aux;
        become(g, id, IR_MOVE, g->none, 2, (ValueId[]){p, v.args[2]}, big_type(g, v.args[2]), 0, IRF_NONNIL);
        return;
    }
    case IR_APPEND:
        if (!irtype_is_big(v.aux.t)) break;
        append(g, id, v);
        return;
    case IR_CALL: case IR_CALLCLOSURE: case IR_CALLIFACE:
        ir_val(f, id)->type = pointers_in(g, v.type);
        /* fall through */
    case IR_GO: case IR_RET: case IR_KEEPALIVE:
        vec_push(&f->blocks.at[g->b].insts, id);
        return;
    case IR_MAPGETOK: case IR_ASSERTTYPEOK:
        if (irtype_is_big(v.type->elems[0])) {
            ir_val(f, id)->type = pointers_in(g, v.type);
            ir_val(f, id)->flags |= IRF_BYADDR;
        }
        break;
    default: break;
    }
    for (uint32_t i = 0; i < v.nargs; i++)
        if (big_type(g, v.args[i])) {
            ValueId x = reload(g, v.args[i], &v);
            ir_val(f, id)->args[i] = x;
        }
    vec_push(&f->blocks.at[g->b].insts, id);
}

/* Loads and zeros whose only use, in the same block, can read or make them in place. */
static void find_direct(Big *g, const uint32_t *uses) {
    IrFunc *f = g->f;
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            ValueId id = bl->insts.at[k];
            int op = ir_val(f, id)->op;
            if (!big_type(g, id) || uses[id] != 1 || (op != IR_ZERO && op != IR_LOAD && op != IR_LOCALGET)) continue;
            for (int j = k + 1; j < bl->insts.len; j++) {
                IrValue *u = ir_val(f, bl->insts.at[j]);
                bool store = (u->op == IR_STORE && u->args[1] == id) || (u->op == IR_LOCALSET && u->args[0] == id);
                if (store || (u->op == IR_AGGGET && u->args[0] == id && op != IR_ZERO)) {
                    g->from[id] = true;
                    break;
                }
                if (op != IR_ZERO && (ir_op_info[u->op].effects & (EFF_WRITE | EFF_CALL | EFF_CONTROL))) break;
            }
        }
    }
}

/* Variables that move: a pointer each, to what the entry block allocates. */
static void move_vars(Big *g) {
    IrFunc *f = g->f;
    IrBlock *e = &f->blocks.at[0];
    int n = e->insts.len, at = n && ir_val(f, e->insts.at[0])->op == IR_CTX;
    ValueId *old = arena_memdup(f->arena, e->insts.at, sizeof(ValueId) * (size_t)(n ? n : 1));
    e->insts.len = at;
    g->b = 0;
    IrValue like = {.pos = f->pos};
    for (int i = 0; i < f->vars.len; i++) {
        IrVar *var = f->vars.at[i];
        const IrType *t = g->var_was[var->id];
        if (!t) continue;
        ValueId p = emit(g, IR_NEW, g->ptr, &like, 0, NULL);
        ir_val(f, p)->aux.t = t;
        ValueId s = emit(g, IR_LOCALSET, g->none, &like, 1, &p);
        ir_val(f, s)->aux.var = var;
    }
    for (int k = at; k < n; k++) vec_push(&f->blocks.at[0].insts, old[k]);
}

static bool has_big(const IrType *t) {
    if (t->rep != REP_TUPLE) return irtype_is_big(t);
    for (int i = 0; i < t->nelems; i++)
        if (irtype_is_big(t->elems[i])) return true;
    return false;
}

void ir_lower_bigvals(IrFunc *f) {
    bool any = false;
    for (int i = 1; i < f->values.len && !any; i++) {
        const IrType *t = ir_val(f, (ValueId)i)->type;
        any = t && has_big(t);
    }
    for (int i = 0; i < f->vars.len && !any; i++) any = big_var(f->vars.at[i]);
    for (int i = 0; i < f->nparams && !any; i++) any = irtype_is_big(f->params[i]);
    for (int i = 0; i < f->nresults && !any; i++) any = irtype_is_big(f->results[i]);
    if (!any) return;
    Big gs = {.f = f, .ptr = irtype_ptr(f->unit), .none = &irtype_none, .nwas = f->values.len}, *g = &gs;
    g->was = arena_array(f->arena, const IrType *, g->nwas);
    g->from = arena_array(f->arena, bool, g->nwas);
    uint32_t *uses = arena_array(f->arena, uint32_t, g->nwas), maxid = 0;
    for (int i = 1; i < g->nwas; i++) {
        IrValue *v = ir_val(f, (ValueId)i);
        if (v->type && irtype_is_big(v->type)) g->was[i] = v->type;
    }
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            IrValue *v = ir_val(f, bl->insts.at[k]);
            for (uint32_t a = 0; a < v->nargs; a++) uses[v->args[a]]++;
        }
        for (int e = 0; e < bl->nsucc; e++)
            for (int a = 0; a < bl->succ[e].nargs; a++) uses[bl->succ[e].args[a]]++;
        for (int k = 0; k < bl->params.len; k++)
            if (big_type(g, bl->params.at[k])) ir_val(f, bl->params.at[k])->type = g->ptr;
    }
    for (int i = 0; i < f->vars.len; i++)
        if (f->vars.at[i]->id > maxid) maxid = f->vars.at[i]->id;
    g->var_was = arena_array(f->arena, const IrType *, maxid + 1);
    find_direct(g, uses);
    bool moves = false;
    for (int i = 0; i < f->vars.len; i++) {
        IrVar *var = f->vars.at[i];
        if (!big_var(var)) continue;
        g->var_was[var->id] = var->type;
        var->type = g->ptr;
        moves = true;
    }
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        int n = bl->insts.len;
        ValueId *old = arena_memdup(f->arena, bl->insts.at, sizeof(ValueId) * (size_t)(n ? n : 1));
        bl->insts.len = 0;
        g->b = (BlockId)b;
        for (int k = 0; k < n; k++) inst(g, old[k]);
    }
    if (moves) move_vars(g);
    for (int i = 0; i < f->nparams; i++) f->params[i] = pointers_in(g, f->params[i]);
    for (int i = 0; i < f->nresults; i++) f->results[i] = pointers_in(g, f->results[i]);
}
