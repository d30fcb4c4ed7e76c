/* Calls, instantiation of generic functions, selectors. */
#include "types/checker.h"
#include "types/export.h"

typedef struct VerifyArgs { Pos pos; TypeList tparams, targs; ExprList xlist; } VerifyArgs;

static void later_verify(Checker *c, void *arg) {
    VerifyArgs *a = arg;
    const char *cause = "";
    int i = check_verify(c, a->pos, a->tparams, a->targs, &cause);
    if (i >= 0) {
        Pos pos = i < a->xlist.len ? expr_start(a->xlist.at[i]) : a->pos;
        types_soft_error(c, pos, ERR_InvalidTypeArg, "%s", cause);
    } else {
        mono_record_instance(c, a->pos, a->tparams, a->targs, a->xlist.at, a->xlist.len);
    }
}

static SignatureType *instantiate_signature(Checker *c, Pos pos, Expr *e, SignatureType *sig, TypeList targs,
                                            ExprList xlist) {
    Type *inst = check_instance(c, pos, &sig->t, targs, NULL);
    record_instance(c, e, targs);
    VerifyArgs *a = arena_new(c->arena, VerifyArgs);
    *a = (VerifyArgs){pos, sig->tparams, targs, xlist};
    check_later(c, later_verify, a);
    if (inst->kind != TYPE_SIGNATURE) return sig;
    return (SignatureType *)inst;
}

static SignatureType *clone_sig(Checker *c, SignatureType *s) {
    SignatureType *n = new_signature(c->ts);
    Type t = n->t;
    *n = *s;
    n->t = t;
    return n;
}

/* Instantiates the generic function x by inst's arguments and, when T is given, by where the value goes.
 * infer false: a partial instantiation is left to the caller; returns its type arguments then. */
static TypeList func_inst_partial(Checker *c, Target *T, Pos pos, Operand *x, IndexExpr *inst, bool infer) {
    TypeList none = {0}, targs = {0};
    ExprList xlist = {0};
    Pos ipos = pos;
    if (inst) {
        ipos = node_pos(&inst->x);
        x->expr = &inst->x;
    }
    bool version_err = !verify_versionf(c, ipos, 18, "function instantiation");
    if (inst) {
        bool ok;
        xlist = inst->indices;
        targs = check_type_list(c, xlist, &ok);
        if (!ok) {
            x->mode = MODE_INVALID;
            return none;
        }
    }
    SignatureType *sig = (SignatureType *)type_underlying(x->type);
    int got = targs.len, want = sig->tparams.len;
    if (got > want) {
        types_error(c, expr_start(xlist.at[got - 1]), ERR_WrongTypeArgCount, "got %d type arguments but want %d", got, want);
        x->mode = MODE_INVALID;
        return none;
    }
    if (got < want) {
        if (!infer) return targs;
        OperandList args = {0};
        Object *param = NULL;
        bool reverse = false;
        if (T && sig->tparams.len) {
            if (!version_err && !allow_version(c, 21))
                types_version_error(c, ipos, 21, inst ? "partially instantiated function in assignment"
                                                      : "implicitly instantiated function in assignment");
            SignatureType *gsig = clone_sig(c, sig);
            gsig->recv = NULL;
            gsig->tparams = gsig->rparams = (TypeList){0};
            param = object_new_var(c->ts, c->pkg, NULL, &gsig->t, node_pos(x->expr));
            args = new_operands(c, 1);
            *args.at[0] = (Operand){.mode = MODE_VALUE, .type = &T->sig->t,
                                    .expr = &dummy_ident(c, operand_pos(x), T->desc)->x};
            reverse = true;
        }
        TupleType *params = new_tuple(c->ts, param ? &param : NULL, param ? 1 : 0);
        Type *params2 = &params->t;
        TypeList tparams = rename_tparams(c, pos, sig->tparams, &params->t, &params2);
        MultiError err = new_error(c, ERR_CannotInferTypeArgs);
        TypeList res = check_infer(c, pos, tparams, targs, (TupleType *)params2, args, reverse, &err);
        if (!res.len) {
            if (err.n) error_report(&err);
            x->mode = MODE_INVALID;
            return none;
        }
        targs = res;
    }
    sig = instantiate_signature(c, node_pos(x->expr), x->expr, sig, targs, xlist);
    x->type = &sig->t;
    x->mode = MODE_VALUE;
    return none;
}

void func_inst(Checker *c, Target *T, Pos pos, Operand *x, IndexExpr *inst, bool infer) {
    func_inst_partial(c, T, pos, x, inst, infer);
}

/* ---- Arguments --------------------------------------------------------------------------------- */

static OperandList generic_expr_list(Checker *c, ExprList list, TypeList **atargs) {
    OperandList res = {0};
    int n = list.len;
    bool infer = !(n > 0 && allow_version(c, 21));
    *atargs = NULL;
    if (!n) return res;
    TypeList *tl = arena_array(c->arena, TypeList, n);
    res = new_operands(c, n);
    for (int i = 0; i < n; i++) {
        Operand *x = res.at[i];
        Expr *e = list.at[i];
        if (e->kind == EXPR_INDEX) {
            IndexExpr *inst = (IndexExpr *)e;
            if (check_index_expr(c, x, inst)) {
                TypeList t = func_inst_partial(c, NULL, node_pos(x->expr), x, inst, infer);
                x->expr = e;
                if (t.len) tl[i] = t;
                else record_operand(c, x);
                continue;
            }
            x->expr = e;
            record_operand(c, x);
            check_exclude(c, x, 1 << MODE_NOVALUE | 1 << MODE_BUILTIN | 1 << MODE_TYPE);
            if (n > 1) check_single_value(c, x);
            continue;
        }
        if (n > 1) {
            check_generic_expr(c, x, e, NULL);
            continue;
        }
        check_raw_expr(c, NULL, x, e, NULL, true);
        check_exclude(c, x, 1 << MODE_NOVALUE | 1 << MODE_BUILTIN | 1 << MODE_TYPE);
        if (x->mode != MODE_INVALID && x->type && x->type->kind == TYPE_TUPLE) {
            TupleType *t = (TupleType *)x->type;
            res = new_operands(c, t->vars.len);
            for (int k = 0; k < res.len; k++)
                *res.at[k] = (Operand){.mode = MODE_VALUE, .expr = e, .type = t->vars.at[k]->type};
            return res;
        }
    }
    *atargs = tl;
    return res;
}

static Type **operand_types(Checker *c, OperandList l) {
    Type **t = arena_array(c->arena, Type *, l.len);
    for (int i = 0; i < l.len; i++) t[i] = l.at[i]->type;
    return t;
}
static Type **var_types(Checker *c, TupleType *p) {
    Type **t = arena_array(c->arena, Type *, p->vars.len);
    for (int i = 0; i < p->vars.len; i++) t[i] = p->vars.at[i]->type;
    return t;
}

static void wrong_count(Checker *c, CallExpr *call, SignatureType *sig, OperandList args, int npars) {
    Pos at = expr_start(&call->x);
    const char *q = "not enough";
    if (args.len > npars) {
        at = operand_pos(args.at[npars]);
        q = "too many";
    } else if (args.len > 0) {
        at = operand_pos(args.at[args.len - 1]);
    }
    MultiError err = new_error(c, ERR_WrongArgCount);
    error_addf(&err, at, "%s arguments in call to %e", q, call->fn);
    error_addf(&err, 0, "have %s", types_summary(c, operand_types(c, args), args.len, false, call->has_dots));
    error_addf(&err, 0, "want %s",
               types_summary(c, var_types(c, sig->params), sig->params->vars.len, sig->variadic, false));
    error_report(&err);
}

static TypeList list_append(Checker *c, TypeList l, TypeList more, int total) {
    TypeList r = {arena_array(c->arena, Type *, total), total};
    for (int i = 0; i < l.len && i < total; i++) r.at[i] = l.at[i];
    for (int i = 0; i < more.len && l.len + i < total; i++) r.at[l.len + i] = more.at[i];
    return r;
}

/* Checks args against sig's parameters, inferring missing type arguments; returns the signature,
 * instantiated when it was generic and all went well. */
SignatureType *check_arguments(Checker *c, CallExpr *call, SignatureType *sig, TypeList targs, ExprList xlist,
                               OperandList args, TypeList *atargs) {
    SignatureType *rsig = sig;
    int nargs = args.len, npars = sig->params->vars.len;
    bool ddd = call->has_dots, adjusted = false;
    TupleType *params = sig->params;
    if (sig->variadic) {
        if (ddd) {
            if (call->args.len == 1 && nargs > 1) {
                types_error(c, expr_start(&call->x), ERR_InvalidDotDotDot, "cannot use ... with %d-valued %e", nargs,
                            call->args.at[0]);
                return rsig;
            }
        } else if (nargs >= npars - 1) {
            Object *last = sig->params->vars.at[npars - 1];
            Object **vars = arena_array(c->arena, Object *, nargs);
            Type *lt = type_underlying(last->type);
            Type *elem = lt->kind == TYPE_SLICE ? ((SliceType *)lt)->elem : c->ts->byte_type;
            for (int i = 0; i < npars - 1; i++) vars[i] = sig->params->vars.at[i];
            for (int i = npars - 1; i < nargs; i++)
                vars[i] = object_new_var(c->ts, last->pkg, last->name, elem, last->pos);
            params = new_tuple(c->ts, vars, nargs);
            adjusted = true;
            npars = nargs;
        } else {
            npars--;
        }
    } else if (ddd) {
        types_error(c, expr_start(&call->x), ERR_NonVariadicDotDotDot, "cannot use ... in call to non-variadic %e", call->fn);
        return rsig;
    }
    if (nargs != npars) {
        wrong_count(c, call, sig, args, npars);
        return rsig;
    }
    TypeList tparams = {0};
    int n = sig->tparams.len;
    if (n > 0) {
        if (!allow_version(c, 18))
            types_version_error(c, expr_start(&call->x), 18, call->fn->kind == EXPR_INDEX ? "function instantiation"
                                                                                        : "implicit function instantiation");
        Type *renamed = &params->t;
        tparams = rename_tparams(c, node_pos(&call->x), sig->tparams, &params->t, &renamed);
        params = (TupleType *)renamed;
        targs = list_append(c, targs, (TypeList){0}, n);
    } else {
        targs = (TypeList){0};
    }
    int first_generic = -1;
    for (int i = 0; i < nargs; i++) {
        Operand *a = args.at[i];
        if (a->mode == MODE_INVALID || !a->type || a->type->kind != TYPE_SIGNATURE) continue;
        SignatureType *asig = (SignatureType *)a->type;
        if (!asig->tparams.len) continue;
        Type *renamed = NULL;
        SignatureType *copy = clone_sig(c, asig);
        TypeList atp = rename_tparams(c, node_pos(&call->x), asig->tparams, &copy->t, &renamed);
        if (renamed == &copy->t || !renamed) renamed = &copy->t;
        asig = clone_sig(c, (SignatureType *)renamed);
        asig->tparams = atp;
        a->type = &asig->t;
        int total = tparams.len + atp.len;
        targs = list_append(c, targs, atargs ? atargs[i] : (TypeList){0}, total);
        tparams = list_append(c, tparams, atp, total);
        if (first_generic < 0) first_generic = i;
    }
    if (first_generic >= 0)
        verify_versionf(c, operand_pos(args.at[first_generic]), 21, "implicitly instantiated function as argument");
    if (tparams.len > 0) {
        MultiError err = new_error(c, ERR_CannotInferTypeArgs);
        TypeList res = check_infer(c, node_pos(&call->x), tparams, targs, params, args, false, &err);
        if (!res.len) {
            if (err.n) {
                Str msg = buf_str(&err.buf);
                types_error(c, err.pos, ERR_CannotInferTypeArgs, "in call to %e, %S", call->fn, msg);
                buf_free(&err.buf);
            }
            return rsig;
        }
        targs = res;
        if (n > 0) {
            TypeList mine = {targs.at, n}, mytp = {tparams.at, n};
            rsig = instantiate_signature(c, node_pos(&call->x), call->fn, sig, mine, xlist);
            if (adjusted) params = (TupleType *)check_subst(c, &params->t, mytp, mine, NULL);
            else params = rsig->params;
        }
        int j = n;
        for (int i = 0; i < nargs; i++) {
            Operand *a = args.at[i];
            if (a->mode == MODE_INVALID || !a->type || a->type->kind != TYPE_SIGNATURE) continue;
            SignatureType *asig = (SignatureType *)a->type;
            int k = asig->tparams.len;
            if (!k) continue;
            TypeList at = {targs.at + j, k};
            a->type = &instantiate_signature(c, node_pos(&call->x), a->expr, asig, at, (ExprList){0})->t;
            record_operand(c, a);
            j += k;
        }
    }
    if (nargs > 0) {
        const char *context = NULL;
        for (int i = 0; i < nargs; i++) {
            Operand *a = args.at[i];
            Type *pt = params->vars.at[i]->type;
            if (a->mode >= MODE_CONST && a->type == pt) continue; /* nothing to convert or to report */
            if (!context) context = types_format(c, "argument to %e", call->fn);
            check_assignment(c, a, pt, context);
        }
    }
    return rsig;
}

/* ---- Calls -------------------------------------------------------------------------------------- */

static int conversion_call(Checker *c, Operand *x, CallExpr *call) {
    check_non_generic(c, NULL, x);
    if (x->mode == MODE_INVALID) {
        x->expr = &call->x;
        return KIND_CONVERSION;
    }
    Type *T = x->type;
    x->mode = MODE_INVALID;
    if (!is_complete(c, T)) {
        x->expr = &call->x;
        return KIND_CONVERSION;
    }
    int n = call->args.len;
    if (n == 0) {
        types_error(c, expr_start(&call->x), ERR_WrongArgCount, "missing argument in conversion to %t", T);
    } else if (n == 1) {
        check_expr(c, new_target(c, T, "conversion"), x, call->args.at[0]);
        if (x->mode != MODE_INVALID) {
            Type *u = type_underlying(T);
            if (u->kind == TYPE_INTERFACE && !type_is_typeparam(T) &&
                !typeset_is_method_set(types_typeset((InterfaceType *)u))) {
                types_error(c, expr_start(&call->x), ERR_MisplacedConstraintIface,
                            "cannot use interface %t in conversion (contains specific type constraints or is comparable)", T);
                x->mode = MODE_INVALID;
            } else if (call->has_dots) {
                types_error(c, expr_start(call->args.at[0]), ERR_BadDotDotDotSyntax, "invalid use of ... in conversion to %t", T);
                x->mode = MODE_INVALID;
            } else {
                check_conversion(c, x, T);
            }
        }
    } else {
        check_use_list(c, call->args);
        types_error(c, expr_start(call->args.at[n - 1]), ERR_WrongArgCount, "too many arguments in conversion to %t", T);
    }
    x->expr = &call->x;
    return KIND_CONVERSION;
}

static const uint8_t builtin_kind[BUILTIN_COUNT] = {
#define BUILTIN(id, name, nargs, variadic, kind) [BUILTIN_##id] = KIND_##kind,
#include "tables/builtins.def"
#undef BUILTIN
};

static const char *callable(Checker *c, Type *t, Type *u, void *ctx) {
    return u && u->kind != TYPE_SIGNATURE ? types_format(c, "%t is not a function", t) : NULL;
}

int check_call_expr(Checker *c, Operand *x, CallExpr *call) {
    IndexExpr *inst = NULL;
    if (call->fn->kind == EXPR_INDEX) {
        if (check_index_expr(c, x, (IndexExpr *)call->fn)) inst = (IndexExpr *)call->fn;
        x->expr = call->fn;
        record_operand(c, x);
    } else {
        check_expr_or_type(c, x, call->fn, true);
    }
    switch (x->mode) {
    case MODE_INVALID:
        check_use_list(c, call->args);
        x->expr = &call->x;
        return KIND_STATEMENT;
    case MODE_TYPE: return conversion_call(c, x, call);
    case MODE_BUILTIN: {
        int id = x->id;
        if (!check_builtin(c, x, call, id)) x->mode = MODE_INVALID;
        x->expr = &call->x;
        if (x->mode != MODE_INVALID && x->mode != MODE_CONST) c->env.has_call_or_recv = true;
        return builtin_kind[id];
    }
    }
    const char *cause = "";
    Type *u = common_under(c, x->type, callable, NULL, &cause);
    if (!u || u->kind != TYPE_SIGNATURE) {
        types_error(c, operand_pos(x), ERR_InvalidCall, invalid_op "cannot call %x: %s", x, cause);
        check_use_list(c, call->args);
        x->mode = MODE_INVALID;
        x->expr = &call->x;
        return KIND_STATEMENT;
    }
    SignatureType *sig = (SignatureType *)u;
    bool was_generic = sig->tparams.len > 0;
    TypeList targs = {0};
    ExprList xlist = {0};
    if (inst) {
        bool ok;
        xlist = inst->indices;
        targs = check_type_list(c, xlist, &ok);
        int want = sig->tparams.len;
        if (ok && targs.len > want) {
            types_error(c, expr_start(xlist.at[want]), ERR_WrongTypeArgCount, "got %d type arguments but want %d",
                        targs.len, want);
            ok = false;
        }
        if (!ok) {
            check_use_list(c, call->args);
            x->mode = MODE_INVALID;
            x->expr = &call->x;
            return KIND_STATEMENT;
        }
        if (targs.len == want && want > 0) {
            verify_versionf(c, expr_start(&inst->x), 18, "function instantiation");
            sig = instantiate_signature(c, node_pos(&inst->x), &inst->x, sig, targs, xlist);
            targs = (TypeList){0};
            xlist = (ExprList){0};
        }
    }
    TypeList *atargs;
    OperandList args = generic_expr_list(c, call->args, &atargs);
    sig = check_arguments(c, call, sig, targs, xlist, args, atargs);
    if (was_generic && !sig->tparams.len) record_type_value(c, call->fn, MODE_VALUE, &sig->t, NULL);
    switch (sig->results->vars.len) {
    case 0: x->mode = MODE_NOVALUE; break;
    case 1: {
        Type *t = sig->results->vars.at[0]->type;
        x->mode = MODE_VALUE;
        if (!is_complete(c, t)) {
            x->mode = MODE_INVALID;
            x->expr = &call->x;
            return KIND_STATEMENT;
        }
        x->type = t;
        break;
    }
    default:
        x->mode = MODE_VALUE;
        x->type = &sig->results->t;
    }
    x->expr = &call->x;
    c->env.has_call_or_recv = true;
    if (x->mode == MODE_VALUE && sig->tparams.len && is_parameterized(sig->tparams, x->type)) x->mode = MODE_INVALID;
    return KIND_STATEMENT;
}

/* ---- Selectors ----------------------------------------------------------------------------------- */

static void record_selection(Checker *c, SelectorExpr *e, int kind, Type *recv, Lookup *l) {
    e->sel->obj = l->obj;
    Selection *s = arena_new(c->arena, Selection);
    *s = (Selection){kind, l->indirect, recv, l->obj, l->index, l->nindex};
    e->selection = s;
}

static bool equal_fold(const Name *a, const Name *b) {
    if (a->n != b->n) return false;
    for (uint32_t i = 0; i < a->n; i++) {
        unsigned char p = a->p[i], q = b->p[i];
        if (p == q) continue;
        if ((p | 0x20) != (q | 0x20) || (p | 0x20) < 'a' || (p | 0x20) > 'z') return false;
    }
    return true;
}

/* x.sel where x is the package name pn; false after an error. */
static bool qualified_ident(Checker *c, Operand *x, SelectorExpr *e, Object *pn) {
    ((Ident *)e->on)->obj = pn;
    pn->used = true;
    Package *p = pn->imported;
    Name *sel = e->sel->name;
    Object *o = package_lookup(c->ts, p, sel);
    Pos pos = e->sel->x.pos;
    if (o && !object_is_exported(o) && !p->fake) { /* export data has them only as far as importers need them */
        types_error(c, pos, ERR_UnexportedName, "name %n not exported by package %n", sel, p->name);
        return false;
    }
    if (!o || !object_is_exported(o)) {
        if (p->fake) return false;
        Object *alt = NULL;
        package_declare_all(p);
        for (int i = 0; i < p->scope->elems.len; i++) {
            Object *k = p->scope->elems.entries[i].val;
            if (k && object_is_exported(k) && equal_fold(k->name, sel) && (!alt || strcmp(k->name->p, alt->name->p) < 0))
                alt = k;
        }
        if (alt) types_error(c, pos, ERR_UndeclaredImportedName, "undefined: %e (but have %n)", &e->x, alt->name);
        else types_error(c, pos, ERR_UndeclaredImportedName, "undefined: %e", &e->x);
        return false;
    }
    e->sel->obj = o;
    e->selection = NULL;
    Type *t = o->kind == OBJ_BUILTIN ? o->type : object_type(o);
    switch (o->kind) {
    case OBJ_CONST:
        x->mode = MODE_CONST;
        x->cval = o->cval;
        if (!is_valid(t)) return false;
        break;
    case OBJ_TYPENAME: x->mode = MODE_TYPE; break;
    case OBJ_VAR: x->mode = MODE_VAR; break;
    case OBJ_FUNC: x->mode = MODE_VALUE; break;
    case OBJ_BUILTIN:
        x->mode = MODE_BUILTIN;
        x->id = o->builtin;
        break;
    default: bug("selected object of kind %d", o->kind);
    }
    x->type = t ? t : INVALID_TYPE(c);
    x->expr = &e->x;
    return true;
}

static void missing_selector(Checker *c, Operand *x, SelectorExpr *e, Lookup *l) {
    Name *sel = e->sel->name;
    Pos pos = e->sel->x.pos;
    if (!is_valid(type_underlying(x->type))) return;
    if (l->index) {
        types_error(c, pos, ERR_AmbiguousSelector, "ambiguous selector %e.%n", x->expr, sel);
        return;
    }
    if (l->indirect) {
        if (x->mode == MODE_TYPE)
            types_error(c, pos, ERR_InvalidMethodExpr, "invalid method expression %t.%n (needs pointer receiver (*%t).%n)",
                        x->type, sel, x->type, sel);
        else
            types_error(c, pos, ERR_InvalidMethodExpr, "cannot call pointer method %n on %t", sel, x->type);
        return;
    }
    const char *why;
    if (is_interface_ptr(x->type)) {
        why = interface_ptr_error(c, x->type);
    } else {
        Lookup alt = lookup_field_or_method(c->ts, x->type, x->mode == MODE_VAR, c->pkg, sel, true);
        why = lookup_error(c, x->type, sel, alt.obj, false);
    }
    types_error(c, pos, ERR_MissingFieldOrMethod, "%e.%n undefined (%s)", x->expr, sel, why);
}

static bool method_selector(Checker *c, Operand *x, SelectorExpr *e, Lookup *l) {
    Object *m = l->obj;
    if (!m->type) {
        if (m->pkg == c->pkg) obj_decl(c, m);
        else object_type(m);
    } else if (m->pkg == c->pkg && m->color == 1) {
        obj_decl(c, m); /* reports a cycle */
    }
    add_decl_dep(c, m->func.origin ? m->func.origin : m);
    if (!m->type || m->type->kind != TYPE_SIGNATURE) return false;
    SignatureType *sig = (SignatureType *)m->type;
    if (x->mode == MODE_TYPE) {
        record_selection(c, e, SEL_METHODEXPR, x->type, l);
        if (!sig->recv || !sig->params) {
            types_error(c, expr_start(&e->x), ERR_InvalidDeclCycle, "illegal cycle in method declaration");
            return false;
        }
        int n = sig->params->vars.len;
        Object **vars = arena_array(c->arena, Object *, n + 1);
        Name *name = NULL;
        if (n && sig->params->vars.at[0]->name)
            name = sig->recv->name ? sig->recv->name : intern(c->syn->names, "_", 1);
        vars[0] = object_new_var(c->ts, sig->recv->pkg, name, x->type, sig->recv->pos);
        for (int i = 0; i < n; i++) vars[i + 1] = sig->params->vars.at[i];
        SignatureType *f = new_signature(c->ts);
        f->tparams = sig->tparams;
        f->params = new_tuple(c->ts, vars, n + 1);
        f->results = sig->results;
        f->variadic = sig->variadic;
        x->mode = MODE_VALUE;
        x->type = &f->t;
        return true;
    }
    record_selection(c, e, SEL_METHOD, x->type, l);
    if (!sig->params) {
        types_error(c, expr_start(&e->x), ERR_InvalidDeclCycle, "illegal cycle in method declaration");
        return false;
    }
    if (x->mode == MODE_VAR && !l->indirect && func_has_ptr_recv(m)) mark_addressed(e->on);
    SignatureType *f = clone_sig(c, sig);
    f->recv = NULL;
    f->rparams = (TypeList){0};
    x->mode = MODE_VALUE;
    x->type = &f->t;
    return true;
}

void check_selector(Checker *c, Operand *x, SelectorExpr *e, bool want_type) {
    if (e->on->kind == EXPR_IDENT) {
        Object *o = check_lookup(c, ((Ident *)e->on)->name);
        if (o && o->kind == OBJ_PKGNAME) {
            if (qualified_ident(c, x, e, o)) return;
            goto error;
        }
    }
    check_expr_or_type(c, x, e->on, false);
    if (x->mode == MODE_INVALID) goto error;
    if (x->mode == MODE_BUILTIN) {
        types_error(c, node_pos(&e->x), ERR_UncalledBuiltin, "invalid use of %x in selector expression", x);
        goto error;
    }
    NamedType *inst = want_type ? as_named(x->type) : NULL;
    if (!(inst && named_is_instance(inst)) && !is_complete(c, x->type)) goto error;
    if (want_type) {
        types_error(c, e->sel->x.pos, ERR_NotAType, "%e is not a type", &e->x);
        goto error;
    }
    Type *u = type_underlying(x->type);
    if (u->kind == TYPE_POINTER && !is_complete(c, ((PointerType *)u)->elem)) goto error;
    Lookup l = lookup_field_or_method(c->ts, x->type, x->mode == MODE_VAR, c->pkg, e->sel->name, false);
    if (!l.obj) {
        missing_selector(c, x, e, &l);
        goto error;
    }
    if (l.obj->kind == OBJ_VAR) {
        if (x->mode == MODE_TYPE) {
            types_error(c, expr_start(e->on), ERR_MissingFieldOrMethod,
                        "operand for field selector %n must be value of type %t", e->sel->name, x->type);
            goto error;
        }
        record_selection(c, e, SEL_FIELD, x->type, &l);
        x->mode = x->mode == MODE_VAR || l.indirect ? MODE_VAR : MODE_VALUE;
        x->type = l.obj->type;
    } else if (!method_selector(c, x, e, &l)) {
        goto error;
    }
    x->expr = &e->x;
    return;
error:
    x->mode = MODE_INVALID;
    x->type = INVALID_TYPE(c);
    x->expr = &e->x;
}
