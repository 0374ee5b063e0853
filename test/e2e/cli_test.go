package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// cli is the AWS CLI with one account's credentials, pointed at one endpoint.
type cli struct {
	t        *testing.T
	as       aws.Credentials
	endpoint string
}

// run calls "aws cognito-idp" and returns what it prints. The error code is
// Cognito's, where the call fails with one.
func (c cli) run(arguments ...string) (output []byte, errorCode string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "aws", append([]string{"cognito-idp", "--endpoint-url", c.endpoint, "--output", "json"}, arguments...)...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"AWS_ACCESS_KEY_ID=" + c.as.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.as.SecretAccessKey,
		"AWS_REGION=" + peers.Region, "AWS_DEFAULT_REGION=" + peers.Region,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=",
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		_, rest, found := strings.Cut(stderr.String(), "An error occurred (")
		code, _, _ := strings.Cut(rest, ")")
		if !found || ctx.Err() != nil {
			c.t.Fatalf("aws %s: %v\n%s", strings.Join(arguments, " "), err, stderr.String())
		}
		return stdout.Bytes(), code
	}
	return stdout.Bytes(), ""
}

// must calls "aws cognito-idp", which must not fail, and reads what it prints.
func (c cli) must(arguments ...string) map[string]any {
	c.t.Helper()
	output, code := c.run(arguments...)
	if code != "" {
		c.t.Fatalf("aws %s: %s", strings.Join(arguments, " "), code)
	}
	if len(output) == 0 {
		return nil
	}
	return fieldsOf(c.t, output)
}

// mustFail calls "aws cognito-idp", which must fail with the code.
func (c cli) mustFail(want string, arguments ...string) {
	c.t.Helper()
	if output, code := c.run(arguments...); code != want {
		c.t.Errorf("aws %s: error %q, want %q\n%s", strings.Join(arguments, " "), code, want, output)
	}
}

// destination is a user pool in cognito-local that asks a function for whom it
// does not know, and the CLI of somebody who administers it.
type destination struct {
	cli
	pool peers.Pool
}

// newDestination makes a user pool in front of the function.
func newDestination(t *testing.T, f *function) destination {
	t.Helper()
	server := cognitoLocal.get(t)
	pool, err := server.NewPool(t.Context(), f.Handler())
	if err != nil {
		t.Fatal(err)
	}
	return destination{cli: cli{t: t, as: peers.Anyone, endpoint: server.URL}, pool: pool}
}

// signIn is how the article signs somebody in.
func (d destination) signIn(username, password string) []string {
	return []string{
		"admin-initiate-auth", "--user-pool-id", d.pool.ID, "--client-id", d.pool.ClientID,
		"--auth-flow", "ADMIN_USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=" + username + ",PASSWORD=" + password,
	}
}

// getUser is how the article looks somebody up.
func (d destination) getUser(username string) []string {
	return []string{"admin-get-user", "--user-pool-id", d.pool.ID, "--username", username}
}

// turnsAway signs somebody in who must not get in, and must not be created.
func (d destination) turnsAway(username, password string) {
	d.t.Helper()
	// Cognito-local hides a function's error behind this one.
	d.mustFail("NotAuthorizedException", d.signIn(username, password)...)
	d.mustFail("UserNotFoundException", d.getUser(username)...)
}

// attributesOf reads the attributes that admin-get-user prints.
func attributesOf(user map[string]any) map[string]string {
	attributes := make(map[string]string)
	list, _ := user["UserAttributes"].([]any)
	for _, item := range list {
		pair, _ := item.(map[string]any)
		name, _ := pair["Name"].(string)
		attributes[name], _ = pair["Value"].(string)
	}
	return attributes
}

// requirePeers skips the test unless everything for a move from pool to pool by
// the CLI is there.
func requirePeers(t *testing.T) {
	t.Helper()
	peers.Require(t, peers.MotoServer, peers.CognitoLocalServer, peers.AWSCLI)
}
