package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/test/process"
)

// keysOf are the variables of an operator with keys, who asks this endpoint.
func keysOf(endpoint string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=example",
		"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "NO_PROXY=127.0.0.1",
	}
}

// TestAnUnresponsiveNetwork: every command that asks AWS ends, with what was found
// out, and does not blame the profile.
func TestAnUnresponsiveNetwork(t *testing.T) {
	t.Parallel()
	environ := keysOf("http://" + process.SilentAddress(t))
	source := append([]string{"SOURCE_USER_POOL_ID=us-east-1_source", "SOURCE_CLIENT_ID=client"}, environ...)
	for name, row := range map[string]struct {
		environ []string
		args    []string
		want    string
	}{
		"doctor with variables":   {source, []string{"doctor", "--destination-pool", "us-east-1_abc", "--function", "f"}, "fail  destination pool"},
		"doctor with a function":  {environ, []string{"doctor", "--destination-pool", "us-east-1_abc", "--function", "f"}, "fail  configuration"},
		"doctor without anything": {environ, []string{"doctor", "--destination-region", "us-east-1"}, "fail  identity"},
		"attach":                  {environ, []string{"attach", "--destination-pool", "us-east-1_abc", "--function", "f"}, ""},
		"init":                    {environ, []string{"init", "--source-pool", "us-east-1_abc", "--destination-pool", "us-east-1_def", "--out", "/nonexistent"}, ""},
		"detach":                  {environ, []string{"detach", "--destination-pool", "us-east-1_abc", "--function", "f"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := execute(t, row.environ, append(row.args, "--timeout", "1s")...)
			if got.code != exitFailed || !strings.Contains(got.out, row.want) {
				t.Errorf("code %d\n%s%s", got.code, got.out, got.errors)
			}
			if said := got.out + got.errors; !strings.Contains(said, "no answer") || !strings.Contains(said, "check the network") || strings.Contains(said, "AWS_PROFILE") {
				t.Errorf("it does not blame the network:\n%s", said)
			}
		})
	}
}

// TestAReportOnAnUnresponsiveNetworkEnds: a report may take hours, so it has no
// timeout as a whole. Each of its requests has one.
func TestAReportOnAnUnresponsiveNetworkEnds(t *testing.T) {
	t.Parallel()
	environ := append([]string{"SOURCE_USER_POOL_ID=us-east-1_source", "SOURCE_CLIENT_ID=client"}, keysOf("http://"+process.SilentAddress(t))...)
	got := execute(t, environ, "report", "--destination-pool", "us-east-1_abc", "--state", filepath.Join(t.TempDir(), "state"))
	if got.code != exitFailed || !strings.Contains(got.errors, "no answer") || !strings.Contains(got.errors, "check the network") {
		t.Errorf("code %d\n%s%s", got.code, got.out, got.errors)
	}
}

// TestErrorsOfTheSDKSayWhatToDo: nobody reads of metadata services and middleware.
func TestErrorsOfTheSDKSayWhatToDo(t *testing.T) {
	t.Parallel()
	closed := "http://" + process.ClosedAddress(t)
	folder := t.TempDir()
	expired := filepath.Join(folder, "expired")
	if err := os.WriteFile(expired, []byte("[profile work]\nsso_session = work\nsso_account_id = 111111111111\nsso_role_name = admin\n[sso-session work]\nsso_region = us-east-1\nsso_start_url = https://example.com/start\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent"}
	pool := append([]string{"SOURCE_USER_POOL_ID=us-east-1_source", "SOURCE_CLIENT_ID=client"}, files...)
	report := []string{"report", "--destination-pool", "us-east-1_abc", "--state", filepath.Join(folder, "state")}
	for name, row := range map[string]struct {
		environ []string
		args    []string
		want    []string
	}{
		"no credentials": {files, nil, []string{"no AWS credentials were found", "AWS_PROFILE"}},
		"no credentials for the function's variables": {files, []string{"doctor", "--function", "f", "--destination-region", "us-east-1"},
			[]string{"        GetFunctionConfiguration: no AWS credentials were found\n      -> set AWS_PROFILE"}},
		"an unknown profile": {append([]string{"AWS_PROFILE=nonesuch"}, files...), nil, []string{"there is no AWS profile of this name", "aws configure list-profiles"}},
		"an unknown profile of the source": {append(keysOf(closed), "SOURCE_KIND=file", "SOURCE_PATH=/none"), []string{"doctor", "--source-aws-profile", "nonesuch"},
			[]string{"--source-aws-profile", "there is no AWS profile of this name"}},
		"an expired session":              {[]string{"AWS_PROFILE=work", "HOME=" + folder, "AWS_CONFIG_FILE=" + expired, "AWS_SHARED_CREDENTIALS_FILE=/nonexistent"}, nil, []string{"have expired", "aws sso login"}},
		"no credentials for a report":     {pool, report, []string{"no AWS credentials were found", "set AWS_PROFILE"}},
		"an unknown profile for a report": {append([]string{"AWS_PROFILE=nonesuch"}, pool...), report, []string{"AWS_PROFILE: there is no AWS profile of this name", "aws configure list-profiles"}},
		"no credentials to complete": {append([]string{"COMPLETION_AFTER=disable", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", "COMPLETION_HMAC_KEY=" + strings.Repeat("k", 32)}, pool...),
			[]string{"complete", "--user", "a", "--destination-pool", "us-east-1_abc"}, []string{"no AWS credentials were found", "set AWS_PROFILE"}},
		"nobody at the endpoint": {append(keysOf(closed), "AWS_MAX_ATTEMPTS=1"), nil, []string{"AWS cannot be reached", "AWS_ENDPOINT_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := row.args
			if args == nil {
				args = []string{"detach", "--destination-pool", "us-east-1_abc", "--function", "f"}
			}
			began := time.Now()
			got := execute(t, row.environ, args...)
			for _, want := range row.want {
				if got.code != exitFailed || !strings.Contains(got.out+got.errors, want) {
					t.Errorf("code %d after %s, and no %q in\n%s%s", got.code, time.Since(began), want, got.out, got.errors)
				}
			}
			for _, unwanted := range []string{"IMDS", "operation error", "https response error"} {
				if strings.Contains(got.errors, unwanted) {
					t.Errorf("%q in %s", unwanted, got.errors)
				}
			}
		})
	}
}
