// Migratectl is the operator's tool. It tries out and serves the function on a
// laptop, lists its settings, checks a whole set-up, attaches and detaches the
// trigger, and completes moves. It composes the function from the same parts as
// the image's binary, but reads AWS profiles too and is not that binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"cognito-user-migration/adapters/awsprofiles"
	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app"
	"cognito-user-migration/app/everything"
	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "devel"

// The exit codes.
const (
	exitFailed = 1 // a check or the operation failed
	exitUsage  = 2 // the tool was used wrongly
)

// streams are what a command reads from and writes to.
type streams struct {
	in       *os.File
	out, err io.Writer
	environ  []string
}

// commands lists the commands in the order in which help shows them.
func commands() []command {
	return []command{
		demoCommand(),
		simulateCommand(),
		serveCommand(),
		initCommand(),
		doctorCommand(),
		attachCommand(),
		detachCommand(),
		completeCommand(),
		planCommand(),
		reportCommand(),
		exportCommand(),
		importCommand(),
		settingsCommand(),
		completionCommand(),
		versionCommand(),
	}
}

// binary is what the tool composes the function of: all there is, with AWS's
// credentials from wherever the SDK looks for them.
func binary() app.Parts {
	return everything.Parts(newAccount())
}

func newAccount() *stscredentials.Account {
	return stscredentials.NewAccount(awsprofiles.Config, os.Getenv)
}

// credentialed returns the account's configuration, or what is wrong with it and with
// its credentials.
func credentialed(ctx context.Context, account *stscredentials.Account) (aws.Config, error) {
	config, err := account.Config(ctx)
	return awssetup.WithCredentials(ctx, config, err)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := exitCode(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()})
	stop()
	os.Exit(code)
}

// exitCode runs one command and prints its error. It returns the exit code.
func exitCode(ctx context.Context, args []string, s streams) int {
	err := run(ctx, args, s)
	if err == nil {
		return 0
	}
	fmt.Fprintln(s.err, "migratectl:", err)
	if wrong, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintln(s.err, wrong.hint())
		return exitUsage
	}
	if remedy := setup.RemedyOf(err); remedy != "" {
		fmt.Fprintln(s.err, "  "+remedy)
	}
	return exitFailed
}

// run runs one command.
func run(ctx context.Context, args []string, s streams) error {
	s.environ = unpacked(s.environ)
	root := newRoot(ctx, s)
	if called, _, err := root.Find(args); err == nil {
		args = withDoubleDashes(args, called.Flags())
	}
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// newRoot is the tool with all its commands.
func newRoot(ctx context.Context, s streams) *cobra.Command {
	root := &cobra.Command{
		Use: "migratectl", Version: version,
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			writeOverview(s.err)
			return &usageError{text: "a command is missing"}
		}
		text := fmt.Sprintf("there is no command %q", args[0])
		if similar := root.SuggestionsFor(args[0]); len(similar) > 0 {
			text += "; did you mean " + strings.Join(similar, " or ") + "?"
		}
		return &usageError{text: text}
	}
	root.RunE = func(*cobra.Command, []string) error { return nil } // Args has refused
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpFunc(func(*cobra.Command, []string) { writeOverview(s.out) })
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{text: flagProblem(err)} })
	root.SetHelpCommand(helpCommand(root))
	for _, command := range commands() {
		root.AddCommand(command.cobra(ctx, s))
	}
	return root
}

// helpCommand prints what -h prints.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "explain a command", Hidden: true,
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, command := range commands() {
				if len(args) == 0 && strings.HasPrefix(command.name, typed) {
					names = append(names, cobra.CompletionWithDesc(command.name, command.summary))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return root.Help()
			}
			called, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 || called == root {
				return &usageError{text: fmt.Sprintf("there is no command %q to explain", strings.Join(args, " "))}
			}
			return called.Help()
		},
	}
}

// writeOverview prints the tool's commands.
func writeOverview(to io.Writer) {
	fmt.Fprint(to, "The operator's tool of Cognito user migration.\n\nUsage: migratectl COMMAND [flags]\n\nCommands:\n")
	for _, command := range commands() {
		fmt.Fprintf(to, "  %-10s  %s\n", command.name, command.summary)
	}
	fmt.Fprint(to, `
Required flags:
  those of the command

Flags:
  -h, --help      explain the tool; after a command: explain the command
  -v, --version   print the version

Examples:
  bin/migratectl demo
  bin/migratectl help doctor

Exit codes:
  0  success
  1  a check or the operation failed
  2  the tool was used wrongly

Commands read the function's own environment variables, which
`+"`bin/migratectl settings`"+` lists. `+"`bin/migratectl COMMAND -h`"+` explains a command.
`)
}
