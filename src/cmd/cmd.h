/* cmd: the command line. Each subcommand is one function in its own file cmd_NAME.c and one line of
 * the table in main.c; argv[0] is the subcommand's name. The result is the exit status. */
#ifndef VOLE_CMD_H
#define VOLE_CMD_H

int cmd_parse(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_ssa(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_mkstd(int argc, char **argv);

#endif
