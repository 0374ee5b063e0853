package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of the help texts in columns.
const helpWidth = 80

// command is one command: what it does, how it is called, and what it runs. Each
// has a file of its own.
type command struct {
	name string
	// summary is its line in the list of commands; purpose says in sentences what
	// the command does and what it changes.
	summary, purpose string
	// argument names the one argument that the command takes, and choices lists
	// its values; empty where the command takes flags alone.
	argument string
	choices  []string
	// required lists the flags that must be given. "user|all-owed" asks for at
	// least one of the two.
	required []string
	// examples are commands that can be pasted.
	examples [2]string
	// failure says what exit code 1 means.
	failure string
	// flags declares the command's flags; nil where it has none.
	flags func(*pflag.FlagSet)
	// run does the work after the flags were read and checked.
	run func(ctx context.Context, s streams, argument string) error
}

// usageError is a wrong use of the tool: the command did not start.
type usageError struct {
	text string
	// command is the name of the command; empty for the tool itself.
	command string
}

func (e *usageError) Error() string { return e.text }

// Is makes every usageError match errUsage.
func (e *usageError) Is(target error) bool { return target == errUsage }

// hint says where the right use is described.
func (e *usageError) hint() string {
	return strings.TrimSpace("`bin/migratectl help "+e.command) + "` shows the right use"
}

// errUsage matches every usageError.
var errUsage = errors.New("usage")

// wrongUse is the error of a command that was called with values that do not fit
// each other.
func wrongUse(text string) error { return &usageError{text: text} }

// cobra makes the command known to cobra, which parses, completes and suggests.
func (c *command) cobra(ctx context.Context, s streams) *cobra.Command {
	use := c.name
	if c.argument != "" {
		use += " " + c.argument
	}
	made := &cobra.Command{
		Use: use, Short: c.summary, ValidArgs: c.choices,
		Args: func(_ *cobra.Command, args []string) error { return c.checkArguments(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.checkRequired(cmd.Flags()); err != nil {
				return err
			}
			err := c.run(ctx, s, strings.Join(args, ""))
			if wrong, ok := errors.AsType[*usageError](err); ok {
				wrong.command = c.name
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	if c.choices != nil {
		made.ValidArgsFunction = nil // cobra allows one of the two
	}
	if c.flags != nil {
		c.flags(made.Flags())
	}
	made.Flags().BoolP("help", "h", false, "print this help")
	made.Flags().SortFlags = false
	made.SetHelpFunc(func(cmd *cobra.Command, _ []string) { c.help(s.out, cmd.Flags()) })
	made.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &usageError{text: flagProblem(err), command: c.name}
	})
	return made
}

func (c *command) checkArguments(args []string) error {
	switch {
	case c.argument == "" && len(args) > 0:
		return &usageError{fmt.Sprintf("%s takes only flags; remove %q", c.name, strings.Join(args, " ")), c.name}
	case c.argument == "":
		return nil
	case len(args) != 1:
		return &usageError{fmt.Sprintf("%s takes one argument, %s, and got %d", c.name, c.argument, len(args)), c.name}
	case c.choices != nil && !slices.Contains(c.choices, args[0]):
		return &usageError{fmt.Sprintf("%s: %q is not known; expected %s", c.argument, args[0], strings.Join(c.choices, ", ")), c.name}
	default:
		return nil
	}
}

// checkRequired names every flag that is missing.
func (c *command) checkRequired(flags *pflag.FlagSet) error {
	var missing []string
	for _, required := range c.required {
		alternatives := strings.Split(required, "|")
		given := slices.ContainsFunc(alternatives, func(name string) bool {
			flag := flags.Lookup(name)
			return flag.Changed && flag.Value.String() != "" && flag.Value.String() != "false"
		})
		if !given {
			missing = append(missing, alternativesOf(flags, alternatives))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &usageError{"give " + strings.Join(missing, ", and "), c.name}
}

// alternativesOf shows flags with what they take, such as "--user NAME or --any".
func alternativesOf(flags *pflag.FlagSet, names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		takes, _ := pflag.UnquoteUsage(flags.Lookup(name))
		shown[i] = strings.TrimSpace("--" + name + " " + takes)
	}
	return strings.Join(shown, " or ")
}

// help prints what there is to know about the command.
func (c *command) help(to io.Writer, flags *pflag.FlagSet) {
	fmt.Fprintf(to, "%s\n\nUsage: migratectl %s\n", c.purpose, strings.TrimSpace(c.name+" "+c.argument)+" [flags]")
	fmt.Fprint(to, "\nRequired flags:\n")
	if len(c.required) == 0 {
		fmt.Fprint(to, "  none\n")
	}
	for _, required := range c.required {
		fmt.Fprintf(to, "  %s\n", alternativesOf(flags, strings.Split(required, "|")))
	}
	fmt.Fprintf(to, "\nFlags:\n%s", flags.FlagUsagesWrapped(helpWidth))
	fmt.Fprintf(to, "\nExamples:\n  %s\n  %s\n", indented(c.examples[0]), indented(c.examples[1]))
	fmt.Fprintf(to, "\nExit codes:\n  0  success\n  1  %s\n  2  the command was used wrongly\n", c.failure)
}

// indented moves the further lines of a command below its first one.
func indented(text string) string { return strings.ReplaceAll(text, "\n", "\n    ") }

// flagProblem says what is wrong with a flag, without its value where the flag is
// unknown: it may be a password.
func flagProblem(err error) string {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return "there is no flag " + dashed(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames())
	}
	if lacking, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		takes, _ := pflag.UnquoteUsage(lacking.GetFlag())
		return "--" + lacking.GetFlag().Name + " needs a value: " + takes
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return invalidValue(invalid)
	}
	if _, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return "a flag has no name; flags look like --name or --name=value"
	}
	return err.Error()
}

func dashed(name, shortnames string) string {
	if shortnames != "" {
		return "-" + shortnames[:1]
	}
	return "--" + name
}

// invalidValue shows the value and what the flag takes.
func invalidValue(invalid *pflag.InvalidValueError) string {
	flag := invalid.GetFlag()
	why := errors.Unwrap(invalid).Error()
	if flag.Value.Type() == "bool" {
		why = "expected true or false"
	}
	return fmt.Sprintf("--%s: %q is not valid; %s", flag.Name, invalid.GetValue(), why)
}

// withDoubleDashes turns -flag into --flag, which earlier versions took too. It
// leaves the values of flags alone.
func withDoubleDashes(args []string, flags *pflag.FlagSet) []string {
	normal := slices.Clone(args)
	for i := 0; i < len(normal) && normal[i] != "--"; i++ {
		if !strings.HasPrefix(normal[i], "-") {
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(normal[i], "-"), "=")
		if len(name) > 1 && !strings.HasPrefix(normal[i], "--") {
			normal[i] = "-" + normal[i]
		}
		if flag := flags.Lookup(name); flag != nil && !hasValue && flag.NoOptDefVal == "" {
			i++ // the next argument is this flag's value
		}
	}
	return normal
}
