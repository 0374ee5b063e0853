package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"cognito-user-migration/domain"
)

// demoPeople are the people of the demonstration; their passwords are below.
//
//go:embed people.json
var demoPeople []byte

// demoAttempt is one attempt of the demonstration.
type demoAttempt struct {
	what     string
	trigger  domain.Trigger
	username string
	password string
}

func demoAttempts() []demoAttempt {
	const signIn, forgot = domain.TriggerAuthentication, domain.TriggerForgotPassword
	return []demoAttempt{
		{"sign-in", signIn, "alice", "Pass-word-1!"},
		{"sign-in by email", signIn, "alice@example.com", "Pass-word-1!"},
		{"wrong password", signIn, "alice", "not-her-password"},
		{"unknown user", signIn, "mallory", "Pass-word-1!"},
		{"disabled user", signIn, "bob", "Pass-word-2!"},
		{"temporary password", signIn, "carol", "Temporary-1!"},
		{"forgot password", forgot, "alice", ""},
		{"forgot password, nowhere to send a code", forgot, "dave", ""},
	}
}

// demo makes a few attempts against a file of people, through the composition
// that runs in Lambda, and shows what Cognito would be told.
func demo(ctx context.Context, args []string, s streams) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print one JSON array")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "migratectl-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "people.json")
	if err := os.WriteFile(path, demoPeople, 0o600); err != nil {
		return err
	}
	second := new(secondHalf)
	environ := append([]string{"SOURCE_KIND=file", "SOURCE_PATH=" + path}, second.settings()...)
	function, err := newWholeFunction(ctx, environ, io.Discard, second.queue())
	if err != nil {
		return err
	}
	defer func() { _ = function.stop(ctx) }()
	var results []outcome
	for _, attempt := range demoAttempts() {
		var password *string
		if attempt.trigger == domain.TriggerAuthentication {
			password = &attempt.password
		}
		event, err := newEvent(attempt.trigger, attempt.username, password)
		if err != nil {
			return err
		}
		results = append(results, function.attempt(ctx, event))
	}
	if *asJSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(results)
	}
	if err := writeDemo(s.out, results); err != nil {
		return err
	}
	if err := second.show(ctx, environ, results[0], s.out); err != nil {
		return err
	}
	fmt.Fprint(s.out, "\nThe first response in full:\n\n")
	return writeJSON(s.out, outcome{Event: results[0].Event, Decision: results[0].Decision, Response: results[0].Response, Audit: results[0].Audit})
}

func writeDemo(to io.Writer, results []outcome) error {
	fmt.Fprint(to, "A file of people stands in for the old directory; Cognito would be told:\n\n")
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ATTEMPT\tUSERNAME\tDECISION\tREASON\tUSER THAT COGNITO CREATES")
	for i, attempt := range demoAttempts() {
		result := results[i]
		created, err := createdUser(result.Response)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", attempt.what, attempt.username, result.Decision.Verdict, result.Decision.Reason, created)
	}
	return table.Flush()
}

// createdUser says in a few words what a response makes Cognito create.
func createdUser(response json.RawMessage) (string, error) {
	if response == nil {
		return "none", nil // the attempt failed
	}
	var read struct {
		UserAttributes  map[string]string `json:"userAttributes"`
		FinalUserStatus string            `json:"finalUserStatus"`
	}
	if err := json.Unmarshal(response, &read); err != nil {
		return "", err
	}
	if read.UserAttributes == nil {
		return "none", nil
	}
	words := []string{read.UserAttributes["username"]}
	if read.FinalUserStatus != "" {
		words = append(words, read.FinalUserStatus)
	}
	words = append(words, fmt.Sprintf("%d attributes", len(read.UserAttributes)-1))
	return strings.Join(words, ", "), nil
}
