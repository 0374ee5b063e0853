package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// The values of --trigger.
const (
	triggerSignIn         = "sign-in"
	triggerForgotPassword = "forgot-password"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	username, trigger, eventFile string
	fromStdin, asJSON            bool
}

// simulateCommand makes one attempt and shows it.
func simulateCommand() command {
	given := simulateFlags{trigger: triggerSignIn}
	return command{
		name:    "simulate",
		summary: "make one attempt and show the decision and the response",
		purpose: `Makes one attempt with the source that the environment names, as the function
would, and shows the event, the decision, the response and the audit record. No
user is migrated: only Cognito creates users.`,
		required: []string{"username|event"},
		examples: [2]string{
			"bin/migratectl simulate --username alice",
			"bin/migratectl simulate --username alice --trigger forgot-password --json",
		},
		failure: "the attempt failed, or the event was rejected",
		flags: func(flags *pflag.FlagSet) {
			flags.StringVar(&given.username, "username", "", "the `NAME` that the user types")
			flags.StringVar(&given.eventFile, "event", "", "a `FILE` with Cognito's event, instead of --username and --trigger")
			choiceVar(flags, &given.trigger, "trigger", "the `KIND` of attempt: sign-in or forgot-password", triggerSignIn, triggerForgotPassword)
			flags.BoolVar(&given.fromStdin, "password-stdin", false, "read the password from standard input instead of a prompt")
			flags.BoolVar(&given.asJSON, "json", false, "print one JSON object")
		},
		run: func(ctx context.Context, s streams, _ string) error { return simulate(ctx, given, s) },
	}
}

// simulate makes one attempt and shows all there is to see of it.
func simulate(ctx context.Context, given simulateFlags, s streams) error {
	event, err := simulatedEvent(given)
	if err != nil {
		return err
	}
	asks := lambdatrigger.NeedsPassword(event)
	if asks && !given.fromStdin {
		if err := checkTerminal(s); err != nil {
			return err
		}
	}
	function, err := trial.New(ctx, binary(), s.environ, s.err)
	if err != nil {
		return err
	}
	defer func() { _ = function.Stop(ctx) }() // the process ends here anyway
	if asks {
		password, err := readPassword(s, given.fromStdin)
		if err != nil {
			return err
		}
		if event, err = lambdatrigger.WithPassword(event, password); err != nil {
			return err
		}
	}
	result := function.Attempt(ctx, event)
	if given.asJSON {
		err = trial.WriteJSON(s.out, result)
	} else {
		err = writeText(s.out, result)
	}
	if err == nil && result.Decision == nil {
		return errors.New("the event was rejected")
	}
	if err == nil && result.Decision.Verdict == "fail" {
		return fmt.Errorf("the attempt failed: %s", result.Decision.Reason)
	}
	return err
}

func simulatedEvent(given simulateFlags) ([]byte, error) {
	switch {
	case given.eventFile != "" && given.username != "":
		return nil, wrongUse("give --event or --username, not both")
	case given.eventFile != "":
		return os.ReadFile(given.eventFile)
	case given.trigger == triggerForgotPassword:
		return lambdatrigger.NewEvent(domain.TriggerForgotPassword, given.username, nil)
	default:
		return lambdatrigger.NewEvent(domain.TriggerAuthentication, given.username, nil)
	}
}

// readPassword asks for the password without showing it, or reads the first
// line of standard input.
func readPassword(s streams, fromStdin bool) (string, error) {
	if fromStdin {
		text, err := io.ReadAll(io.LimitReader(s.in, 1<<16))
		if err != nil {
			return "", fmt.Errorf("standard input: %w", err)
		}
		line, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSuffix(line, "\r"), nil
	}
	if err := checkTerminal(s); err != nil {
		return "", err
	}
	fmt.Fprint(s.err, "Password: ")
	password, err := term.ReadPassword(int(s.in.Fd()))
	fmt.Fprintln(s.err)
	return string(password), err
}

// checkTerminal returns an error if there is no terminal for the password prompt.
func checkTerminal(s streams) error {
	if !term.IsTerminal(int(s.in.Fd())) {
		return wrongUse("standard input is not a terminal, so the password cannot be asked for; use --password-stdin")
	}
	return nil
}

func writeText(to io.Writer, result trial.Outcome) error {
	var text bytes.Buffer
	section(&text, "Event", result.Event)
	switch {
	case result.Decision != nil:
		fmt.Fprintf(&text, "Decision\n  %s: %s\n", result.Decision.Verdict, result.Decision.Reason)
		if omitted := result.Decision.OmittedAttributes; len(omitted) > 0 {
			fmt.Fprintf(&text, "  not valid in the destination: %s\n", strings.Join(omitted, ", "))
		}
		text.WriteString("\n")
	default:
		text.WriteString("Decision\n  none: the event was rejected\n\n")
	}
	if result.Error != nil {
		fmt.Fprintf(&text, "Error to Cognito\n  %s (%s)\n\n", result.Error.Message, result.Error.Type)
	} else {
		section(&text, "Response to Cognito", result.Response)
	}
	if result.Audit != nil {
		section(&text, "Audit record", result.Audit)
	}
	_, err := to.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return err
}

func section(to *bytes.Buffer, title string, value json.RawMessage) {
	to.WriteString(title + "\n  ")
	if json.Indent(to, bytes.TrimSpace(value), "  ", "  ") != nil {
		to.WriteString("none")
	}
	to.WriteString("\n\n")
}
