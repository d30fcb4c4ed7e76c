/* cmd: the command line. Each subcommand is one function cmd_NAME and one line of the table in main.c;
 * argv[0] is the subcommand's name. The result is the exit status. */
#ifndef VOLE_CMD_H
#define VOLE_CMD_H

int cmd_parse(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_exec_image(const char *image, int argc, char **argv); /* argv[0]: the program's */
int cmd_test(int argc, char **argv);
int cmd_mkstd(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_env(int argc, char **argv);
int cmd_list(int argc, char **argv);

#define VOLE_VERSION "0.1"
#define VOLE_GO_VERSION "go1.27"

#endif
