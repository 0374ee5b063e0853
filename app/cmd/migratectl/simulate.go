package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"

	"golang.org/x/term"
)

// simulate makes one attempt and shows all there is to see of it.
func simulate(ctx context.Context, args []string, s streams) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	var (
		username  = flags.String("username", "", "the `name` that the user types")
		trigger   = flags.String("trigger", "sign-in", "`sign-in or forgot-password`")
		eventFile = flags.String("event", "", "a `file` with Cognito's event, instead of --username and --trigger")
		fromStdin = flags.Bool("password-stdin", false, "read the password from standard input instead of a prompt")
		asJSON    = flags.Bool("json", false, "print one JSON object")
	)
	if err := parse(flags, args, s); err != nil {
		return err
	}
	event, err := simulatedEvent(*eventFile, *username, *trigger)
	if err != nil {
		return err
	}
	function, err := trial.New(ctx, binary(), s.environ, s.err)
	if err != nil {
		return err
	}
	defer func() { _ = function.Stop(ctx) }() // the process ends here anyway
	if lambdatrigger.NeedsPassword(event) {
		password, err := readPassword(s, *fromStdin)
		if err != nil {
			return err
		}
		if event, err = lambdatrigger.WithPassword(event, password); err != nil {
			return err
		}
	}
	result := function.Attempt(ctx, event)
	if *asJSON {
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

func simulatedEvent(file, username, trigger string) ([]byte, error) {
	switch {
	case file != "" && username != "":
		return nil, errors.New("give --event or --username, not both")
	case file != "":
		return os.ReadFile(file)
	case username == "":
		return nil, errors.New("give --username NAME or --event FILE")
	case trigger == "sign-in":
		return lambdatrigger.NewEvent(domain.TriggerAuthentication, username, nil)
	case trigger == "forgot-password":
		return lambdatrigger.NewEvent(domain.TriggerForgotPassword, username, nil)
	default:
		return nil, errors.New("--trigger takes sign-in or forgot-password")
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
	if !term.IsTerminal(int(s.in.Fd())) {
		return "", errors.New("standard input is not a terminal, so the password cannot be asked for; use --password-stdin")
	}
	fmt.Fprint(s.err, "Password: ")
	password, err := term.ReadPassword(int(s.in.Fd()))
	fmt.Fprintln(s.err)
	return string(password), err
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
