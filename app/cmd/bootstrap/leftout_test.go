package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// useOf is a use of what a build tag leaves out, and the tag.
type useOf struct {
	tag     string
	command string
	environ []string
	// says is what the start ends with in a binary built with the tag.
	says string
}

// uses has one row at least for each build tag that there is.
func uses() []useOf {
	pool := []string{"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789"}
	completion := slices.Concat(pool, []string{"COMPLETION_AFTER=disable", "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/completion"})
	database := []string{"SOURCE_KIND=sql", "SOURCE_URL=db.example:1/people", "SOURCE_QUERY=SELECT username FROM people WHERE username = :username"}
	return []useOf{
		{"nofile", "migrate", []string{"SOURCE_KIND=file", "SOURCE_PATH=people.json"},
			"SOURCE_KIND: this binary was built without file (build tag nofile); takes one of: cognito"},
		{"nohttp", "migrate", []string{"SOURCE_KIND=http", "SOURCE_URL=https://people.example"},
			"SOURCE_KIND: this binary was built without http (build tag nohttp); takes one of: cognito"},
		{"noldap", "migrate", []string{"SOURCE_KIND=ldap", "SOURCE_URL=ldaps://people.example"},
			"SOURCE_KIND: this binary was built without ldap (build tag noldap); takes one of: cognito"},
		{"nooidc", "migrate", []string{"SOURCE_KIND=oidc", "SOURCE_ISSUER=https://people.example"},
			"SOURCE_KIND: this binary was built without oidc (build tag nooidc); takes one of: cognito"},
		{"nosql", "migrate", database,
			"SOURCE_KIND: this binary was built without sql (build tag nosql); takes one of: cognito"},
		{"nopostgres", "migrate", slices.Concat(database, []string{"SOURCE_DRIVER=postgres"}),
			"SOURCE_DRIVER: this binary was built without postgres (build tag nopostgres)"},
		{"nomysql", "migrate", slices.Concat(database, []string{"SOURCE_DRIVER=mysql"}),
			"SOURCE_DRIVER: this binary was built without mysql (build tag nomysql)"},
		{"noprofiles", "migrate", slices.Concat(pool, []string{"AWS_ACCESS_KEY_ID=", "AWS_PROFILE=source"}),
			"or AWS_CONTAINER_CREDENTIALS_FULL_URI; this binary was built without profiles, SSO and instance metadata (build tag noprofiles)"},
		{"nosecrets", "migrate", []string{"AUDIT_HMAC_KEY=ssm:/migration/key"},
			"AUDIT_HMAC_KEY: the reference could not be resolved: this binary was built without references to secrets (build tag nosecrets)"},
		{"noeventbridge", "migrate", []string{"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789", "AUDIT_SINKS=log,eventbridge"},
			"AUDIT_SINKS: this binary was built without eventbridge (build tag noeventbridge)"},
		{"nofirehose", "migrate", []string{"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789", "AUDIT_SINKS=firehose", "AUDIT_FIREHOSE_STREAM=audit"},
			"AUDIT_SINKS: this binary was built without firehose (build tag nofirehose)"},
		{"nocompletion", "migrate", completion,
			"COMPLETION_AFTER, COMPLETION_GROUPS: this binary was built without completion (build tag nocompletion)"},
		{"nolockout", "migrate", []string{
			"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789",
			"LOCKOUT_TABLE=user-migration-lockout", "AUDIT_HMAC_KEY=a key of thirty-two characters, or more",
		}, "LOCKOUT_TABLE: this binary was built without the lockout table (build tag nolockout)"},
		{"nocompletion", "complete", completion,
			"command complete: this binary was built without completion (build tag nocompletion)"},
	}
}

// buildTags lists the tags that leave an adapter out, as the sources have them.
func buildTags(t *testing.T) []string {
	t.Helper()
	constraint := regexp.MustCompile(`(?m)^//go:build !(no[a-z]+)$`)
	found := make(map[string]bool)
	for _, root := range []string{"../..", "../../../adapters"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "node_modules":
				return filepath.SkipDir
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			text, err := os.ReadFile(path)
			if tag := constraint.FindSubmatch(text); tag != nil {
				found[string(tag[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// built builds the program with these tags.
func built(t *testing.T, tags ...string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", strings.Join(append(tags, "lambda.norpc"), ","), "-ldflags=-s -w", "-o", binary, ".")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}

// endOf starts the program, which is to end by itself, and gives what it says.
func (u useOf) endOf(t *testing.T, binary string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, u.command)
	// Nothing listens there, so that a start without a fault ends too.
	command.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=127.0.0.1:9", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_ENDPOINT_URL=http://127.0.0.1:9",
	}, u.environ...)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if ended, ok := errors.AsType[*exec.ExitError](command.Run()); !ok || ended.ExitCode() != 1 {
		t.Errorf("it ended with %v", ended)
	}
	return said.String()
}

// What a build tag leaves out is missed by name, where a setting asks for it.
func TestWhatWasLeftOutIsSaidAtStart(t *testing.T) {
	t.Parallel()
	tags := buildTags(t)
	if len(tags) < 9 {
		t.Fatalf("the tags of the sources are %q", tags)
	}
	whole, least := built(t), built(t, tags...)
	// The drivers are asked for by the SQL source alone.
	drivers := built(t, "nopostgres", "nomysql")
	for _, use := range uses() {
		binary := least
		if use.tag == "nopostgres" || use.tag == "nomysql" {
			binary = drivers
		}
		if said := use.endOf(t, binary); !strings.Contains(said, use.says) {
			t.Errorf("%s, command %s: it said %q, not %q", use.tag, use.command, said, use.says)
		}
		if said := use.endOf(t, whole); strings.Contains(said, "was built without") {
			t.Errorf("%s, command %s: with everything built in it said %q", use.tag, use.command, said)
		}
	}
	for _, tag := range tags {
		if !slices.ContainsFunc(uses(), func(use useOf) bool { return use.tag == tag }) {
			t.Errorf("the build tag %s leaves something out, and no row here says what its use ends with", tag)
		}
	}
}
