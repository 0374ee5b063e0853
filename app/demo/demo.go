// Package demo is the demonstration: a few attempts with sample users in a
// file, in the same composition as in Lambda. It lists only the file source, so
// it compiles quickly.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"
)

// sampleUsers are the sample users; their passwords are below.
//
//go:embed people.json
var sampleUsers []byte

// SampleUsers returns the file of sample users.
func SampleUsers() []byte { return bytes.Clone(sampleUsers) }

// attempt is one attempt of the demonstration.
type attempt struct {
	what     string
	trigger  domain.Trigger
	username string
	password string
}

func attempts() []attempt {
	const signIn, forgot = domain.TriggerAuthentication, domain.TriggerForgotPassword
	return []attempt{
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

// Run makes the attempts and shows the responses to Cognito.
func Run(ctx context.Context, out io.Writer, asJSON bool) error {
	folder, err := os.MkdirTemp("", "migratectl-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "people.json")
	if err := os.WriteFile(path, sampleUsers, 0o600); err != nil {
		return err
	}
	second := new(secondHalf)
	environ := append([]string{"SOURCE_KIND=file", "SOURCE_PATH=" + path}, second.settings()...)
	binary := app.Parts{Sources: []parts.SourceKind{filesource.Kind()}, Completion: second.part()}
	function, err := trial.NewWhole(ctx, binary, environ, io.Discard)
	if err != nil {
		return err
	}
	defer func() { _ = function.Stop(ctx) }()
	var results []trial.Outcome
	for _, attempt := range attempts() {
		var password *string
		if attempt.trigger == domain.TriggerAuthentication {
			password = &attempt.password
		}
		event, err := lambdatrigger.NewEvent(attempt.trigger, attempt.username, password)
		if err != nil {
			return err
		}
		results = append(results, function.Attempt(ctx, event))
	}
	if asJSON {
		return trial.WriteJSON(out, results)
	}
	if err := writeDemo(out, results); err != nil {
		return err
	}
	if err := second.show(ctx, binary, environ, results[0], out); err != nil {
		return err
	}
	fmt.Fprint(out, "\nThe first response in full:\n\n")
	return trial.WriteJSON(out, trial.Outcome{Event: results[0].Event, Decision: results[0].Decision, Response: results[0].Response, Audit: results[0].Audit})
}

func writeDemo(to io.Writer, results []trial.Outcome) error {
	fmt.Fprint(to, "The sample users are in a file, which is the source here. Cognito would get these responses:\n\n")
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ATTEMPT\tUSERNAME\tDECISION\tREASON\tUSER THAT COGNITO CREATES")
	for i, attempt := range attempts() {
		result := results[i]
		created, err := createdUser(result.Response)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", attempt.what, attempt.username, result.Decision.Verdict, result.Decision.Reason, created)
	}
	return table.Flush()
}

// createdUser summarizes the user that a response makes Cognito create.
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
