/* code: SSA to register bytecode. See select.c for how; --dump=bc shows the result. */
#ifndef VOLE_CODE_H
#define VOLE_CODE_H

#include "code/bc.h"
#include "image/image.h"
#include "ir/ir.h"

/* Compiles one function; memory comes from its unit's arena. f stays usable. Words that hold the address of a type's
 * descriptor still name the type (CodeReloc.type): code_resolve puts symbols there.
 * bug() when f breaks a rule that ir_verify checks. NULL when its frame would need more slots than an operand names. */
CodeFunc *code_function(IrFunc *f);
/* Compiles all functions of the unit and gives each to its symbol (sym->code); u->too_large: the first whose frame is.
 * Units may be compiled at the same time: nothing is built that another might build as well. */
void code_select_unit(IrUnit *u);
/* The rest, for one unit after the other: makes the descriptors that the code refers to, and the wrappers that those ask for. */
void code_resolve_unit(IrUnit *u);
void code_resolve(IrUnit *u, CodeFunc *cf);
/* Text of the code: "   12  add   s7, s5, s6", with symbol names, positions of safepoints and maps. */
void code_disasm(Buf *b, const CodeFunc *cf);
/* One instruction; returns its length in words. word: index printed and used as base of jumps. */
uint32_t code_disasm_inst(Buf *b, const uint64_t *p, uint32_t word);
void code_disasm_func(Buf *b, const VmFunc *f); /* of a loaded function, which may break every rule */
/* Whether the code of f, of a loaded image, keeps the rules: see verify.c. natives: how many there are; native_slots: the slots of
 * each (as LinkOptions.native_slots). False with the word and *why. */
nodiscard bool bc_verify(Images *im, const VmFunc *f, uint32_t natives, void (*native_slots)(int number, uint16_t *params, uint16_t *results),
                         uint32_t *word, const char **why);

#endif
