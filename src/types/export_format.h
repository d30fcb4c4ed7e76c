/* export_format: the layout of export data, shared by export_write.c and export_read.c.
 *
 *   ExpHeader | strings, texts, tables in any order, all reached by offsets from the blob's start
 *
 * Little-endian, 4-byte aligned tables. A table is (offset, count). */
#ifndef VOLE_EXPORT_FORMAT_H
#define VOLE_EXPORT_FORMAT_H

#include <stdint.h>

typedef struct ExpStr { uint32_t off, len; } ExpStr;
typedef struct ExpTable { uint32_t off, n; } ExpTable;

#define EXPORT_MAGIC "VOLEexp2"

typedef struct ExpHeader {
    char magic[8];
    uint32_t size;      /* of the whole blob */
    uint32_t is_std;
    ExpStr path, name, go_version;
    ExpTable imports;   /* ExpStr: paths as written of all direct imports */
    ExpTable files;     /* ExpFile; the last one holds what was put together by the writer */
    ExpTable entries;   /* ExpEntry, by name */
    ExpTable methods;   /* ExpMethod, by receiver, then in source order */
} ExpHeader;

typedef struct ExpFile {
    ExpStr path, text;
    uint32_t version;   /* of the language, N of go1.N */
    ExpTable imports;   /* ExpImport */
    ExpTable places;    /* ExpPlace, by offset */
    ExpTable linknames; /* ExpLinkname */
} ExpFile;

typedef struct ExpImport { ExpStr name, path; } ExpImport; /* name empty: the package's own */
/* text[offset] stands at line:col of file's path */
typedef struct ExpPlace { uint32_t offset, file, line, col; } ExpPlace;
typedef struct ExpLinkname { ExpStr local, target; } ExpLinkname;
typedef struct ExpEntry { ExpStr name; uint32_t file, offset, pragmas; } ExpEntry;
typedef struct ExpMethod { ExpStr recv; uint32_t file, offset, pragmas; } ExpMethod;

#endif
