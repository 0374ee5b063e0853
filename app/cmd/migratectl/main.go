// Migratectl is the operator's tool. It tries out and serves the function on a
// laptop, lists its settings, checks a whole set-up, attaches and detaches the
// trigger, and completes moves. It composes the function from the same parts as
// the image's binary, but reads AWS profiles too and is not that binary.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"cognito-user-migration/adapters/awsprofiles"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app"
	"cognito-user-migration/app/demo"
	"cognito-user-migration/app/everything"
)

// version is set by the build.
var version = "devel"

// streams are what a command reads from and writes to.
type streams struct {
	in       *os.File
	out, err io.Writer
	environ  []string
}

// command is one subcommand.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, s streams) error
}

func commands() []command {
	return []command{
		{"demo", "show the result of a few attempts by built-in sample users", demonstrate},
		{"simulate", "make one attempt and show the event, the decision, the response and the audit record", simulate},
		{"serve", "answer Lambda's Invoke API on loopback, for a local Cognito, the AWS CLI or SAM", serve},
		{"doctor", "check the set-up from end to end, and change nothing", checkUp},
		{"attach", "make a function the migration trigger of a user pool; all other settings of the pool stay", attach},
		{"detach", "remove the migration trigger from a user pool; all other settings of the pool stay", detach},
		{"complete", "complete migrations without the queue: one user, or every user whose records say that completion is owed", finish},
		{"settings", "list the environment variables", settings},
		{"version", "print the version", printVersion},
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

// demonstrate shows a few attempts on sample users.
func demonstrate(ctx context.Context, args []string, s streams) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print one JSON array")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	return demo.Run(ctx, s.out, *asJSON)
}

// errUsage is an error in how the tool was called; the text is out already.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()})
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "migratectl:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, s streams) error {
	if len(args) == 0 {
		usage(s.err)
		return errUsage
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		usage(s.out)
		return nil
	}
	for _, command := range commands() {
		if command.name == args[0] {
			return command.run(ctx, args[1:], s)
		}
	}
	fmt.Fprintf(s.err, "migratectl: there is no command %q\n\n", args[0])
	usage(s.err)
	return errUsage
}

func usage(to io.Writer) {
	fmt.Fprint(to, "Usage: migratectl COMMAND [FLAGS]\n\nCommands:\n")
	for _, command := range commands() {
		fmt.Fprintf(to, "  %-10s %s\n", command.name, command.summary)
	}
	fmt.Fprint(to, "\nCommands read the function's own environment variables; `migratectl settings` lists them.\n`migratectl COMMAND -h` lists a command's flags.\n")
}

// parse reads a command's flags; what it takes no argument of is an error.
func parse(flags *flag.FlagSet, args []string, s streams) error {
	flags.SetOutput(s.err)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(s.err, "migratectl %s takes only flags; remove %q\n", flags.Name(), strings.Join(flags.Args(), " "))
		return errUsage
	}
	return nil
}

func printVersion(_ context.Context, _ []string, s streams) error {
	_, err := fmt.Fprintln(s.out, version)
	return err
}
