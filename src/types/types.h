/* types: what a Go program means. Types, objects, scopes, exact constants, the checker.
 *
 * The decomposition follows the one that Go's own documentation of its checker describes (operands,
 * lazy object declaration with colours, type sets, unification and inference), so that messages and
 * the suppression of follow-on errors come out as gc's. All of it lives in the arena of its package or
 * of the Checker session; nothing is freed singly. Single-threaded per TypeSession; the SSA builder
 * takes ts->lock around calls that may declare lazily (imported objects, generic bodies).
 * See it work with --dump=types. */
#ifndef VOLE_TYPES_H
#define VOLE_TYPES_H

#include <pthread.h>
#include "syntax/syntax.h"

typedef struct Type Type;
typedef struct Object Object;
typedef struct Scope Scope;
typedef struct Package Package;
typedef struct ConstVal ConstVal;
typedef struct TypeSession TypeSession;
typedef struct Checker Checker;

typedef struct TypeList { Type **at; int len; } TypeList;
typedef struct ObjectList { Object **at; int len; } ObjectList;

/* ---- Types ---------------------------------------------------------------------------------- */

typedef enum TypeKind {
    TYPE_BASIC, TYPE_ARRAY, TYPE_SLICE, TYPE_STRUCT, TYPE_POINTER, TYPE_TUPLE, TYPE_SIGNATURE,
    TYPE_UNION, TYPE_INTERFACE, TYPE_MAP, TYPE_CHAN, TYPE_NAMED, TYPE_TYPEPARAM, TYPE_ALIAS,
} TypeKind;

typedef enum BasicKind {
    BASIC_INVALID,
    BASIC_BOOL, BASIC_INT, BASIC_INT8, BASIC_INT16, BASIC_INT32, BASIC_INT64,
    BASIC_UINT, BASIC_UINT8, BASIC_UINT16, BASIC_UINT32, BASIC_UINT64, BASIC_UINTPTR,
    BASIC_FLOAT32, BASIC_FLOAT64, BASIC_COMPLEX64, BASIC_COMPLEX128, BASIC_STRING, BASIC_UNSAFEPTR,
    BASIC_UNTYPED_BOOL, BASIC_UNTYPED_INT, BASIC_UNTYPED_RUNE, BASIC_UNTYPED_FLOAT,
    BASIC_UNTYPED_COMPLEX, BASIC_UNTYPED_STRING, BASIC_UNTYPED_NIL,
    BASIC_COUNT,
} BasicKind;
typedef enum BasicFlags {
    BF_BOOLEAN = 1, BF_INTEGER = 2, BF_UNSIGNED = 4, BF_FLOAT = 8, BF_COMPLEX = 16, BF_STRING = 32,
    BF_UNTYPED = 64,
    BF_ORDERED = BF_INTEGER | BF_FLOAT | BF_STRING,
    BF_NUMERIC = BF_INTEGER | BF_FLOAT | BF_COMPLEX,
    BF_CONST = BF_BOOLEAN | BF_NUMERIC | BF_STRING,
} BasicFlags;

struct Type {
    uint8_t kind;     /* TypeKind */
    uint8_t flags;    /* free for the checker */
    uint32_t id;      /* unique per TypeSession, dense from 1 */
    void *backend;    /* free for layers above: cached layout, descriptor symbol ... */
};
typedef struct BasicType { Type t; uint8_t basic; uint8_t info; const char *name; } BasicType;
typedef struct ArrayType { Type t; int64_t len; /* <0: unknown after an error */ Type *elem; } ArrayType;
typedef struct SliceType { Type t; Type *elem; } SliceType;
typedef struct StructType { Type t; ObjectList fields; Str *tags; /* NULL or one per field, unquoted */ } StructType;
typedef struct PointerType { Type t; Type *elem; } PointerType;
typedef struct TupleType { Type t; ObjectList vars; } TupleType; /* the empty tuple may be NULL */
typedef struct SignatureType {
    Type t;
    TypeList tparams;  /* TYPE_TYPEPARAM: function or method type parameters */
    TypeList rparams;  /* receiver type parameters */
    Object *recv;      /* NULL for functions */
    TupleType *params, *results; /* never NULL once complete */
    bool variadic;     /* last parameter has slice type (or string for append([]byte, s...)) */
    Scope *scope;      /* the function's outermost scope, of signatures written in the source */
} SignatureType;
typedef struct UnionTerm { bool tilde; Type *type; } UnionTerm;
struct TypeSet;
typedef struct UnionType { Type t; UnionTerm *terms; int nterms; struct TypeSet *tset; TypeSession *ts; } UnionType;
typedef struct InterfaceType {
    Type t;
    ObjectList methods;  /* explicitly declared OBJ_FUNC, source order */
    TypeList embeddeds;
    Pos *embed_pos;
    bool implicit;       /* wrapper for a constraint literal such as ~int */
    bool complete;
    struct TypeSet *tset; /* computed lazily: types_typeset */
    TypeSession *ts;
    Checker *checker;    /* while its package is being checked: reports errors of the type set */
} InterfaceType;
typedef struct MapType { Type t; Type *key, *elem; } MapType;
typedef struct ChanType { Type t; uint8_t dir; Type *elem; } ChanType;
typedef struct NamedType {
    Type t;
    Object *obj;         /* OBJ_TYPENAME; shared by all instances of one generic type */
    struct NamedType *orig; /* the generic type of an instance, else itself */
    TypeList tparams;    /* of a generic type (origin) */
    TypeList targs;      /* of an instance */
    Type *underlying_;   /* use type_underlying, named_* accessors: resolved lazily */
    ObjectList methods_; /* OBJ_FUNC, source order; instances: substituted lazily */
    uint8_t state;
    void *lazy;          /* checker's own: what is still to be expanded */
    Type *rhs;           /* declared right-hand side, resolved into underlying_ later */
    Pos inst_pos;        /* of an instance: where it was first written */
    uint64_t inst_hash;  /* of an instance: of its arguments, all the way down */
    TypeSession *ts;
} NamedType;
typedef struct TypeParamType {
    Type t;
    Object *obj;
    int index;
    Type *bound;         /* any type; use typeparam_iface for the interface */
    TypeSession *ts;
} TypeParamType;
typedef struct AliasType {
    Type t;
    Object *obj;
    struct AliasType *orig;
    TypeList tparams, targs;
    Type *from;   /* right-hand side */
    Type *actual; /* resolved, never an alias; use type_unalias */
} AliasType;

typedef struct TypeSet { /* of an interface */
    ObjectList methods;  /* all methods, sorted by id (name; unexported by package path) */
    UnionTerm *terms;    /* NULL with all_types: no restriction */
    int nterms;
    bool all_types;
    bool comparable;     /* includes the comparable constraint */
} TypeSet;

/* ---- Objects -------------------------------------------------------------------------------- */

typedef enum ObjectKind {
    OBJ_PKGNAME, OBJ_CONST, OBJ_TYPENAME, OBJ_VAR, OBJ_FUNC, OBJ_LABEL, OBJ_BUILTIN, OBJ_NIL,
} ObjectKind;

struct Object {
    uint8_t kind;
    uint8_t color;      /* white: not yet declared; grey: in progress; black: type complete */
    bool used;
    bool is_field, embedded, is_alias, is_param, is_result, is_recv, is_global;
    bool has_ptr_recv;  /* OBJ_FUNC methods, valid once the signature is set up */
    bool captured;      /* OBJ_VAR: used inside a function literal nested in its function */
    bool addressed;     /* OBJ_VAR: & taken, implicitly too (method call, slicing an array), or assigned in a closure */
    bool reassigned;    /* OBJ_VAR: assigned after its declaration */
    uint8_t builtin;    /* OBJ_BUILTIN: BuiltinId */
    Name *name;
    Pos pos;
    Package *pkg;       /* NULL: universe */
    Scope *parent;
    Type *type;         /* use object_type() for objects of other packages: may declare lazily */
    uint32_t order;
    union {
        ConstVal *cval;        /* OBJ_CONST */
        uint32_t local;        /* OBJ_TYPENAME: TypeSpec.local */
        Package *imported;     /* OBJ_PKGNAME */
        struct {               /* OBJ_FUNC */
            FuncDecl *decl;    /* NULL for interface methods and substituted methods */
            Object *origin;    /* the generic method that an instance's method comes from, or itself */
        } func;
        struct {               /* OBJ_VAR */
            Object *var_origin;  /* generic struct field that a substituted one comes from, or itself */
            void *func_scope;    /* innermost function (FuncDecl* or FuncLit*) that declares it; NULL: global */
            Str embed;           /* //go:embed patterns */
            struct ValueSpec *spec;
        } var;
    };
    void *decl_info;    /* checker's own */
    void *backend;      /* free for layers above */
    uint32_t id;        /* dense per TypeSession */
};

struct Scope {
    Scope *parent;
    Map elems;          /* Name* -> Object* */
    Pos pos, end;
    bool is_func;
};

typedef struct Initializer { /* one package-level variable initialisation, in execution order */
    ObjectList lhs;
    Expr *rhs;
} Initializer;

struct Package {
    Str path;           /* as imported; vendored std: "vendor/golang.org/x/..." */
    Name *name;
    Scope *scope;
    Str go_version;     /* "go1.27" */
    File **files;
    int nfiles;
    Package **imports;  /* direct imports, sorted by path */
    int nimports;
    Initializer *inits;
    int ninits;
    bool complete, fake, is_std;
    uint32_t id;        /* dense per TypeSession */
    Arena *arena;
    Checker *checker;   /* alive while the package may still be declared into lazily */
    void *lazy;         /* export data this package is read from, or NULL: see export.h */
    void *backend;
};

typedef enum SelectionKind { SEL_FIELD, SEL_METHOD, SEL_METHODEXPR } SelectionKind;
typedef struct Selection {
    uint8_t kind;
    bool indirect;  /* a pointer was followed on the path */
    Type *recv;     /* type of x in x.sel (the type itself for method expressions) */
    Object *obj;    /* field (OBJ_VAR) or method (OBJ_FUNC) */
    int *index;     /* path of field indices; last is the field or method index */
    int nindex;
} Selection;

/* ---- Constants (GMP underneath) ------------------------------------------------------------- */

typedef enum ConstKind { CONST_UNKNOWN, CONST_BOOL, CONST_STRING, CONST_INT, CONST_FLOAT, CONST_COMPLEX } ConstKind;
ConstKind const_kind(const ConstVal *v);
bool const_bool(const ConstVal *v);
Str const_string(const ConstVal *v);
bool const_int64(const ConstVal *v, int64_t *out);   /* false when it does not fit */
bool const_uint64(const ConstVal *v, uint64_t *out);
double const_float64(const ConstVal *v); /* INT and FLOAT; rounded to nearest even */
float const_float32(const ConstVal *v);
const ConstVal *const_real(const ConstVal *v);
const ConstVal *const_imag(const ConstVal *v);
ConstVal *const_make_int(Arena *a, int64_t v);
ConstVal *const_make_bool(Arena *a, bool b);
ConstVal *const_make_string(Arena *a, Str s);
void const_print(Buf *b, const ConstVal *v);       /* short, as in messages */
void const_print_exact(Buf *b, const ConstVal *v); /* parses back to the same value */

/* ---- Queries -------------------------------------------------------------------------------- */

Type *type_underlying(Type *t);  /* never NAMED or ALIAS; a type parameter gives its constraint interface */
Type *type_unalias(Type *t);
bool type_identical(Type *a, Type *b);
bool type_is_interface(Type *t);       /* underlying is an interface and t is no type parameter */
bool type_is_typeparam(Type *t);
bool type_comparable(Type *t);         /* == is defined */
bool type_mentions_typeparams(Type *t);
const BasicType *type_basic(Type *t);  /* underlying basic type or NULL */
TypeSet *types_typeset(InterfaceType *it);
Type *type_core(Type *t);              /* single underlying type of a type set, or NULL */
int named_nmethods(NamedType *n);
Object *named_method(NamedType *n, int i);
Type *object_type(Object *o);          /* declares a lazily imported object first */
/* The method set of t for descriptors and itabs: all methods callable on a value of type t that is
 * stored in an interface, promoted ones included, sorted by name, exported first as reflect wants. */
typedef struct MethodSetEntry { Object *obj; int *index; int nindex; bool indirect; } MethodSetEntry;
typedef struct MethodSet { MethodSetEntry *at; int len; } MethodSet;
MethodSet *type_method_set(TypeSession *ts, Type *t);
/* x.name for x of type t. index path as in Selection. Returns NULL when there is none or ambiguous. */
Object *type_lookup(TypeSession *ts, Type *t, bool addressable, Package *pkg, Name *name, int **index, int *nindex, bool *indirect);
bool type_implements(TypeSession *ts, Type *t, Type *iface); /* for devirtualisation and static asserts */

/* Substitution: replaces type parameters tparams[i] by targs[i]; returns t itself when nothing changes. */
Type *type_subst(TypeSession *ts, Type *t, TypeList tparams, TypeList targs);
Type *type_instantiate(TypeSession *ts, Type *generic, TypeList targs); /* Named, Alias or Signature */
/* The method of instance type n that corresponds to generic method `origin`. */
Object *named_instance_method(TypeSession *ts, NamedType *n, Object *origin);

Type *type_new_pointer(TypeSession *ts, Type *elem);
Type *type_new_slice(TypeSession *ts, Type *elem);
Type *type_new_array(TypeSession *ts, Type *elem, int64_t len);
Type *type_new_map(TypeSession *ts, Type *key, Type *elem);
Type *type_new_chan(TypeSession *ts, uint8_t dir, Type *elem);
Type *type_new_tuple(TypeSession *ts, ObjectList vars);
Type *type_new_struct(TypeSession *ts, ObjectList fields, Str *tags);
Type *type_new_signature(TypeSession *ts, Object *recv, TupleType *params, TupleType *results, bool variadic);
Object *object_new_var(TypeSession *ts, Package *pkg, Name *name, Type *type, Pos pos);
Object *object_new_field(TypeSession *ts, Package *pkg, Name *name, Type *type, bool embedded, Pos pos);

/* Sizes of gc on amd64. */
int64_t type_size(Type *t);
int64_t type_align(Type *t);
int64_t struct_field_offset(StructType *s, int i); /* looks at all fields before it */
int64_t struct_next_offset(StructType *s, int i, int64_t before); /* the same, with the offset of field i - 1 */

/* How types and objects are written. TYPENAME_MESSAGE qualifies relative to `rel` as gc's messages do;
 * TYPENAME_LINK is unique program-wide (full package paths; local types get a number) and names symbols;
 * TYPENAME_REFLECT is what reflect's String gives (package name, not path), TYPENAME_ARGUMENT how that shows type
 * arguments. */
typedef enum TypeNameStyle { TYPENAME_MESSAGE, TYPENAME_LINK, TYPENAME_REFLECT, TYPENAME_ARGUMENT } TypeNameStyle;
void type_print(Buf *b, Type *t, Package *rel, TypeNameStyle style);

/* ---- The session and the checker ------------------------------------------------------------ */

typedef enum BuiltinId {
#define BUILTIN(id, name, nargs, variadic, kind) BUILTIN_##id,
#include "tables/builtins.def"
#undef BUILTIN
    BUILTIN_COUNT,
} BuiltinId;

/* Finds the package for an import path written in `from` (vendoring and modules are the caller's
 * business). Returns NULL and a message for the error "could not import x (message)". */
typedef Package *(*ImportFn)(void *ctx, Str path, Package *from, const char **message);

struct TypeSession {
    Session *syn;
    Arena arena;
    pthread_mutex_t lock;
    Scope *universe;
    Type *basic[BASIC_COUNT];
    Type *byte_type, *rune_type, *any_type, *error_type, *comparable_type;
    TupleType *empty_tuple;
    Package *unsafe_pkg;
    ImportFn import;
    void *import_ctx;
    Map instances;        /* canonical instances by link string */
    size_t max_string;    /* longest string constant that an operation may make; gc's limit unless set */
    uint32_t next_type_id, next_object_id, next_package_id;
    void *internal;
};

typedef struct CheckOptions {
    Str go_version;       /* of the module, "go1.27" when empty */
    bool is_std;          /* allows bodyless functions, linknamestd, internal use */
    bool ignore_bodies;   /* declare only */
    bool allow_bodyless;  /* functions without body are no error (assembly or linkname present) */
    bool report_unused_imports; /* normally true */
} CheckOptions;

void types_session_init(TypeSession *ts, Session *syn);
void types_session_free(TypeSession *ts); /* all types and lazily read packages; before its Session */
/* Checks the files of one package (their AST is annotated in place). Errors go to the session's sink.
 * Always returns a package; pkg->complete is false when there were errors. */
Package *check_package(TypeSession *ts, Arena *arena, Str path, File **files, int nfiles, const CheckOptions *opt);
/* Type-checks the body of a function that was declared lazily (a generic function or inlinable body from
 * export data); no effect when already checked. Take ts->lock. */
void check_body_now(TypeSession *ts, Object *fn);

void dump_types(TypeSession *ts, Package *pkg, FILE *out);

#endif
