#include "syntax/parser_int.h"
void dump_tokens(Session *s, SourceFile *src, FILE *out) { bug("dump_tokens: not implemented"); }
void dump_ast(Session *s, const File *f, FILE *out) { bug("dump_ast: not implemented"); }
