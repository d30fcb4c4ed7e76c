/* The syntax tree: the contract between parser, checker and SSA builder.
 *
 * Every node lives in its package's arena and is never freed singly. Expressions carry what the
 * checker found out (mode, type, constant); identifiers and selectors carry their object. Generic
 * bodies are checked once: their recorded types mention type parameters, which the SSA builder
 * substitutes. Field order: common header first, so that a pointer to a node is a pointer to its
 * header. */
#ifndef VOLE_AST_H
#define VOLE_AST_H

#include "base/base.h"
#include "syntax/token.h"

typedef uint32_t Pos; /* 0: none; else an offset in the session's position space (see syntax.h) */

struct Type;
struct Object;
struct ConstVal;
struct Scope;
struct Selection;
struct TypeList;

/* ---- Expressions (types are expressions too) ------------------------------------------------ */

typedef enum ExprKind {
    EXPR_BAD,
    EXPR_IDENT,
    EXPR_BASICLIT,  /* 1  2.0  3i  'x'  "s" */
    EXPR_COMPOSITE, /* T{...} */
    EXPR_FUNCLIT,
    EXPR_PAREN,
    EXPR_SELECTOR, /* x.sel */
    EXPR_INDEX,    /* x[i], x[T1, T2] */
    EXPR_SLICE,    /* x[lo:hi:max] */
    EXPR_TYPEASSERT, /* x.(T), x.(type) */
    EXPR_CALL,
    EXPR_STAR,     /* *x: dereference or pointer type */
    EXPR_UNARY,    /* + - ! ^ & <- ~ */
    EXPR_BINARY,
    EXPR_KEYVALUE, /* key: value in composite literals */
    EXPR_ARRAYTYPE, /* [n]T, [...]T, []T */
    EXPR_ELLIPSIS,  /* ...T in a parameter list */
    EXPR_STRUCTTYPE,
    EXPR_FUNCTYPE,
    EXPR_INTERFACETYPE,
    EXPR_MAPTYPE,
    EXPR_CHANTYPE,
} ExprKind;

/* What an expression denotes, set by the checker (go/types' operandMode). */
typedef enum OperandMode {
    MODE_INVALID,
    MODE_NOVALUE,  /* a call without results */
    MODE_BUILTIN,  /* a built-in function */
    MODE_TYPE,
    MODE_CONST,    /* cval is set */
    MODE_VAR,      /* addressable */
    MODE_MAPINDEX, /* m[k]: not addressable, but assignable and comma-ok */
    MODE_VALUE,
    MODE_NILVALUE,
    MODE_COMMAOK,  /* like VALUE, may be used as v, ok (type assertion, map index, receive) */
    MODE_CGOFUNC,
} OperandMode;

typedef struct Expr {
    uint8_t kind;  /* ExprKind */
    uint8_t mode;  /* OperandMode; MODE_INVALID until checked */
    bool commaok;  /* used in a v, ok context: the recorded type is the tuple (T, bool) */
    uint8_t flag;  /* free for the checker */
    Pos pos;       /* start of the expression, except BINARY/CALL/INDEX...: see expr_start */
    struct Type *type;     /* final type (untyped operands are recorded converted) */
    struct ConstVal *cval; /* constant value or NULL */
} Expr;

typedef struct ExprList {
    Expr **at;
    int len;
} ExprList;

typedef struct Ident {
    Expr x;
    Name *name;
    struct Object *obj;      /* use or definition; NULL for "_" and symbolic variables of type switches */
    struct TypeList *targs;  /* explicit or inferred type arguments where a generic is instantiated here */
} Ident;

typedef struct BasicLit {
    Expr x;
    uint8_t lit; /* Token: TOK_INT, TOK_FLOAT, TOK_IMAG, TOK_CHAR, TOK_STRING */
    bool bad;    /* a syntax error was already reported */
    Str text;    /* as written */
} BasicLit;

typedef struct CompositeLit {
    Expr x;
    Expr *type_expr; /* NULL where elided */
    ExprList elems;  /* KeyValueExpr or plain */
    Pos lbrace, rbrace;
    int nkeys; /* how many elems are key: value */
} CompositeLit;

typedef struct Field { /* one name (or none) of a parameter, result, struct field or type parameter */
    Pos pos;
    Ident *name;   /* NULL: anonymous */
    Expr *type;    /* shared by neighbours declared together: a, b int */
    Expr *tag;     /* struct tag BasicLit or NULL */
    bool embedded; /* struct: embedded field; interface: embedded element */
} Field;
typedef struct FieldList {
    Field *at;
    int len;
    Pos open, close; /* brackets or 0 */
} FieldList;

typedef struct FuncTypeExpr {
    Expr x;
    FieldList tparams; /* function declarations and (Go 1.27) methods only */
    FieldList params, results;
} FuncTypeExpr;

struct BlockStmt;
typedef struct FuncLit {
    Expr x;
    FuncTypeExpr *sig;
    struct BlockStmt *body;
    int id; /* number within its outermost function, in source order, from 1 (names func1, func2...) */
} FuncLit;

typedef struct ParenExpr { Expr x; Expr *inner; } ParenExpr;
typedef struct SelectorExpr {
    Expr x;
    Expr *on;
    Ident *sel;
    /* Set by the checker: NULL for qualified identifiers (then sel->obj is the object) */
    struct Selection *selection;
} SelectorExpr;
typedef struct IndexExpr {
    Expr x;
    Expr *on;
    ExprList indices; /* more than one only for instantiations */
    Pos lbrack;
} IndexExpr;
typedef struct SliceExpr {
    Expr x;
    Expr *on;
    Expr *index[3]; /* lo, hi, max; NULL where absent */
    bool full;      /* three-index form */
} SliceExpr;
typedef struct TypeAssertExpr { Expr x; Expr *on; Expr *type_expr; /* NULL: .(type) */ } TypeAssertExpr;
typedef struct CallExpr {
    Expr x;
    Expr *fn;
    ExprList args;
    bool has_dots; /* f(xs...) */
    Pos lparen, rparen, dots;
} CallExpr;
typedef struct StarExpr { Expr x; Expr *on; } StarExpr;
typedef struct UnaryExpr { Expr x; uint8_t op; Expr *on; } UnaryExpr;   /* op: Token */
typedef struct BinaryExpr { Expr x; uint8_t op; Pos op_pos; Expr *left, *right; } BinaryExpr;
typedef struct KeyValueExpr { Expr x; Expr *key, *value; Pos colon; } KeyValueExpr;
typedef struct ArrayTypeExpr { Expr x; Expr *len; bool dots; /* [...]T */ Expr *elem; } ArrayTypeExpr; /* slice: !len && !dots */
typedef struct EllipsisExpr { Expr x; Expr *elem; } EllipsisExpr;
typedef struct StructTypeExpr { Expr x; FieldList fields; } StructTypeExpr;
typedef struct InterfaceTypeExpr { Expr x; FieldList elems; /* methods: name + FuncTypeExpr; embedded: type or union (BINARY |, UNARY ~) */ } InterfaceTypeExpr;
typedef struct MapTypeExpr { Expr x; Expr *key, *value; } MapTypeExpr;
typedef enum ChanDir { CHAN_BOTH = 3, CHAN_SEND = 2, CHAN_RECV = 1 } ChanDir; /* as reflect.ChanDir */
typedef struct ChanTypeExpr { Expr x; uint8_t dir; Expr *elem; } ChanTypeExpr;

/* ---- Statements ----------------------------------------------------------------------------- */

typedef enum StmtKind {
    STMT_BAD,
    STMT_EMPTY,
    STMT_DECL,    /* const, type, var inside a function */
    STMT_LABELED,
    STMT_EXPR,
    STMT_SEND,
    STMT_INCDEC,
    STMT_ASSIGN,  /* = := op= */
    STMT_GO,
    STMT_DEFER,
    STMT_RETURN,
    STMT_BRANCH,  /* break continue goto fallthrough */
    STMT_BLOCK,
    STMT_IF,
    STMT_SWITCH,
    STMT_TYPESWITCH,
    STMT_SELECT,
    STMT_FOR,
    STMT_RANGE,
} StmtKind;

typedef struct Stmt { uint8_t kind; Pos pos; } Stmt;
typedef struct StmtList { Stmt **at; int len; } StmtList;

typedef struct BlockStmt { Stmt s; StmtList list; Pos rbrace; } BlockStmt;
typedef struct EmptyStmt { Stmt s; bool implicit; } EmptyStmt;
struct GenDecl;
typedef struct DeclStmt { Stmt s; struct GenDecl *decl; } DeclStmt;
typedef struct LabeledStmt { Stmt s; Ident *label; Stmt *body; } LabeledStmt;
typedef struct ExprStmt { Stmt s; Expr *on; } ExprStmt;
typedef struct SendStmt { Stmt s; Expr *chan, *value; } SendStmt;
typedef struct IncDecStmt { Stmt s; Expr *on; bool dec; } IncDecStmt;
typedef struct AssignStmt {
    Stmt s;
    ExprList lhs, rhs;
    uint8_t op; /* TOK_ASSIGN, TOK_DEFINE, or the binary operator of op= (TOK_ADD...) */
    Pos op_pos;
} AssignStmt;
typedef struct GoStmt { Stmt s; Expr *call; bool is_defer; } GoStmt; /* STMT_GO and STMT_DEFER */
typedef struct ReturnStmt { Stmt s; ExprList results; } ReturnStmt;
typedef struct BranchStmt {
    Stmt s;
    uint8_t tok; /* TOK_BREAK, TOK_CONTINUE, TOK_GOTO, TOK_FALLTHROUGH */
    Ident *label; /* or NULL */
    Stmt *target; /* set by the checker/label pass: the enclosing for/switch/select that break or
                     continue refers to, or the LabeledStmt of a goto */
} BranchStmt;
typedef struct IfStmt { Stmt s; Stmt *init; Expr *cond; BlockStmt *then; Stmt *els; } IfStmt;
typedef struct CaseClause {
    Pos pos;
    bool is_default;
    ExprList exprs;        /* switch: values; type switch: types (nil is an Ident) */
    Stmt *comm;            /* select: send, receive (EXPR, ASSIGN) or NULL for default */
    StmtList body;
    Pos colon;
    struct Object *implicit; /* type switch x := ...: the clause's own variable (may be NULL) */
} CaseClause;
typedef struct SwitchStmt { /* STMT_SWITCH, STMT_TYPESWITCH, STMT_SELECT */
    Stmt s;
    Stmt *init;
    Expr *tag;     /* SWITCH: may be NULL. TYPESWITCH: the TypeAssertExpr x.(type) */
    Ident *bind;   /* TYPESWITCH: v of v := x.(type) or NULL */
    CaseClause *clauses;
    int nclauses;
    Pos rbrace;
} SwitchStmt;
typedef struct ForStmt {
    Stmt s;
    Stmt *init;
    Expr *cond;
    Stmt *post;
    BlockStmt *body;
    bool per_iteration; /* loop variables are per iteration (file's language version >= go1.22) */
} ForStmt;
typedef struct RangeStmt {
    Stmt s;
    Expr *key, *value; /* may be NULL */
    Expr *extra;       /* a third variable: an error */
    bool define;       /* := */
    Pos tok_pos;
    Expr *on;
    BlockStmt *body;
    bool per_iteration;
} RangeStmt;

/* ---- Declarations --------------------------------------------------------------------------- */

typedef struct ImportSpec {
    Pos pos;
    Ident *name; /* local name, "_", "." or NULL */
    BasicLit *path;
    Str path_str; /* unquoted */
    struct Object *obj; /* the PkgName object */
} ImportSpec;
typedef struct ValueSpec { /* const or var */
    Pos pos;
    Ident **names;
    int nnames;
    Expr *type;
    ExprList values;
    /* const groups: the type and values in force (inherited from an earlier spec) and the iota */
    Expr *inherited_type;
    ExprList inherited_values;
    bool inherits;
    int iota;
    Str embed; /* text of //go:embed patterns before it, or empty */
    Pos embed_pos;
} ValueSpec;
typedef struct TypeSpec {
    Pos pos;
    Ident *name;
    FieldList tparams;
    bool is_alias;
    uint32_t local; /* defined type in a function: its number in the file, from 1 */
    Expr *type;
} TypeSpec;

typedef enum GenKind { GEN_IMPORT, GEN_CONST, GEN_TYPE, GEN_VAR } GenKind;
typedef struct GenDecl {
    Pos pos;
    GenKind gen;
    union {
        ImportSpec **imports;
        ValueSpec **values; /* const, var */
        TypeSpec **types;
    };
    int len;
} GenDecl;

typedef enum Pragma {
    PRAGMA_NOINLINE = 1 << 0,
    PRAGMA_NOSPLIT = 1 << 1,
    PRAGMA_NOESCAPE = 1 << 2,
    PRAGMA_UINTPTRESCAPES = 1 << 3,
    PRAGMA_UINTPTRKEEPALIVE = 1 << 4,
    PRAGMA_LINKNAME = 1 << 5,
} Pragma;

typedef struct FuncDecl {
    Pos pos;          /* the func keyword */
    Field *recv;      /* NULL for functions */
    int nrecv;        /* as written; 1 is correct */
    Ident *name;
    FuncTypeExpr *sig;
    BlockStmt *body;  /* NULL: declared only */
    Pos end;          /* after the closing brace */
    unsigned pragmas;
    int nfunclits;    /* function literals inside */
    struct Object *obj;
} FuncDecl;

typedef struct Decl {
    bool is_func;
    union {
        FuncDecl *func;
        GenDecl *gen;
    };
} Decl;

typedef struct Linkname { /* //go:linkname local [target], //go:linknamestd */
    Pos pos;
    Name *local;
    Str target; /* empty: handshake form */
} Linkname;

typedef struct File {
    struct SourceFile *src;
    Ident *pkg_name;
    Decl *decls;
    int ndecls;
    ImportSpec **imports; /* all of them, in order */
    int nimports;
    Linkname *linknames;
    int nlinknames;
    Str go_version;       /* from //go:build go1.N constraints ("go1.21"), or empty */
    bool imports_embed, imports_c;
    uint32_t nlocal_types; /* TypeSpec.local counts up to here */
    struct Scope *scope;  /* file scope: imports; set by the checker */
    VEC(Str) debug;       /* //go:debug key=value lines */
    VEC(struct Directive { Pos pos; Str text; }) restricted; /* directives that only some packages may use */
} File;

/* ---- Helpers -------------------------------------------------------------------------------- */

Pos expr_start(const Expr *e); /* leftmost position (syntax.StartPos in gc) */
Pos expr_end(const Expr *e);   /* just after the last token, as far as positions are kept */
Expr *unparen(Expr *e);
/* Appends the source form of e as gc's messages show it (syntax.String: short form, function bodies
 * as {…}, composite literal elements as {…}). */
void expr_print(Buf *b, const Expr *e);

#endif
