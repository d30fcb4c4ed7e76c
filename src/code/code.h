/* code: SSA to register bytecode. See select.c for how; --dump=bc shows the result. */
#ifndef VOLE_CODE_H
#define VOLE_CODE_H

#include "code/bc.h"
#include "image/image.h"
#include "ir/ir.h"

/* Compiles one function; memory comes from the symbol table's arena (under its lock). f stays usable.
 * bug() when f breaks a rule that ir_verify checks. NULL when its frame would need more slots than an operand names. */
CodeFunc *code_function(IrFunc *f);
/* Compiles all functions of the unit and gives each to its symbol (sym->code); u->too_large: the first whose frame is. */
void code_unit(IrUnit *u);
/* Text of the code: "   12  add   s7, s5, s6", with symbol names, positions of safepoints and maps. */
void code_disasm(Buf *b, const CodeFunc *cf);
/* One instruction; returns its length in words. word: index printed and used as base of jumps. */
uint32_t code_disasm_inst(Buf *b, const uint64_t *p, uint32_t word);
void code_disasm_func(Buf *b, const VmFunc *f); /* of a loaded function, which may break every rule */
/* Whether the code of f, of a loaded image, keeps the rules: see verify.c. natives: how many there are. False with the word and *why. */
nodiscard bool bc_verify(Images *im, const VmFunc *f, uint32_t natives, uint32_t *word, const char **why);

#endif
