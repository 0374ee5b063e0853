package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// serving runs the built tool's serve over a file of one person, and returns the
// address that it listens on.
func serving(t *testing.T, p *person) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), tool.get(t).path, "serve", "--addr", "127.0.0.1:0")
	command.Env = []string{"MIGRATE_REFUSAL=explain"}
	for name, value := range fileOf(t, p) {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, after, found := strings.Cut(lines.Text(), " on http://"); found {
			address, _, _ := strings.Cut(after, ";")
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return address
		}
	}
	t.Fatal("it says no address")
	return ""
}

// TestServeIsForProgramsOfThisMachine sends requests as a browser would, byte by
// byte, and invokes the function as the AWS SDK and the AWS CLI do.
func TestServeIsForProgramsOfThisMachine(t *testing.T) {
	t.Parallel()
	p := newPerson()
	address := serving(t, &p)
	_, port, _ := net.SplitHostPort(address)
	event := signIn(p.username, p.password)
	post := func(t *testing.T, host, header string) (int, string) {
		t.Helper()
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = fmt.Fprintf(conn, "POST /2015-03-31/functions/user-migration/invocations HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n%s",
			host, header, len(event), event)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	for _, host := range []string{"localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port, "127.1.2.3:" + port} {
		if status, body := post(t, host, ""); status != http.StatusOK || !strings.Contains(body, "CONFIRMED") {
			t.Errorf("%s: %d, %s", host, status, body)
		}
	}
	for name, sent := range map[string][2]string{
		"a rebound name":                 {"rebinding.example:" + port, ""},
		"a rebound name, its own origin": {"rebinding.example:" + port, "Origin: http://rebinding.example:" + port + "\r\n"},
		"every address":                  {"0.0.0.0:" + port, ""},
		"a name below localhost":         {"evil.localhost:" + port, ""},
		"a page's origin":                {"localhost:" + port, "Origin: https://evil.example\r\n"},
		"an opaque origin":               {"127.0.0.1:" + port, "Origin: null\r\n"},
		"another site":                   {"localhost:" + port, "Sec-Fetch-Site: cross-site\r\n"},
		"in lower case":                  {"localhost:" + port, "sec-fetch-site: same-site\r\n"},
	} {
		if status, body := post(t, sent[0], sent[1]); status != http.StatusForbidden || strings.Contains(body, "CONFIRMED") || strings.Contains(body, p.username) {
			t.Errorf("%s: %d, %s", name, status, body)
		}
	}

	client := lambda.New(lambda.Options{
		Region: peers.Region, BaseEndpoint: aws.String("http://" + address),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	answer, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("user-migration"), Payload: []byte(event)})
	if err != nil || answer.FunctionError != nil || !strings.Contains(string(answer.Payload), "CONFIRMED") {
		t.Errorf("by the SDK: %v, %v", answer, err)
	}

	peers.Require(t, peers.AWSCLI)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	folder := t.TempDir()
	payload, out := filepath.Join(folder, "event.json"), filepath.Join(folder, "answer.json")
	if err := os.WriteFile(payload, []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	invoke := exec.CommandContext(ctx, "aws", "lambda", "invoke", "--function-name", "user-migration",
		"--endpoint-url", "http://"+address, "--payload", "fileb://"+payload, out)
	invoke.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_REGION=" + peers.Region, "AWS_DEFAULT_REGION=" + peers.Region, "AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
	}
	if output, err := invoke.CombinedOutput(); err != nil {
		t.Fatalf("by the CLI: %v\n%s", err, output)
	}
	if answered, err := os.ReadFile(out); err != nil || !strings.Contains(string(answered), "CONFIRMED") {
		t.Errorf("by the CLI: %s, %v", answered, err)
	}
}
